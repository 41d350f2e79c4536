/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "resume.h"

#include "relocate.h"
#include "world_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, CANDIDATES = 20 };

/* ---------------------------------------------------------------------------------------- save */

omma_error classical_save(const void *self, double scale, omma_buffer **out)
{
    const classical *c = self;
    omma_byte_list b = {0};

    if (!c->submaps)
        return omma_fail(OMMA_DEGENERATE, "there is no map yet that could be kept");
    omma_bytes_u32(&b, VERSION);
    omma_bytes_u32(&b, c->freedom);
    omma_bytes_u32(&b, c->submaps);
    omma_bytes_u32(&b, c->calibrated_on);
    omma_bytes_f64(&b, c->focal_sigma);
    omma_bytes_f64(&b, c->rms_px);
    world_put(&b, &c->world, scale);
    omma_error err = omma_buffer_create(out, b.count);
    if (!err)
        memcpy((*out)->data, b.at, b.count);
    omma_bytes_finish(&b);
    return err;
}

/* ------------------------------------------------------------------------------------- restore */

static omma_error take_state(classical *c, omma_byte_reader *r)
{
    uint32_t version = omma_read_u32(r);

    if (!r->bad && version != VERSION)
        return omma_fail(OMMA_FORMAT,
                         "the tracker's memory is of version %" PRIu32
                         ", and this omma %s reads version %d",
                         version, omma_version(), VERSION);
    c->freedom = omma_read_u32(r);
    c->submaps = omma_read_u32(r);
    c->calibrated_on = omma_read_u32(r);
    c->focal_sigma = omma_read_f64(r);
    c->rms_px = omma_read_f64(r);
    if (r->bad || c->freedom & ~(unsigned)(OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1 | OMMA_BUNDLE_K3) ||
        !(c->focal_sigma >= 0) || !(c->rms_px >= 0))
        return omma_fail(OMMA_FORMAT, "what it says of the camera is not possible");
    omma_error err = world_take(&c->world, r);
    if (!err && r->left)
        err = omma_fail(OMMA_FORMAT, "there is more of it than it says");
    if (!err && c->submaps > c->world.keyframe_count)
        err = omma_fail(OMMA_FORMAT, "%" PRIu32 " submaps of %zu keyframes", c->submaps,
                        c->world.keyframe_count);
    for (size_t i = 0; i < c->world.keyframe_count && !err; i++)
        if (c->world.keyframes[i].posed && c->world.keyframes[i].submap >= c->submaps)
            err = omma_fail(OMMA_FORMAT, "keyframe %zu is of no submap", i);
    return err;
}

/* The submap that most frames hang on, or NO_HOME. */
static uint32_t largest_submap(const classical *c)
{
    const world *w = &c->world;
    uint32_t *count = omma_new_array(uint32_t, c->submaps + 1), best = 0;

    for (size_t i = 0; i < w->record_count; i++)
        if (w->records[i].posed && ++count[w->records[i].submap] > count[best])
            best = w->records[i].submap;
    const bool any = count[best] > 0;
    free(count);
    return any ? best : NO_HOME;
}

static void cut_patches(classical *c, const omma_tracker_memory *m)
{
    world *w = &c->world;
    omma_pyramid p = {0};
    uint32_t without = 0;

    for (uint32_t k = 0; m->picture && k < w->keyframe_count; k++) {
        omma_frame *picture = NULL;
        if (!w->keyframes[k].posed)
            continue;
        if (m->picture(m->user, k, &picture) == OMMA_OK && picture->width == w->camera.width &&
            picture->height == w->camera.height &&
            omma_pyramid_build(&p, picture, KLT_LEVELS) == OMMA_OK)
            world_cut_patches(w, k, &p);
        else
            without++;
        omma_frame_unref(&picture);
    }
    omma_pyramid_finish(&p);
    if (without)
        omma_warn(c->log,
                  "%" PRIu32 " keyframes of the map have no picture: what they saw is recognised "
                  "at the end, not at once",
                  without);
}

/* Everything was told when it was made; where it stood is remembered. */
static void remember_home(classical *c)
{
    const world *w = &c->world;

    omma_grow((void **)&c->told, &c->told_capacity, w->keyframe_count + 1, sizeof(omma_sim3));
    for (size_t i = 0; i < w->keyframe_count; i++) {
        const omma_se3 back = omma_se3_inverse(&w->keyframes[i].camera_from_world);
        c->told[i] = omma_sim3_from_se3(&back, w->keyframes[i].unit);
    }
    c->told_count = (uint32_t)w->keyframe_count;
    c->old_frame = old_frame_remember(w, c->home);
}

/* Lost, with a home to come back to. */
static void await_recognition(classical *c)
{
    world *w = &c->world;

    w->first = (uint32_t)w->record_count;
    w->submap = c->submaps;
    c->has_map = false;
    c->status = OMMA_STATUS_LOST;
    c->next_global = (uint32_t)(w->keyframe_count * 3 / 2 + 1);
    c->cell = cell_for(&w->camera, c->options.features);
}

static bool same_camera(const omma_camera *a, const omma_camera *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height &&
           a->fx == b->fx && a->fy == b->fy && a->cx == b->cx && a->cy == b->cy &&
           memcmp(a->k, b->k, sizeof(a->k)) == 0;
}

omma_error classical_restore(void *self, const omma_tracker_memory *m, tracker_start *start)
{
    classical *c = self;
    const world *w = &c->world;
    omma_byte_reader r = {.at = m->data, .left = m->bytes};

    omma_error err = take_state(c, &r);
    if (!err) {
        c->home = largest_submap(c);
        if (c->home == NO_HOME)
            err = omma_fail(OMMA_FORMAT, "none of its frames has a pose");
    }
    if (!err && c->camera_known && !same_camera(&c->given_camera, &w->camera))
        err = omma_fail(OMMA_INVALID, "the map was made with another camera than the one given");
    if (err)
        return err;
    cut_patches(c, m);
    remember_home(c);
    await_recognition(c);
    *start =
        (tracker_start){w->camera.width, w->camera.height, w->records[w->record_count - 1].time_ns};
    return OMMA_OK;
}

/* ------------------------------------------------------------------------------------- locate */

omma_error classical_locate(void *self, const omma_frame *frame, const omma_camera *camera,
                            omma_tracker_place *out)
{
    classical *c = self;
    world *w = &c->world;
    omma_pyramid p = {0};
    sight_list sights = {0};

    if (!c->submaps)
        return omma_fail(OMMA_DEGENERATE, "there is no map yet in which to look");
    omma_camera own = w->camera;
    omma_error err = camera ? OMMA_OK : omma_camera_fit(&own, frame->width, frame->height);
    if (!err)
        err = omma_pyramid_build(&p, frame, KLT_LEVELS);
    if (err)
        return err;
    localization l =
        relocate_foreign(w, &c->follower, &p, camera ? camera : &own, CANDIDATES, c->options.seed, &sights);
    if (l.good) {
        *out = (omma_tracker_place){.world_from_camera = omma_se3_inverse(&l.camera_from_world),
                                    .inliers = l.mature_inliers,
                                    .matches = l.mature};
        for (size_t i = 0; i < sights.count; i++)
            if (!sights.item[i].outlier)
                out->submap = w->keyframes[w->features[sights.item[i].feature].anchor].submap;
    } else {
        err = omma_fail(OMMA_NOT_FOUND, "nothing in the map looks like it");
    }
    omma_pyramid_finish(&p);
    free(sights.item);
    return err;
}
