/* SPDX-License-Identifier: Apache-2.0 */
#include "world_move.h"

#include <stdlib.h>
#include <string.h>

static void *copy_of(const void *from, size_t bytes)
{
    void *to = omma_new_bytes(bytes + 1, 1);
    if (bytes)
        memcpy(to, from, bytes);
    return to;
}

static feature copy_feature(const feature *from, bool with_patch)
{
    feature f = *from;
    f.patch = with_patch && from->patch ? copy_of(from->patch, PATCH_BYTES) : NULL;
    f.seen = copy_of(from->seen, from->seen_count * sizeof(*f.seen));
    f.seen_capacity = f.seen_count;
    return f;
}

world world_copy(const world *w, const uint8_t *patches)
{
    world c = *w;

    c.features = copy_of(w->features, w->feature_count * sizeof(*c.features));
    c.keyframes = copy_of(w->keyframes, w->keyframe_count * sizeof(*c.keyframes));
    c.records = copy_of(w->records, w->record_count * sizeof(*c.records));
    c.feature_capacity = c.feature_count;
    c.keyframe_capacity = c.keyframe_count;
    c.record_capacity = c.record_count;
    c.archive = NULL; /* it is the other world's */
    for (size_t i = 0; i < c.feature_count; i++)
        c.features[i] = copy_feature(&w->features[i], patches && patches[i]);
    for (size_t i = 0; i < c.keyframe_count; i++) {
        keyframe *k = &c.keyframes[i];
        k->features = copy_of(k->features, k->feature_count * sizeof(*k->features));
        k->feature_capacity = k->feature_count;
    }
    for (size_t i = 0; i < c.record_count; i++) {
        c.records[i].sights = NULL;
        c.records[i].sight_count = 0;
        c.records[i].archived = false;
    }
    return c;
}

static void move_keyframe(keyframe *k, const omma_sim3 *S)
{
    static const omma_sim3 stays = {.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .s = 1};

    k->unit *= S->s;
    if (!k->posed || memcmp(S, &stays, sizeof(stays)) == 0) /* not even rounding may move it */
        return;
    const omma_se3 back = omma_se3_inverse(&k->camera_from_world);
    const omma_sim3 old = omma_sim3_from_se3(&back, 1);
    const omma_sim3 now = omma_sim3_mul(S, &old);
    omma_se3 world_from_camera;
    memcpy(world_from_camera.R, now.R, sizeof(now.R));
    memcpy(world_from_camera.t, now.t, sizeof(now.t));
    k->camera_from_world = omma_se3_inverse(&world_from_camera);
}

void world_move(world *w, const omma_sim3 *moved)
{
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        f->rho /= moved[f->anchor].s;
        f->rho_sigma /= moved[f->anchor].s;
    }
    for (size_t i = 0; i < w->keyframe_count; i++)
        move_keyframe(&w->keyframes[i], &moved[i]);
    for (size_t i = 0; i < w->record_count; i++) {
        record *r = &w->records[i];
        if (!r->posed)
            continue;
        for (int c = 0; c < 3; c++)
            r->keyframe_from_camera.t[c] *= moved[r->keyframe].s;
    }
}

void world_rename_submap(world *w, uint32_t from, uint32_t into)
{
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].submap == from)
            w->keyframes[i].submap = into;
    for (size_t i = 0; i < w->record_count; i++)
        if (w->records[i].posed && w->records[i].submap == from)
            w->records[i].submap = into;
}

void world_move_submap(world *w, uint32_t own, uint32_t into, const omma_sim3 *into_from_own)
{
    omma_sim3 *moved = omma_new_array(omma_sim3, w->keyframe_count + 1);

    for (size_t i = 0; i < w->keyframe_count; i++)
        moved[i] = w->keyframes[i].submap == own ? *into_from_own : omma_sim3_identity();
    world_move(w, moved);
    world_rename_submap(w, own, into);
    free(moved);
}
