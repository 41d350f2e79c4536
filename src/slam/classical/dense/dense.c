/* SPDX-License-Identifier: Apache-2.0 */
#include "dense_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* What a call was given. */
typedef struct dense_input {
    const dense_view *view, *neighbours;
    size_t neighbour_count;
    const dense_seed *seeds;
    size_t seed_count;
    dense_options options;
} dense_input;

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
        if (scene_spread_px(&s->view, view_from_other.t, low, high) < 2 * s->step)
            continue;
        s->neighbour[s->neighbours] = (scene_neighbour){0};
        memcpy(s->neighbour[s->neighbours].C, view_from_other.t, sizeof view_from_other.t);
        kept[s->neighbours++] = &all[i];
    }
}

/* All pictures in the keyframe's axes, those of useful neighbours only. */
static bool draw(dense *d, const dense_input *in, double low, double high)
{
    scene *s = &d->scene;
    const dense_view *kept[DENSE_MAX_NEIGHBOURS];
    bool good = scene_draw_view(d, in->view, in->options.width ? in->options.width : 640);

    if (good)
        keep_useful(s, in->view, in->neighbours, in->neighbour_count, low, high, kept);
    for (size_t i = 0; i < s->neighbours && good && !dense_is_stopped(d); i++)
        good = scene_draw_neighbour(d, in->view, kept[i], (int)i, low, high);
    clock_end(d, "draw");
    return good;
}

/* What every plane costs at every pixel. */
static bool weigh_planes(dense *d, const dense_input *in, double low, double high)
{
    const int most = in->options.planes > 0 ? in->options.planes : 96;
    bool good;

    plane_range_place(&d->scene, low, high, most < DENSE_MAX_PLANES ? most : DENSE_MAX_PLANES);
    good = cost_volume_sweep(d, in->seeds, in->seed_count);
    clock_end(d, "sweep");
    good = good && cost_volume_smooth(d) && depth_surface_room(d);
    clock_end(d, "semi-global");
    return good;
}

static void find_surface(dense *d, const dense_input *in)
{
    const int passes = in->options.passes ? in->options.passes : 1;

    depth_surface_read(&d->scene, in->seeds, in->seed_count);
    depth_surface_fit(d);
    clock_end(d, "fit");
    for (int i = 0; i < passes && !dense_is_stopped(d); i++)
        depth_surface_polish(d);
    clock_end(d, "polish");
}

static omma_error estimate(dense *d, const dense_input *in, dense_map *out)
{
    const scene *s = &d->scene;
    double low = 0, high = 0;
    const int least = in->options.min_seeds ? in->options.min_seeds : 8;
    omma_error err = plane_range_find(in->seeds, in->seed_count, least, &low, &high);

    if (err)
        return err;
    clock_start(d);
    bool good = draw(d, in, low, high);
    if (good && s->neighbours > 0 && !dense_is_stopped(d))
        good = weigh_planes(d, in, low, high);
    if (!good)
        return omma_fail(OMMA_NO_MEMORY, "depth: no memory for %d x %d px", s->width, s->height);
    if (s->neighbours > 0 && !dense_is_stopped(d))
        find_surface(d, in);
    if (dense_is_stopped(d))
        return omma_fail(OMMA_INTERRUPTED, "depth: stopped");
    err = dense_map_create(s, out);
    if (!err && s->neighbours > 0)
        dense_map_write(s, out);
    return err;
}

omma_error dense_estimate(dense *d, const dense_view *view, const dense_view *neighbours,
                          size_t neighbour_count, const dense_seed *seeds, size_t seed_count,
                          const dense_options *options, dense_map *out)
{
    const dense_input in = {.view = view,
                            .neighbours = neighbours,
                            .neighbour_count = neighbour_count,
                            .seeds = seeds,
                            .seed_count = seed_count,
                            .options = options ? *options : (dense_options){0}};

    omma_error err = check_input(view, neighbours, neighbour_count, seeds, seed_count);
    if (err)
        return err;
    d->stops = in.options.stops;
    return estimate(d, &in, out);
}
