/* SPDX-License-Identifier: Apache-2.0 */
#include "old_frame.h"

#include "world_move.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

old_frame old_frame_remember(const world *w, uint32_t submap)
{
    old_frame o = {.pose = omma_new_array(omma_se3, w->keyframe_count + 1),
                   .counts = omma_new_array(uint8_t, w->keyframe_count + 1),
                   .count = (uint32_t)w->keyframe_count};

    for (uint32_t i = 0; i < o.count; i++) {
        const keyframe *k = &w->keyframes[i];
        o.pose[i] = k->camera_from_world;
        o.counts[i] = k->posed && !k->culled && k->submap == submap;
    }
    while (o.record + 1 < w->record_count &&
           !(w->records[o.record].posed && w->records[o.record].submap == submap))
        o.record++;
    return o;
}

void old_frame_finish(old_frame *o)
{
    free(o->pose);
    free(o->counts);
    *o = (old_frame){0};
}

/* Nearest rotation of a sum of rotations. Source: Higham, "Computing the polar decomposition", SIAM
 * J. Sci. Stat. Comput. 7, 1986 (Newton's iteration). */
static bool nearest_rotation(double M[9])
{
    for (int step = 0; step < 30; step++) {
        const double cofactor[9] = {
            M[4] * M[8] - M[5] * M[7], M[5] * M[6] - M[3] * M[8], M[3] * M[7] - M[4] * M[6],
            M[2] * M[7] - M[1] * M[8], M[0] * M[8] - M[2] * M[6], M[1] * M[6] - M[0] * M[7],
            M[1] * M[5] - M[2] * M[4], M[2] * M[3] - M[0] * M[5], M[0] * M[4] - M[1] * M[3]};
        const double det = M[0] * cofactor[0] + M[1] * cofactor[1] + M[2] * cofactor[2];
        if (!(det > 1e-12))
            return false;
        for (int i = 0; i < 9; i++)
            M[i] = 0.5 * (M[i] + cofactor[i] / det);
    }
    return true;
}

/* The same cameras then and now. */
typedef struct fit {
    double then[3], now[3];         /* mean centres */
    double then_spread, now_spread; /* squared distances from them, summed */
    double R[9];                    /* then_from_now, summed */
    size_t n;
} fit;

static void add_squares(double *sum, const double x[3], const double mean[3])
{
    for (int i = 0; i < 3; i++)
        *sum += (x[i] - mean[i]) * (x[i] - mean[i]);
}

static bool is_common(const old_frame *o, const world *w, uint32_t i, uint32_t submap)
{
    const keyframe *k = &w->keyframes[i];
    return o->counts[i] && k->posed && !k->culled && k->submap == submap;
}

static void add_means(const old_frame *o, const world *w, uint32_t submap, fit *f)
{
    for (uint32_t i = 0; i < o->count; i++) {
        if (!is_common(o, w, i, submap))
            continue;
        const omma_se3 *camera_from_now = &w->keyframes[i].camera_from_world;
        const omma_se3 now = omma_se3_inverse(camera_from_now);
        const omma_se3 then = omma_se3_inverse(&o->pose[i]);
        const omma_se3 then_from_now = omma_se3_mul(&then, camera_from_now);
        for (int k = 0; k < 9; k++)
            f->R[k] += then_from_now.R[k];
        for (int k = 0; k < 3; k++) {
            f->then[k] += then.t[k];
            f->now[k] += now.t[k];
        }
        f->n++;
    }
    for (int k = 0; k < 3 && f->n; k++) {
        f->then[k] /= (double)f->n;
        f->now[k] /= (double)f->n;
    }
}

static void add_spreads(const old_frame *o, const world *w, uint32_t submap, fit *f)
{
    for (uint32_t i = 0; i < o->count; i++) {
        if (!is_common(o, w, i, submap))
            continue;
        const omma_se3 now = omma_se3_inverse(&w->keyframes[i].camera_from_world);
        const omma_se3 then = omma_se3_inverse(&o->pose[i]);
        add_squares(&f->now_spread, now.t, f->now);
        add_squares(&f->then_spread, then.t, f->then);
    }
}

/* Turns tell the rotation, for the path may be a straight line; how far the centres lie apart tells
 * the scale, and their means the place. */
void old_frame_restore(const old_frame *o, world *w)
{
    fit f = {.n = 0};

    if (!o->pose || !w->records[o->record].posed)
        return;
    const uint32_t submap = w->records[o->record].submap;
    add_means(o, w, submap, &f);
    if (!f.n || !nearest_rotation(f.R))
        return;
    add_spreads(o, w, submap, &f);
    const bool spread = f.now_spread > 1e-20 && f.then_spread > 1e-20;
    omma_sim3 then_from_now = {.s = spread ? sqrt(f.then_spread / f.now_spread) : 1};
    double moved[3];
    memcpy(then_from_now.R, f.R, sizeof(f.R));
    omma_sim3_apply(&then_from_now, f.now, moved);
    for (int k = 0; k < 3; k++)
        then_from_now.t[k] = f.then[k] - moved[k];
    world_move_submap(w, submap, submap, &then_from_now);
}
