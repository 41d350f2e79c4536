/* SPDX-License-Identifier: Apache-2.0 */
#include "cull.h"

#include "adjust.h"

#include <stdlib.h>

enum {
    NEWEST = 3,      /* keyframes that are still growing into the map */
    OTHERS = 3,      /* keyframes that must see a point for one more to add nothing */
    REDUNDANT = 90,  /* percent of such points */
    MIN_SHARED = 15, /* points that make two keyframes neighbours */
    LINK = 50        /* percent of its points that its neighbours in time must still share */
};

static bool stands(const world *w, uint32_t k, uint32_t submap)
{
    const keyframe *key = &w->keyframes[k];
    return key->posed && !key->culled && key->submap == submap;
}

/* The keyframe of the same submap before (-1) or after (1) k; k when there is none. */
static uint32_t beside(const world *w, uint32_t k, int direction)
{
    for (int64_t i = (int64_t)k + direction; i >= 0 && i < (int64_t)w->keyframe_count;
         i += direction)
        if (stands(w, (uint32_t)i, w->keyframes[k].submap))
            return (uint32_t)i;
    return k;
}

static size_t standing(const world *w, uint32_t submap)
{
    size_t n = 0;
    for (size_t i = 0; i < w->keyframe_count; i++)
        n += stands(w, (uint32_t)i, submap);
    return n;
}

static bool sees(const feature *f, uint32_t k)
{
    float x, y;
    return feature_sight_in(f, k, &x, &y);
}

static bool is_redundant(const world *w, uint32_t k)
{
    const keyframe *key = &w->keyframes[k];
    const uint32_t before = beside(w, k, -1), after = beside(w, k, 1);
    uint32_t points = 0, covered = 0, linked = 0;

    if (before == k || after == k)
        return false;
    for (uint32_t i = 0; i < key->feature_count; i++) {
        const feature *f = &w->features[key->features[i]];
        if (f->state != FEATURE_MATURE || !sees(f, k))
            continue;
        points++;
        covered += f->seen_count >= OTHERS; /* with the anchor, without k */
        linked += sees(f, before) && sees(f, after);
    }
    return covered * 100 >= points * REDUNDANT && linked * 100 >= points * LINK;
}

static void forget_sight(feature *f, uint32_t k)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < f->seen_count; i++)
        if (f->seen[i].keyframe != k)
            f->seen[kept++] = f->seen[i];
    f->seen_count = kept;
}

/* Another keyframe holds it, the depth told anew from there. false when there is none. */
static bool hand_over(const world *w, feature *f)
{
    const uint32_t old = f->anchor;
    double px[2], depth;

    for (uint32_t i = 0; i < f->seen_count; i++) {
        const uint32_t k = f->seen[i].keyframe;
        if (!stands(w, k, w->keyframes[old].submap) ||
            !feature_project(w, f, &w->keyframes[k].camera_from_world, px, NULL, &depth))
            continue;
        const double sigma = f->rho_sigma / f->rho;
        if (!feature_hold_by(w, f, k))
            continue;
        f->rho = 1 / depth;
        f->rho_sigma = sigma * f->rho;
        forget_sight(f, old);
        return true;
    }
    return false;
}

static void cull(world *w, uint32_t k)
{
    keyframe *key = &w->keyframes[k];
    const uint32_t before = beside(w, k, -1);

    for (uint32_t i = 0; i < key->feature_count; i++) {
        feature *f = &w->features[key->features[i]];
        if (f->state == FEATURE_DEAD)
            continue;
        if (f->anchor != k)
            forget_sight(f, k);
        else if (!hand_over(w, f))
            feature_kill(f);
    }
    for (size_t i = 0; i < w->record_count; i++) {
        record *r = &w->records[i];
        if (r->keyframe != (int32_t)k)
            continue;
        omma_se3 pose = world_record_pose(w, r);
        pose = omma_se3_inverse(&pose);
        world_set_record_pose(w, r, before, &pose);
    }
    free(key->features);
    key->features = NULL;
    key->feature_count = key->feature_capacity = 0;
    key->posed = false;
    key->culled = true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

size_t cull_around(world *w, uint32_t k, size_t few, uint32_t *out, size_t max)
{
    enum { AROUND = 20 };
    uint32_t near[AROUND];
    const size_t n = adjust_neighbours(w, k, MIN_SHARED, near, AROUND);
    size_t count = 0;

    qsort(near, n, sizeof(*near), by_number);
    for (size_t i = 0; i < n && count < max && standing(w, w->keyframes[k].submap) > few; i++)
        if (near[i] + NEWEST < w->keyframe_count && is_redundant(w, near[i])) {
            cull(w, near[i]);
            out[count++] = near[i];
        }
    return count;
}
