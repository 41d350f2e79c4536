/* SPDX-License-Identifier: Apache-2.0 */
#include "dense_private.h"
#include "photometric.h"
#include "plane_fill.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

void *dense_room(dense *d, int slot, size_t bytes)
{
    bytes = (bytes + 127) & ~(size_t)63; /* some to spare: vectors may read over the end */
    if (bytes > d->bytes[slot]) {
        free(d->slot[slot]);
        d->slot[slot] = aligned_alloc(64, bytes);
        d->bytes[slot] = d->slot[slot] ? bytes : 0;
    }
    return d->slot[slot];
}

dense *dense_create(void)
{
    return omma_new(dense);
}

void dense_destroy(dense **d)
{
    if (!*d)
        return;
    for (int i = 0; i < SLOTS; i++)
        free((*d)->slot[i]);
    free(*d);
    *d = NULL;
}

void dense_map_finish(dense_map *m)
{
    free(m->depth);
    free(m->error);
    *m = (dense_map){0};
}

const dense_stage *dense_stages(const dense *d)
{
    return d->stage;
}

static void clock_start(dense *d)
{
    d->stages = 0;
    d->stage[0] = (dense_stage){0};
    d->clock = omma_clock_thread_ns();
}

static void clock_end(dense *d, const char *name)
{
    const int64_t now = omma_clock_thread_ns();
    assert(d->stages < DENSE_STAGES);
    d->stage[d->stages++] = (dense_stage){name, now - d->clock};
    d->stage[d->stages] = (dense_stage){0};
    d->clock = now;
}

/* ---------------------------------------------------------------------------- the pictures */

static int level_for(const omma_pyramid *p, int width)
{
    int level = 0;
    while (level + 1 < p->levels && p->level[level].width > 1.42 * width)
        level++;
    return level;
}

/* The part of the plane z = 1 that the picture sees, at most 58 degrees off the axis. */
static void seen_box(const dense_view *v, double box[4])
{
    const double limit = 1.6, w = v->camera.width - 1, h = v->camera.height - 1;

    box[0] = box[1] = 1e9;
    box[2] = box[3] = -1e9;
    for (int i = 0; i <= 16; i++)
        for (int side = 0; side < 4; side++) {
            const double a = i / 16.0;
            const double px[2] = {side < 2 ? a * w : (side - 2) * w, side < 2 ? side * h : a * h};
            double ray[2];
            if (!canvas_ray(v, px, ray))
                continue;
            for (int j = 0; j < 2; j++) {
                box[j] = fmin(box[j], fmax(ray[j], -limit));
                box[2 + j] = fmax(box[2 + j], fmin(ray[j], limit));
            }
        }
}

static bool canvas_room(dense *d, canvas *c, int grey_slot, int known_slot)
{
    c->stride = (c->width + 63) & ~63;
    const size_t bytes = (size_t)c->stride * (size_t)c->height;
    c->grey = dense_room(d, grey_slot, bytes);
    c->known = dense_room(d, known_slot, bytes);
    return c->grey && c->known;
}

static bool census_room(dense *d, const canvas *c, census *out, int slot)
{
    out->width = c->width;
    out->height = c->height;
    out->stride = c->stride;
    out->bits = dense_room(d, slot, (size_t)c->stride * (size_t)c->height * sizeof(uint32_t));
    return out->bits && dense_room(d, SLOT_BLUR, (size_t)c->stride * (size_t)c->height);
}

static bool draw_view(dense *d, const dense_view *v, int level)
{
    scene *s = &d->scene;
    canvas *c = &s->view;
    double box[4];

    seen_box(v, box);
    const double scale = 1.0 / (1 << level);
    const double limit = 1.5 * v->picture->level[level].width;
    double fx = v->camera.fx * scale, fy = v->camera.fy * scale;
    double shrink = fmin(1, limit / fmax((box[2] - box[0]) * fx, (box[3] - box[1]) * fy));
    c->fx = fx * shrink;
    c->fy = fy * shrink;
    c->width = ((int)ceil((box[2] - box[0]) * c->fx - 1e-6) + 2) & ~1;
    c->height = ((int)ceil((box[3] - box[1]) * c->fy - 1e-6) + 2) & ~1;
    c->cx = -box[0] * c->fx;
    c->cy = -box[1] * c->fy;
    s->step = c->width >= 400 ? 2 : 1;
    s->width = c->width / s->step;
    s->height = c->height / s->step;
    if (!canvas_room(d, c, SLOT_VIEW_GREY, SLOT_VIEW_KNOWN) ||
        !census_room(d, c, &s->view_census, SLOT_VIEW_CENSUS))
        return false;
    canvas_draw(c, v, level, identity);
    census_make(c, s->step, d->slot[SLOT_BLUR], &s->view_census);
    s->guide = dense_room(d, SLOT_GUIDE, (size_t)s->width * (size_t)s->height);
    if (!s->guide)
        return false;
    const uint8_t *blur = s->step == 2 ? d->slot[SLOT_BLUR] : c->grey;
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            s->guide[y * s->width + x] =
                blur[(size_t)(y * s->step) * (size_t)c->stride + (size_t)(x * s->step)];
    return true;
}

/* Where a corner of the view lies on a neighbour's canvas, px from the axis. */
static void corner_at(const canvas *c, int corner, double rho, const double C[3], double px[2])
{
    const double x = ((corner & 1 ? c->width - 1 : 0) - c->cx) / c->fx;
    const double y = ((corner & 2 ? c->height - 1 : 0) - c->cy) / c->fy;
    const double w = fmax(1 - rho * C[2], 0.1);
    px[0] = c->fx * (x - rho * C[0]) / w;
    px[1] = c->fy * (y - rho * C[1]) / w;
}

/* By how many px the range of depths spreads a pixel in a neighbour's picture, at most. */
static double spread_px(const canvas *c, const double C[3], double rho_min, double rho_max)
{
    double most = 0;
    for (int i = 0; i < 4; i++) {
        double a[2], b[2];
        corner_at(c, i, rho_min, C, a);
        corner_at(c, i, rho_max, C, b);
        most = fmax(most, hypot(a[0] - b[0], a[1] - b[1]));
    }
    return most;
}

static bool draw_neighbour(dense *d, const dense_view *view, const dense_view *other, int index,
                           double rho_min, double rho_max)
{
    scene *s = &d->scene;
    scene_neighbour *n = &s->neighbour[index];
    canvas *c = &n->canvas;
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};

    for (int i = 0; i < 8; i++) {
        double px[2];
        corner_at(&s->view, i & 3, i & 4 ? rho_max : rho_min, n->C, px);
        for (int j = 0; j < 2; j++) {
            low[j] = fmin(low[j], px[j]);
            high[j] = fmax(high[j], px[j]);
        }
    }
    /* Not more than half a picture around: what lies further out is seen badly anyway. */
    const double margin = 2 + CENSUS_REACH * s->step;
    const double side[2] = {s->view.width, s->view.height}, center[2] = {s->view.cx, s->view.cy};
    for (int j = 0; j < 2; j++) {
        low[j] = floor(fmax(low[j] - margin, -center[j] - 0.5 * side[j]));
        high[j] = ceil(fmin(high[j] + margin, 1.5 * side[j] - center[j]));
        high[j] = fmax(high[j], low[j] + 32);
    }
    *c = (canvas){.width = (int)(high[0] - low[0]),
                  .height = (int)(high[1] - low[1]),
                  .fx = s->view.fx,
                  .fy = s->view.fy,
                  .cx = -low[0],
                  .cy = -low[1]};
    const int slot = SLOT_NEIGHBOUR + 4 * index;
    if (!canvas_room(d, c, slot, slot + 1) || !census_room(d, c, &n->census, slot + 2))
        return false;
    const omma_se3 inverse = omma_se3_inverse(&view->camera_from_world);
    const omma_se3 other_from_view = omma_se3_mul(&other->camera_from_world, &inverse);
    canvas_draw(c, other, level_for(other->picture, s->view.width), other_from_view.R);
    uint8_t *blur = dense_room(d, slot + 3, (size_t)c->stride * (size_t)c->height);
    if (!blur)
        return false;
    census_make(c, s->step, blur, &n->census);
    n->grey = s->step == 2 ? blur : c->grey;
    return true;
}

/* ------------------------------------------------------------------------------- the range */

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Inverse depths between which the scene lies: those of nearly all sparse points, with room. */
static omma_error find_range(const dense_seed *seeds, size_t n, int least, double *low,
                             double *high)
{
    float *rho = omma_new_array(float, n + 1);
    size_t good = 0;

    for (size_t i = 0; i < n; i++)
        if (seeds[i].rho > 0)
            rho[good++] = seeds[i].rho;
    if (good >= (size_t)least) {
        qsort(rho, good, sizeof *rho, compare_floats);
        const double a = rho[good / 50], b = rho[good - 1 - good / 50];
        *high = 1.4 * b;
        *low = fmax(0.6 * a, 0.01 * *high);
    }
    free(rho);
    if (good < (size_t)least)
        return omma_fail(OMMA_DEGENERATE,
                         "depth: %zu sparse points before the camera; it takes %d to bound it",
                         good, least);
    return OMMA_OK;
}

static void place_planes(scene *s, double low, double high, int most)
{
    double spread = 0;
    for (size_t i = 0; i < s->neighbours; i++)
        spread = fmax(spread, spread_px(&s->view, s->neighbour[i].C, low, high) / s->step);
    int planes = (int)(spread / 0.75) + 1;
    planes = planes < SWEEP_GROUP ? SWEEP_GROUP : planes > most ? most : planes;
    s->planes = (planes + SWEEP_GROUP - 1) / SWEEP_GROUP * SWEEP_GROUP;
    s->rho_step = (high - low) / (s->planes - 1);
    for (int d = 0; d < s->planes; d++)
        s->rho[d] = low + d * s->rho_step;
}

/* ------------------------------------------------------------------------------- the sweep */

/* A sparse point pulls its pixel and those around it. */
static void pull_to_seed(scene *s, const dense_seed *seed)
{
    const int x = (int)floor((seed->x * s->view.fx + s->view.cx) / s->step);
    const int y = (int)floor((seed->y * s->view.fy + s->view.cy) / s->step);
    const double center = (seed->rho - s->rho[0]) / s->rho_step;
    const double sigma = fmax(seed->sigma / s->rho_step, 0.7);
    uint8_t extra[DENSE_MAX_PLANES];

    if (!(seed->sigma > 0) || sigma > 8 || x < 1 || y < 1 || x > s->width - 2 || y > s->height - 2)
        return;
    for (int d = 0; d < s->planes; d++)
        extra[d] = (uint8_t)fmin(16, 4 * fmax(0, fabs(d - center) / sigma - 1));
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            uint8_t *cost = s->cost + (size_t)((y + j) * s->width + x + i) * (size_t)s->planes;
            for (int d = 0; d < s->planes; d++) {
                const int c = cost[d] + extra[d];
                cost[d] = (uint8_t)(c < SWEEP_COST_MAX ? c : SWEEP_COST_MAX);
            }
        }
}

static bool sweep(dense *d, const dense_seed *seeds, size_t seed_count)
{
    scene *s = &d->scene;
    sweep_kernel *kernel = sweep_kernel_choose(omma_cpu_flags());
    const double half = 0.5 * (s->step - 1);

    s->cost = dense_room(d, SLOT_COST, (size_t)s->width * (size_t)s->height * (size_t)s->planes);
    if (!s->cost)
        return false;
    for (size_t i = 0; i < s->neighbours; i++)
        sweep_neighbour_init(&s->sweep[i], s->neighbour[i].C, &s->neighbour[i].canvas,
                             &s->neighbour[i].census, s->step, s->rho, s->planes);
    for (int y = 0; y < s->height; y++)
        kernel(&(sweep_row){
            .census = s->view_census.bits + (size_t)(y * s->step) * (size_t)s->view_census.stride,
            .step = s->step,
            .width = s->width,
            .planes = s->planes,
            .x0 = (float)((half - s->view.cx) / s->view.fx),
            .dx = (float)(s->step / s->view.fx),
            .y = (float)((y * s->step + half - s->view.cy) / s->view.fy),
            .neighbour = s->sweep,
            .neighbours = s->neighbours,
            .cost = s->cost + (size_t)y * (size_t)s->width * (size_t)s->planes,
        });
    for (size_t i = 0; i < seed_count; i++)
        pull_to_seed(s, &seeds[i]);
    return true;
}

/* -------------------------------------------------------------------------- semi-global */

/* Of the sums of eight paths, costs up to SWEEP_COST_MAX; tuned on real rooms. */
enum { P1 = 6, P2_FLAT = 90, P2_HALF_AT = 12 /* grey levels from pixel to pixel */ };

static void jump_penalties(uint8_t p2[256])
{
    for (int i = 0; i < 256; i++) {
        const int p = P2_FLAT * P2_HALF_AT / (P2_HALF_AT + i);
        p2[i] = (uint8_t)(p < P1 + 4 ? P1 + 4 : p);
    }
}

static void paths_begin(semiglobal_paths *p, int width, int cell)
{
    memset(p->cost, 0, (size_t)(width + 2) * (size_t)cell);
    memset(p->least, 0, (size_t)width + 2);
}

static void fill_pads(semiglobal_paths *p, int width, int planes)
{
    const size_t cell = (size_t)planes + 2 * SEMIGLOBAL_PAD;
    for (int i = 1; i <= width; i++) {
        p->cost[(size_t)i * cell + SEMIGLOBAL_PAD - 1] = 200;
        p->cost[(size_t)i * cell + SEMIGLOBAL_PAD + (size_t)planes] = 200;
    }
}

static bool aggregate(dense *d)
{
    scene *s = &d->scene;
    const int cell = s->planes + 2 * SEMIGLOBAL_PAD;
    const size_t row_costs = (size_t)s->width * (size_t)s->planes;
    const size_t cost_bytes = ((size_t)(s->width + 2) * (size_t)cell + 63) & ~(size_t)63;
    const size_t path_bytes = cost_bytes + (((size_t)s->width + 2 + 63) & ~(size_t)63);
    uint8_t *paths = dense_room(d, SLOT_PATHS, path_bytes * 2 * SEMIGLOBAL_PATHS);
    uint16_t *sum = dense_room(d, SLOT_SUM, row_costs * (size_t)s->height * sizeof *sum);
    uint8_t p2[256];
    semiglobal_kernels k;

    s->best = dense_room(d, SLOT_BEST, (size_t)s->width * (size_t)s->height * sizeof *s->best);
    if (!paths || !sum || !s->best)
        return false;
    semiglobal_kernels_init(&k, omma_cpu_flags());
    jump_penalties(p2);
    memset(sum, 0, row_costs * (size_t)s->height * sizeof *sum);
    semiglobal_paths row[2][SEMIGLOBAL_PATHS];
    for (int i = 0; i < 2 * SEMIGLOBAL_PATHS; i++) {
        uint8_t *at = paths + (size_t)i * path_bytes;
        row[i / SEMIGLOBAL_PATHS][i % SEMIGLOBAL_PATHS] = (semiglobal_paths){at, at + cost_bytes};
    }
    for (int back = 0; back < 2; back++) {
        for (int i = 0; i < 2 * SEMIGLOBAL_PATHS; i++)
            paths_begin(&row[i / SEMIGLOBAL_PATHS][i % SEMIGLOBAL_PATHS], s->width, cell);
        for (int n = 0; n < s->height; n++) {
            const int y = back ? s->height - 1 - n : n;
            if (n < 2)
                for (int i = 0; i < SEMIGLOBAL_PATHS; i++)
                    fill_pads(&row[n & 1][i], s->width, s->planes);
            k.row(&(semiglobal_row){
                .width = s->width,
                .planes = s->planes,
                .backwards = back,
                .p1 = P1,
                .p2 = p2,
                .cost = s->cost + (size_t)y * row_costs,
                .grey = s->guide + y * s->width,
                .before = n > 0 ? s->guide + (back ? y + 1 : y - 1) * s->width : NULL,
                .from = row[~n & 1],
                .to = row[n & 1],
                .sum = sum + (size_t)y * row_costs,
            });
            if (back)
                k.best(sum + (size_t)y * row_costs, s->width, s->planes, s->best + y * s->width);
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------- the surface */

/* Parabola through the three sums around the smallest. */
static float sub_plane(const semiglobal_best *b)
{
    const float a = (float)b->side[0] - (float)b->sum, c = (float)b->side[1] - (float)b->sum;
    return a + c > 0 ? 0.5f * (a - c) / (a + c) : 0;
}

static bool surface_room(dense *d)
{
    scene *s = &d->scene;
    const size_t n = (size_t)s->width * (size_t)s->height * sizeof(float);
    const size_t a = photometric_bytes(s), b = plane_fill_bytes(s->width, s->height);

    s->value = dense_room(d, SLOT_VALUE, n);
    s->weight = dense_room(d, SLOT_WEIGHT, n);
    s->surface = dense_room(d, SLOT_SURFACE, n);
    s->error = dense_room(d, SLOT_ERROR, n);
    return s->value && s->weight && s->surface && s->error && dense_room(d, SLOT_GREY_VALUE, n) &&
           dense_room(d, SLOT_GREY_WEIGHT, n) && dense_room(d, SLOT_WORK, a > b ? a : b);
}

/* What the sweep says, and how sure: by how much the second best is worse (sums of eight paths; at
 * a margin of 30 a third of the pixels is right, at 130 nearly all). */
static float share(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static void read_sweep(scene *s, const dense_seed *seeds, size_t seed_count)
{
    const float chance = 24; /* unlike places cost about as much */

    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const semiglobal_best *b = &s->best[i];
        const float margin = share(((float)(b->second - b->sum) - 30) / 100);
        const float cost = (float)s->cost[i * (size_t)s->planes + b->plane];
        s->value[i] = (float)b->plane + sub_plane(b);
        s->weight[i] = margin * share((chance - cost) / 10);
        if (b->plane == 0 || b->plane == s->planes - 1)
            s->weight[i] = 0; /* the right one may lie beyond */
    }
    for (size_t i = 0; i < seed_count; i++) {
        const double x = floor((seeds[i].x * s->view.fx + s->view.cx) / s->step);
        const double y = floor((seeds[i].y * s->view.fy + s->view.cy) / s->step);
        if (seeds[i].sigma > 0 && x >= 0 && y >= 0 && x < s->width && y < s->height) {
            const size_t at = (size_t)y * (size_t)s->width + (size_t)x;
            s->value[at] = (float)((seeds[i].rho - s->rho[0]) / s->rho_step);
            s->weight[at] = 4;
        }
    }
}

static void fill(dense *d, const float *value, const float *weight)
{
    scene *s = &d->scene;
    plane_fill(value, weight, s->guide, s->width, s->height, s->surface, s->error,
               d->slot[SLOT_WORK]);
}

/* Planes through what the sweep knows, by iteratively reweighted least squares. */
static void fit_surface(dense *d)
{
    enum { ROUNDS = 2 };
    scene *s = &d->scene;
    const float tau = 2; /* planes */

    fill(d, s->value, s->weight);
    for (int k = 0; k < ROUNDS; k++) {
        for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
            const float r = (s->value[i] - s->surface[i]) / tau;
            s->weight[i] /= 1 + r * r;
        }
        fill(d, s->value, s->weight);
    }
}

/* What the grey values say around the surface joins what the sweep said. */
static void polish(dense *d)
{
    scene *s = &d->scene;
    const float sweep_share = 0.6f;
    float *value = d->slot[SLOT_GREY_VALUE], *weight = d->slot[SLOT_GREY_WEIGHT];

    photometric_data(s, s->surface, value, weight, d->slot[SLOT_WORK]);
    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const float r = value[i] - s->surface[i], q = s->value[i] - s->surface[i];
        const float p = weight[i] / (1 + r * r), c = sweep_share * s->weight[i] / (1 + q * q);
        value[i] = (p * value[i] + c * s->value[i]) / (p + c + 1e-9f);
        weight[i] = p + c;
    }
    fill(d, value, weight);
}

/* ---------------------------------------------------------------------------- the result */

static omma_error new_map(const scene *s, dense_map *m)
{
    const size_t n = (size_t)s->width * (size_t)s->height;
    dense_map made = {.width = s->width,
                      .height = s->height,
                      .fx = s->view.fx / s->step,
                      .fy = s->view.fy / s->step,
                      .cx = (s->view.cx + 0.5) / s->step - 0.5,
                      .cy = (s->view.cy + 0.5) / s->step - 0.5,
                      .depth = calloc(n, sizeof(float)),
                      .error = calloc(n, sizeof(float))};
    if (!made.depth || !made.error) {
        dense_map_finish(&made);
        return omma_fail(OMMA_NO_MEMORY, "depth: no memory for a map of %zu px", n);
    }
    for (size_t i = 0; i < n; i++)
        made.error[i] = 1;
    *m = made;
    return OMMA_OK;
}

/* The scatter about the planes, as a relative error of depth. The factors were fitted: of pixels
 * with the same error half are closer to the truth of two real rooms than it. */
static float relative_error(float planes, float plane_share)
{
    const float e = 0.004f + 0.6f * plane_share * (0.3f + planes);
    return e < 1 ? e : 1;
}

static void write_map(const scene *s, dense_map *m)
{
    const float low = (float)s->rho[0], step = (float)s->rho_step, last = (float)(s->planes - 1);
    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const float at = s->surface[i] < 0 ? 0 : s->surface[i] > last ? last : s->surface[i];
        const float rho = low + step * at;
        m->depth[i] = 1 / rho;
        const bool at_end = at < 0.5f || at > last - 0.5f;
        m->error[i] = at_end ? 1 : relative_error(s->error[i], step / rho);
    }
}

static omma_error check_view(const dense_view *v)
{
    omma_error err = omma_camera_check(&v->camera);
    if (err)
        return err;
    if (!v->picture || v->picture->levels < 1 || v->picture->level[0].width != v->camera.width ||
        v->picture->level[0].height != v->camera.height)
        return omma_fail(OMMA_INVALID, "depth: the picture has not the camera's size %d x %d",
                         v->camera.width, v->camera.height);
    return OMMA_OK;
}

static omma_error check_input(const dense_view *view, const dense_view *neighbours, size_t n,
                              const dense_seed *seeds, size_t seed_count)
{
    omma_error err = check_view(view);
    for (size_t i = 0; i < n && !err; i++)
        err = check_view(&neighbours[i]);
    for (size_t i = 0; i < seed_count && !err; i++)
        if (!isfinite(seeds[i].x) || !isfinite(seeds[i].y) || !isfinite(seeds[i].rho) ||
            !(seeds[i].sigma >= 0))
            err = omma_fail(OMMA_INVALID, "depth: sparse point %zu is not finite", i);
    return err;
}

/* Neighbours that see depths apart: others say nothing. */
static void keep_useful(scene *s, const dense_view *view, const dense_view *all, size_t n,
                        double low, double high, const dense_view **kept)
{
    s->neighbours = 0;
    for (size_t i = 0; i < n && s->neighbours < DENSE_MAX_NEIGHBOURS; i++) {
        const omma_se3 inverse = omma_se3_inverse(&all[i].camera_from_world);
        const omma_se3 view_from_other = omma_se3_mul(&view->camera_from_world, &inverse);
        if (spread_px(&s->view, view_from_other.t, low, high) < 2 * s->step)
            continue;
        s->neighbour[s->neighbours] = (scene_neighbour){0};
        memcpy(s->neighbour[s->neighbours].C, view_from_other.t, sizeof view_from_other.t);
        kept[s->neighbours++] = &all[i];
    }
}

omma_error dense_estimate(dense *d, const dense_view *view, const dense_view *neighbours,
                          size_t neighbour_count, const dense_seed *seeds, size_t seed_count,
                          const dense_options *options, dense_map *out)
{
    const dense_options o = options ? *options : (dense_options){0};
    scene *s = &d->scene;
    const dense_view *kept[DENSE_MAX_NEIGHBOURS];
    dense_map map;
    double low = 0, high = 0;
    bool good = true;

    omma_error err = check_input(view, neighbours, neighbour_count, seeds, seed_count);
    if (!err)
        err = find_range(seeds, seed_count, o.min_seeds ? o.min_seeds : 8, &low, &high);
    if (err)
        return err;
    clock_start(d);
    good = draw_view(d, view, level_for(view->picture, o.width ? o.width : 640));
    if (good)
        keep_useful(s, view, neighbours, neighbour_count, low, high, kept);
    for (size_t i = 0; i < s->neighbours && good; i++)
        good = draw_neighbour(d, view, kept[i], (int)i, low, high);
    clock_end(d, "draw");
    if (good && s->neighbours > 0) {
        const int most = o.planes > 0 ? o.planes : 96;
        place_planes(s, low, high, most < DENSE_MAX_PLANES ? most : DENSE_MAX_PLANES);
        good = sweep(d, seeds, seed_count);
        clock_end(d, "sweep");
        good = good && aggregate(d) && surface_room(d);
        clock_end(d, "semi-global");
    }
    if (!good)
        return omma_fail(OMMA_NO_MEMORY, "depth: no memory for %d x %d px", s->width, s->height);
    err = new_map(s, &map);
    if (err)
        return err;
    if (s->neighbours > 0) {
        read_sweep(s, seeds, seed_count);
        fit_surface(d);
        clock_end(d, "fit");
        for (int i = 0; i < (o.passes ? o.passes : 1); i++)
            polish(d);
        write_map(s, &map);
        clock_end(d, "polish");
    }
    *out = map;
    return OMMA_OK;
}
