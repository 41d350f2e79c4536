/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse.h"

static void fuse_sight(world *w, uint32_t into, const observation *o)
{
    float x, y;
    feature *f = &w->features[into];
    if (!w->keyframes[o->keyframe].posed || feature_sight_in(f, o->keyframe, &x, &y))
        return;
    feature_add_observation(f, o);
    keyframe_add_feature(&w->keyframes[o->keyframe], into);
}

void feature_fuse(world *w, uint32_t from, uint32_t into)
{
    feature *f = &w->features[from];
    const observation anchor = {f->anchor, f->x,      f->y,
                                f->roll_x, f->roll_y, sight_inverse_sigma(f->level)};
    if (from == into || w->features[into].state == FEATURE_DEAD)
        return;
    fuse_sight(w, into, &anchor);
    for (uint32_t i = 0; i < f->seen_count; i++)
        fuse_sight(w, into, &f->seen[i]);
    feature_kill(f);
}
