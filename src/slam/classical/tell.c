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
        v.world_from_keyframe = omma_sim3_from_se3(&world_from_k, 1);
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

/* Keyframes that stand elsewhere than when they were last told. */
void tell_corrections(classical *c)
{
    const world *w = &c->world;

    omma_grow((void **)&c->told, &c->told_capacity, w->keyframe_count + 1, sizeof(omma_se3));
    for (uint32_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        bool is_new = i >= c->told_count;
        if (k->posed && !k->culled &&
            (is_new || memcmp(&c->told[i], &k->camera_from_world, sizeof(omma_se3)) != 0)) {
            omma_se3 world_from_k = omma_se3_inverse(&k->camera_from_world);
            omma_grow((void **)&c->corrections, &c->correction_capacity, c->correction_count + 1,
                      sizeof(omma_correction));
            c->corrections[c->correction_count++] =
                (omma_correction){i, k->submap, omma_sim3_from_se3(&world_from_k, 1)};
        }
        c->told[i] = k->camera_from_world;
    }
    c->told_count = (uint32_t)w->keyframe_count;
}
