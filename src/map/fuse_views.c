/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse_views.h"

#include "map_depth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HELD_BYTES   ((size_t)64 << 20) /* decoded depth, beyond what is needed at once */
#define LEAST_SHARE  0.08               /* of the samples in common, to be neighbours */
#define SAMPLES_WIDE 8
#define SAMPLES_HIGH (FUSE_SAMPLES / SAMPLES_WIDE)

static size_t grid_bytes(const depth_grid *g)
{
    return (size_t)g->width * (size_t)g->height * (g->rgb ? 6 : 3);
}

static void let_go(fuse_views *v, fuse_view *view)
{
    v->held_bytes -= grid_bytes(&view->grid);
    depth_grid_finish(&view->grid);
}

static omma_error decode(fuse_views *v, fuse_view *view)
{
    view->used_at = ++v->clock;
    if (view->grid.width)
        return OMMA_OK;
    omma_error err = map_get_depth_grid(v->map, view->index, &view->grid);

    v->held_bytes += grid_bytes(&view->grid);
    return err;
}

/* Lets go of what was used longest ago, but of nothing that was used since. */
static void trim(fuse_views *v, uint64_t since)
{
    while (v->held_bytes > HELD_BYTES) {
        fuse_view *oldest = NULL;

        for (size_t i = 0; i < v->count; i++)
            if (v->views[i].grid.width && v->views[i].used_at < since &&
                (!oldest || v->views[i].used_at < oldest->used_at))
                oldest = &v->views[i];
        if (!oldest)
            return;
        let_go(v, oldest);
    }
}

omma_error fuse_views_hold(fuse_views *v, size_t i)
{
    fuse_view *view = &v->views[i];
    uint64_t since = v->clock + 1;
    omma_error err = decode(v, view);

    for (unsigned k = 0; k < view->neighbours && !err; k++) {
        trim(v, since);
        err = decode(v, &v->views[view->neighbour[k]]);
    }
    trim(v, since);
    return err;
}

void fuse_views_drop(fuse_views *v)
{
    for (size_t i = 0; i < v->count; i++)
        let_go(v, &v->views[i]);
}

float fuse_view_footprint(const fuse_view *view, const float world[3])
{
    const double *R = view->world_from_view.R, *t = view->world_from_view.t;
    double z = R[2] * (world[0] - t[0]) + R[5] * (world[1] - t[1]) + R[8] * (world[2] - t[2]);

    return (float)fabs(z) * view->lens->pixel;
}

/* ----------------------------------------------------------------------------- lenses */

static omma_error find_lens(fuse_views *v, const omma_camera *camera, int width, int height,
                            const fuse_lens **out)
{
    for (size_t i = v->lens_count; i-- > 0;)
        if (fuse_lens_fits(v->lenses[i], camera, width, height)) {
            *out = v->lenses[i];
            return OMMA_OK;
        }
    fuse_lens *lens = omma_new(fuse_lens);
    omma_error err = fuse_lens_init(lens, camera, width, height);

    if (err) {
        free(lens);
        return err;
    }
    omma_grow((void **)&v->lenses, &v->lens_capacity, v->lens_count + 1, sizeof *v->lenses);
    v->lenses[v->lens_count++] = lens;
    *out = lens;
    return OMMA_OK;
}

/* ----------------------------------------------------------------------------- samples */

/* Of all views: how large a cell is where it sees something, and how sure it is. */
typedef struct samples {
    double *footprint, *error;
    size_t count;
} samples;

static void take_samples(const fuse_views *v, fuse_view *view, samples *all)
{
    const depth_grid *g = &view->grid;

    for (int s = 0; s < FUSE_SAMPLES; s++) {
        int x = (2 * (s % SAMPLES_WIDE) + 1) * g->width / (2 * SAMPLES_WIDE);
        int y = (2 * (s / SAMPLES_WIDE) + 1) * g->height / (2 * SAMPLES_HIGH);
        size_t cell = (size_t)y * (size_t)g->width + (size_t)x;
        const float *ray = view->lens->ray + 2 * cell;
        double d = (double)g->nearest * v->scale[g->code[cell]], world[3];

        view->sample[s][0] = NAN;
        if (g->code[cell] == 0 || isnan(ray[0]))
            continue;
        omma_sim3_apply(&view->world_from_view, (double[]){ray[0] * d, ray[1] * d, d}, world);
        for (int k = 0; k < 3; k++)
            view->sample[s][k] = (float)world[k];
        d *= view->world_from_view.s;
        view->farthest = fmaxf(view->farthest, (float)d);
        all->error[all->count] = v->error_scale[g->error[cell]];
        all->footprint[all->count++] = d * view->lens->pixel;
    }
}

static omma_error add_view(fuse_views *v, size_t index, samples *all)
{
    omma_map_keyframe k = omma_map_get_keyframe(v->map, index);
    fuse_view *view = &v->views[v->count];
    omma_error err;

    *view = (fuse_view){.index = index, .id = k.id, .world_from_view = k.world_from_keyframe};
    err = decode(v, view);
    if (err || view->grid.width == 0)
        return err;
    size_t words = ((size_t)view->grid.width * (size_t)view->grid.height + 31) / 32;

    v->count++;
    view->taken = calloc(words, sizeof *view->taken);
    if (!view->taken)
        return omma_fail(OMMA_NO_MEMORY, "no memory to fuse %zu keyframes", v->count);
    err = find_lens(v, &k.camera, view->grid.width, view->grid.height, &view->lens);
    if (err)
        return err;
    take_samples(v, view, all);
    trim(v, UINT64_MAX);
    return OMMA_OK;
}

/* -------------------------------------------------------------------------- neighbours */

typedef struct candidate {
    uint32_t view;
    float share;
} candidate;

/* Share of a's samples that b may see, and not from behind or from much nearer or farther. */
static double common_share(const fuse_view *a, const fuse_view *b)
{
    omma_sim3 S = omma_sim3_inverse(&b->world_from_view);
    const double *ca = a->world_from_view.t, *cb = b->world_from_view.t;
    int seen = 0, known = 0;

    for (int s = 0; s < FUSE_SAMPLES; s++) {
        const float *w = a->sample[s];
        double to_a = 0, to_b = 0, both = 0, p[3];

        if (isnan(w[0]))
            continue;
        known++;
        for (int k = 0; k < 3; k++) {
            to_a += (ca[k] - w[k]) * (ca[k] - w[k]);
            to_b += (cb[k] - w[k]) * (cb[k] - w[k]);
            both += (ca[k] - w[k]) * (cb[k] - w[k]);
        }
        if (both < 0.2 * sqrt(to_a * to_b) || to_b > 25 * to_a || to_a > 25 * to_b)
            continue;
        omma_sim3_apply(&S, (double[]){w[0], w[1], w[2]}, p);
        if (!(p[2] > 0) || p[2] * b->world_from_view.s > 1.5 * b->farthest)
            continue;
        float cell[2];

        seen += fuse_lens_project(b->lens, (float[]){(float)p[0], (float)p[1], (float)p[2]}, cell);
    }
    return known ? (double)seen / known : 0;
}

static int by_share(const void *a, const void *b)
{
    const candidate *x = a, *y = b;

    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return (x->view > y->view) - (x->view < y->view);
}

/* Half of the neighbours are those that have most in common, which may all stand close together;
 * the others are spread over the rest. */
static void choose_neighbours(fuse_views *v, size_t i, candidate *candidates)
{
    fuse_view *view = &v->views[i];
    size_t n = 0;

    for (size_t k = 0; k < v->count; k++) {
        double share = k == i ? 0 : common_share(view, &v->views[k]);

        if (share >= LEAST_SHARE)
            candidates[n++] = (candidate){(uint32_t)k, (float)share};
    }
    qsort(candidates, n, sizeof *candidates, by_share);
    size_t best = n < FUSE_NEIGHBOURS ? n : FUSE_NEIGHBOURS / 2, rest = n - best;

    for (size_t k = 0; k < best; k++)
        view->neighbour[view->neighbours++] = candidates[k].view;
    for (size_t k = 0; rest && k < FUSE_NEIGHBOURS / 2; k++)
        view->neighbour[view->neighbours++] =
            candidates[best + k * rest / (FUSE_NEIGHBOURS / 2)].view;
}

/* ----------------------------------------------------------------------------- all of it */

static void make_scales(fuse_views *v)
{
    for (int c = 0; c < DEPTH_CODES; c++)
        v->scale[c] = depth_of_code(1, (uint16_t)c);
    for (int c = 0; c < 256; c++)
        v->error_scale[c] = error_of_code((uint8_t)c);
}

omma_error fuse_views_init(fuse_views *v, const omma_map *m, map_stop stop)
{
    size_t n = omma_map_keyframe_count(m);
    uint32_t submap = omma_map_main_submap(m);
    samples all = {omma_new_array(double, n *FUSE_SAMPLES + 1),
                   omma_new_array(double, n *FUSE_SAMPLES + 1), 0};
    candidate *candidates = omma_new_array(candidate, n + 1);
    omma_error err = OMMA_OK;

    *v = (fuse_views){.map = m, .stop = stop};
    v->views = omma_new_array(fuse_view, n + 1);
    v->scale = omma_new_array(float, DEPTH_CODES);
    make_scales(v);
    for (size_t i = 0; i < n && !(err = map_stop_check(&stop, err)); i++)
        if (omma_map_get_keyframe(m, i).submap == submap)
            err = add_view(v, i, &all);
    v->footprint = omma_median(all.footprint, all.count);
    v->error = omma_median(all.error, all.count);
    for (size_t i = 0; i < v->count && !(err = map_stop_check(&stop, err)); i++)
        choose_neighbours(v, i, candidates);
    free(candidates);
    free(all.footprint);
    free(all.error);
    if (err)
        fuse_views_finish(v);
    return err;
}

void fuse_views_finish(fuse_views *v)
{
    for (size_t i = 0; i < v->count; i++) {
        depth_grid_finish(&v->views[i].grid);
        free(v->views[i].taken);
    }
    for (size_t i = 0; i < v->lens_count; i++) {
        fuse_lens_finish(v->lenses[i]);
        free(v->lenses[i]);
    }
    free(v->lenses);
    free(v->views);
    free(v->scale);
    *v = (fuse_views){0};
}
