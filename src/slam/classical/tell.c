/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tell(classical *c, uint32_t r, bool retroactive)
{
    world *w = &c->world;
    record *rec = &w->records[r];
    omma_view v = {.frame_index = rec->index,
                   .time_ns = rec->time_ns,
                   .status = rec->status,
                   .has_pose = rec->posed,
                   .retroactive = retroactive,
                   .submap = rec->posed ? rec->submap : w->submap,
                   .camera = w->camera,
                   .inliers = 0,
                   .keyframe_from_camera = omma_se3_identity(),
                   .world_from_keyframe = omma_sim3_identity()};
    if (rec->posed) {
        const keyframe *k = &w->keyframes[rec->keyframe];
        omma_se3 world_from_k = omma_se3_inverse(&k->camera_from_world);
        v.keyframe = (uint32_t)rec->keyframe;
        v.keyframe_from_camera = rec->keyframe_from_camera;
        for (int i = 0; i < 3; i++)
            v.keyframe_from_camera.t[i] /= k->unit;
        v.world_from_keyframe = omma_sim3_from_se3(&world_from_k, k->unit);
        v.is_keyframe = k->frame == r;
        for (uint32_t i = 0; i < rec->sight_count; i++)
            v.inliers += !rec->sights[i].outlier;
    }
    omma_grow((void **)&c->views, &c->view_capacity, c->view_count + 1, sizeof(omma_view));
    c->views[c->view_count++] = v;
    rec->told = rec->keyframe;
}

static int by_frame(const void *a, const void *b)
{
    const omma_view *p = a, *q = b;
    return p->frame_index < q->frame_index ? -1 : p->frame_index > q->frame_index;
}

/* Frames whose keyframe was culled hang on another one now. */
void tell_rehung(classical *c)
{
    const world *w = &c->world;

    if (!c->removed_count)
        return;
    for (uint32_t r = 0; r < w->record_count; r++)
        if (w->records[r].told != NO_INDEX && w->records[r].told != w->records[r].keyframe)
            tell(c, r, false);
    qsort(c->views, c->view_count, sizeof(*c->views), by_frame);
}

void take_depths(classical *c)
{
    dense_result m;

    while (c->dense && densify_pop(c->dense, &c->world, &m)) {
        omma_grow((void **)&c->depths, &c->depth_capacity, c->depth_count + 1, sizeof(m));
        c->depths[c->depth_count++] = m;
    }
}

/* The view told last gets the depth of its frame. */
static void attach(classical *c, const dense_result *m)
{
    omma_view *v = &c->views[c->view_count - 1];
    v->depth_width = m->width;
    v->depth_height = m->height;
    v->depth = m->depth;
    v->depth_error = m->error;
    v->depth_rgb = m->rgb;
}

void tell_depths(classical *c)
{
    take_depths(c);
    for (size_t i = 0; i < c->depth_count; i++) {
        tell(c, c->depths[i].frame, false);
        attach(c, &c->depths[i]);
    }
    if (c->depth_count)
        qsort(c->views, c->view_count, sizeof(*c->views), by_frame);
}

void tell_all(classical *c)
{
    for (uint32_t r = 0; r < c->world.record_count; r++) {
        if (r % ARCHIVE_STRIDE == 0)
            sight_archive_rest(c->world.archive);
        if (!c->world.records[r].posed)
            continue;
        tell(c, r, true);
        for (size_t i = 0; i < c->depth_count; i++)
            if (c->depths[i].frame == r)
                attach(c, &c->depths[i]);
    }
}

/* The last update is no longer borrowed. */
void forget_told(classical *c)
{
    while (c->depth_count)
        dense_result_finish(&c->depths[--c->depth_count]);
    c->view_count = c->correction_count = c->removed_count = 0;
}

/* Keyframes that stand elsewhere than when they were last told. */
void tell_corrections(classical *c)
{
    const world *w = &c->world;

    omma_grow((void **)&c->told, &c->told_capacity, w->keyframe_count + 1, sizeof(omma_sim3));
    for (uint32_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        const omma_se3 world_from_k = omma_se3_inverse(&k->camera_from_world);
        const omma_sim3 now = omma_sim3_from_se3(&world_from_k, k->unit);
        const bool is_new = i >= c->told_count;
        if (k->posed && !k->culled && (is_new || memcmp(&c->told[i], &now, sizeof(now)) != 0)) {
            omma_grow((void **)&c->corrections, &c->correction_capacity, c->correction_count + 1,
                      sizeof(omma_correction));
            c->corrections[c->correction_count++] = (omma_correction){i, k->submap, now};
        }
        c->told[i] = now;
    }
    c->told_count = (uint32_t)w->keyframe_count;
}
