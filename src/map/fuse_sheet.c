/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of the noise when all views have been averaged scatters a surface over several
 * cubes. Each point therefore looks at the points of the same surface around it: within a radius
 * across, and along its normal as far as both errors allow, so that two surfaces closer together
 * than that stay two only if they are known well enough. Moving along the normal alone keeps the
 * density. An order-0 moving least squares: Alexa et al., "Point set surfaces", VIS 2001; the gate
 * on errors is that of a bilateral filter.
 *
 * Places far from all cameras have fewer points, so the radius grows with the cells that saw them.
 */
#include "fuse_sheet.h"

#include "fuse_cells.h"
#include "fuse_workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RADIUS      3.f /* in cubes, or cells where these are larger */
#define LEVELS      3   /* radii: this, and each LEVEL_STEP times the one before */
#define LEVEL_STEP  3.f
#define GATE        3.f  /* standard deviations that belong to one surface */
#define SAME_SIDE   0.3f /* least cosine between normals of one surface */
#define FEWEST      5    /* points around one that is no loner */
#define LOOP_POINTS 1024 /* at a time */
#define LOOP_CUBES  64
#define STAYS       255 /* a level: no radius is large enough to judge */

typedef struct sheet {
    fuse_voxels *cloud;
    const fuse_views *views;
    const fuse_view **anchor; /* by position in ids */
    float radius[LEVELS];
    fuse_cells cells[LEVELS];
    uint8_t *level;    /* of each point */
    int now;           /* the level whose points move */
    float (*moved)[6]; /* new place and normal */
    uint8_t *loner;
} sheet;

static int by_id(const void *a, const void *b)
{
    uint32_t x = (*(const fuse_view *const *)a)->id, y = (*(const fuse_view *const *)b)->id;

    return (x > y) - (x < y);
}

static const fuse_view *anchor_of(const sheet *s, uint32_t id)
{
    size_t low = 0, high = s->views->count - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (s->anchor[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return s->anchor[low];
}

static void choose_level(void *user, size_t part)
{
    sheet *s = user;
    size_t end = (part + 1) * LOOP_POINTS;

    for (size_t i = part * LOOP_POINTS; i < end && i < s->cloud->count; i++) {
        const omma_cloud_point *p = &s->cloud->points[i];
        float spacing = fuse_view_footprint(anchor_of(s, p->keyframe), p->world);
        int level = 0;

        while (level < LEVELS && s->radius[level] < RADIUS * spacing)
            level++;
        s->level[i] = (uint8_t)(level < LEVELS ? level : STAYS);
    }
}

static void each_part(const sheet *s, unsigned threads, void (*run)(void *user, size_t part))
{
    fuse_workers_run(threads, (s->cloud->count + LOOP_POINTS - 1) / LOOP_POINTS, run, (void *)s);
}

static void sheet_finish(sheet *s)
{
    for (int l = 0; l < LEVELS; l++)
        fuse_cells_finish(&s->cells[l]);
    free(s->anchor);
    free(s->level);
    free(s->moved);
    free(s->loner);
}

static omma_error sheet_init(sheet *s, fuse_voxels *cloud, const fuse_views *views,
                             unsigned threads)
{
    omma_error err = OMMA_OK;

    *s = (sheet){.cloud = cloud, .views = views};
    s->anchor = omma_new_array(const fuse_view *, views->count + 1);
    for (size_t i = 0; i < views->count; i++)
        s->anchor[i] = &views->views[i];
    qsort(s->anchor, views->count, sizeof *s->anchor, by_id);
    s->level = malloc(cloud->count + 1);
    if (!s->level)
        err = omma_fail(OMMA_NO_MEMORY, "no memory for %zu points", cloud->count);
    for (int l = 0; l < LEVELS && !err; l++) {
        s->radius[l] = l ? LEVEL_STEP * s->radius[l - 1] : RADIUS * (float)cloud->edge;
        err = fuse_cells_init(&s->cells[l], cloud->points, cloud->count, s->radius[l]);
    }
    if (err)
        sheet_finish(s);
    else
        each_part(s, threads, choose_level);
    return err;
}

/* ----------------------------------------------------------------------------- flatten */

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* What decides and counts of the points in the cubes around, side by side. */
typedef struct crowd {
    float (*point)[8]; /* place, normal, error squared, and 1 / that */
    size_t count, capacity;
} crowd;

static void crowd_add(crowd *c, const omma_cloud_point *p)
{
    omma_grow((void **)&c->point, &c->capacity, c->count + 1, sizeof *c->point);
    float *to = c->point[c->count++];

    memcpy(to, p->world, sizeof p->world);
    memcpy(to + 3, p->normal, sizeof p->normal);
    to[6] = p->error * p->error;
    to[7] = 1 / to[6];
}

static void crowd_gather(crowd *c, const sheet *s, const fuse_cells *cells, uint64_t key)
{
    uint32_t runs[27][2];

    c->count = 0;
    for (int n = 0, end = fuse_cells_around(cells, key, runs); n < end; n++)
        for (uint32_t k = runs[n][0]; k < runs[n][1]; k++)
            crowd_add(c, &s->cloud->points[cells->order[k]]);
}

/* The weighted mean way to the points around, and their mean normal. */
static void move_point(const sheet *s, size_t i, const crowd *c, float radius)
{
    const omma_cloud_point *p = &s->cloud->points[i];
    const float edge = 0.5f * (float)s->cloud->edge, own = p->error * p->error;
    const float across_most = radius * radius, free = edge * edge + GATE * GATE * own;
    float *to = s->moved[i], step[3] = {0}, normal[3] = {0}, sum = 0;

    for (size_t k = 0; k < c->count; k++) {
        const float *q = c->point[k];
        float way[3] = {q[0] - p->world[0], q[1] - p->world[1], q[2] - p->world[2]};
        float height = dot(way, p->normal), across = dot(way, way) - height * height;

        if (across >= across_most || height * height > free + GATE * GATE * q[6] ||
            dot(p->normal, q + 3) < SAME_SIDE)
            continue;
        float near = 1 - across / across_most, weight = near * near * q[7];

        for (int d = 0; d < 3; d++) {
            step[d] += weight * way[d];
            normal[d] += weight * q[3 + d];
        }
        sum += weight;
    }
    float norm = sqrtf(dot(normal, normal));

    memcpy(to, p->world, sizeof p->world);
    memcpy(to + 3, p->normal, sizeof p->normal);
    if (!(norm > 0))
        return;
    for (int d = 0; d < 3; d++)
        to[3 + d] = normal[d] / norm;
    float height = dot(step, to + 3) / sum;

    for (int d = 0; d < 3; d++)
        to[d] += height * to[3 + d];
}

/* The points of some cubes whose radius is that of the cubes. */
static void move_part(void *user, size_t part)
{
    sheet *s = user;
    const fuse_cells *cells = &s->cells[s->now];
    crowd around = {0};

    if (map_stopped(&s->views->stop))
        return;
    for (size_t cube = part * LOOP_CUBES; cube < (part + 1) * LOOP_CUBES && cube < cells->count;
         cube++) {
        bool gathered = false;

        for (uint32_t k = cells->start[cube]; k < cells->start[cube + 1]; k++) {
            size_t i = cells->order[k];

            if (s->level[i] != s->now && !(s->level[i] == STAYS && s->now == LEVELS - 1))
                continue;
            if (!gathered)
                crowd_gather(&around, s, cells, cells->key[cube]);
            gathered = true;
            move_point(s, i, &around, s->radius[s->now]);
        }
    }
    free(around.point);
}

static void move_all(sheet *s, unsigned threads)
{
    for (size_t i = 0; i < s->cloud->count; i++) { /* who has no cube stays */
        memcpy(s->moved[i], s->cloud->points[i].world, 3 * sizeof(float));
        memcpy(s->moved[i] + 3, s->cloud->points[i].normal, 3 * sizeof(float));
    }
    for (s->now = 0; s->now < LEVELS; s->now++)
        fuse_workers_run(threads, (s->cells[s->now].count + LOOP_CUBES - 1) / LOOP_CUBES, move_part,
                         s);
    for (size_t i = 0; i < s->cloud->count; i++) {
        memcpy(s->cloud->points[i].world, s->moved[i], 3 * sizeof(float));
        memcpy(s->cloud->points[i].normal, s->moved[i] + 3, 3 * sizeof(float));
    }
}

omma_error fuse_sheet_flatten(fuse_voxels *cloud, const fuse_views *views, unsigned threads)
{
    sheet s;
    omma_error err = sheet_init(&s, cloud, views, threads);

    if (err)
        return err;
    s.moved = malloc((cloud->count + 1) * sizeof *s.moved);
    if (!s.moved) {
        sheet_finish(&s);
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu points", cloud->count);
    }
    move_all(&s, threads);
    sheet_finish(&s);
    err = map_stop_check(&views->stop, OMMA_OK);
    return err ? err : fuse_voxels_sort(cloud, cloud->edge);
}

/* ------------------------------------------------------------------------------- clean */

static bool is_loner(const sheet *s, size_t i)
{
    const omma_cloud_point *p = &s->cloud->points[i];
    uint32_t runs[27][2];
    int around = 0;

    if (s->level[i] == STAYS)
        return false;
    const fuse_cells *cells = &s->cells[s->level[i]];
    float radius = s->radius[s->level[i]];

    for (int n = fuse_cells_near(cells, p->world, runs); n-- > 0;)
        for (uint32_t k = runs[n][0]; k < runs[n][1]; k++) {
            const omma_cloud_point *q = &s->cloud->points[cells->order[k]];
            float way[3] = {q->world[0] - p->world[0], q->world[1] - p->world[1],
                            q->world[2] - p->world[2]};

            around += dot(way, way) < radius * radius;
            if (around > FEWEST) /* itself is one of them */
                return false;
        }
    return true;
}

static void clean_part(void *user, size_t part)
{
    sheet *s = user;
    size_t end = (part + 1) * LOOP_POINTS;

    if (map_stopped(&s->views->stop))
        return;
    for (size_t i = part * LOOP_POINTS; i < end && i < s->cloud->count; i++)
        s->loner[i] = is_loner(s, i);
}

omma_error fuse_sheet_clean(fuse_voxels *cloud, const fuse_views *views, unsigned threads)
{
    sheet s;
    omma_error err = sheet_init(&s, cloud, views, threads);
    size_t n = 0;

    if (err)
        return err;
    s.loner = calloc(cloud->count + 1, 1);
    if (!s.loner) {
        sheet_finish(&s);
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu points", cloud->count);
    }
    each_part(&s, threads, clean_part);
    err = map_stop_check(&views->stop, OMMA_OK);
    for (size_t i = 0; i < cloud->count; i++)
        if (!s.loner[i]) {
            cloud->weight[n] = cloud->weight[i];
            cloud->points[n++] = cloud->points[i];
        }
    cloud->count = n;
    sheet_finish(&s);
    return err ? err : fuse_voxels_sort(cloud, cloud->edge);
}
