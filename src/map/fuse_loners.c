/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point with hardly another one around stands for nothing. Places far from all cameras have fewer
 * points, so the radius grows with the cells that saw them.
 *
 * Also moving the points along their normals to the weighted mean of those around (moving least
 * squares) was tried: noise of depth maps is smooth over many cells, so that accuracy did not gain,
 * and completeness fell.
 */
#include "fuse_loners.h"

#include "fuse_cells.h"
#include "fuse_workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RADIUS      3.f /* in cubes, or cells where these are larger */
#define LEVELS      3   /* radii: this, and each LEVEL_STEP times the one before */
#define LEVEL_STEP  3.f
#define FEWEST      5    /* points around one that is no loner */
#define LOOP_POINTS 1024 /* at a time */
#define STAYS       255  /* a level: no radius is large enough to judge */

typedef struct crowd {
    fuse_voxels *cloud;
    const fuse_views *views;
    const fuse_view **anchor; /* by position in ids */
    float radius[LEVELS];
    fuse_cells cells[LEVELS];
    uint8_t *level; /* of each point */
    uint8_t *loner;
} crowd;

static int by_id(const void *a, const void *b)
{
    uint32_t x = (*(const fuse_view *const *)a)->id, y = (*(const fuse_view *const *)b)->id;

    return (x > y) - (x < y);
}

static const fuse_view *anchor_of(const crowd *s, uint32_t id)
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
    crowd *s = user;
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

static void each_part(const crowd *s, unsigned threads, void (*run)(void *user, size_t part))
{
    fuse_workers_run(threads, (s->cloud->count + LOOP_POINTS - 1) / LOOP_POINTS, run, (void *)s);
}

static void crowd_finish(crowd *s)
{
    for (int l = 0; l < LEVELS; l++)
        fuse_cells_finish(&s->cells[l]);
    free(s->anchor);
    free(s->level);
    free(s->loner);
}

static omma_error crowd_init(crowd *s, fuse_voxels *cloud, const fuse_views *views,
                             unsigned threads)
{
    omma_error err = OMMA_OK;

    *s = (crowd){.cloud = cloud, .views = views};
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
        crowd_finish(s);
    else
        each_part(s, threads, choose_level);
    return err;
}

static bool is_loner(const crowd *s, size_t i)
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

            around += way[0] * way[0] + way[1] * way[1] + way[2] * way[2] < radius * radius;
            if (around > FEWEST) /* itself is one of them */
                return false;
        }
    return true;
}

static void clean_part(void *user, size_t part)
{
    crowd *s = user;
    size_t end = (part + 1) * LOOP_POINTS;

    if (map_stopped(&s->views->stop))
        return;
    for (size_t i = part * LOOP_POINTS; i < end && i < s->cloud->count; i++)
        s->loner[i] = is_loner(s, i);
}

omma_error fuse_loners_remove(fuse_voxels *cloud, const fuse_views *views, unsigned threads)
{
    crowd s;
    omma_error err = crowd_init(&s, cloud, views, threads);
    size_t n = 0;

    if (err)
        return err;
    s.loner = calloc(cloud->count + 1, 1);
    if (!s.loner) {
        crowd_finish(&s);
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
    crowd_finish(&s);
    return err ? err : fuse_voxels_sort(cloud, cloud->edge);
}
