/* SPDX-License-Identifier: Apache-2.0 */
#include "known_corners.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool wide_view_is_usable(const world *w, const wide_view *v, uint32_t submap)
{
    const keyframe *k = &w->keyframes[v->keyframe];
    return k->posed && !k->culled && k->submap == submap;
}

void essential_of_motion(const omma_se3 *b_from_a, double E[9])
{
    const double *t = b_from_a->t, *R = b_from_a->R;
    for (int c = 0; c < 3; c++) {
        E[c] = t[1] * R[6 + c] - t[2] * R[3 + c];
        E[3 + c] = t[2] * R[c] - t[0] * R[6 + c];
        E[6 + c] = t[0] * R[3 + c] - t[1] * R[c];
    }
}

/* The features that the map already has at a view's corners. */
static void name_corners(const world *w, const wide_view *v, known_corner *known)
{
    const keyframe *key = &w->keyframes[v->keyframe];

    for (size_t i = 0; i < v->corners.n; i++)
        known[i] = (known_corner){.feature = NO_FEATURE};
    for (uint32_t i = 0; i < key->feature_count; i++) {
        const feature *f = &w->features[key->features[i]];
        float x, y;
        if (f->state == FEATURE_DEAD || !feature_sight_in(f, v->keyframe, &x, &y))
            continue;
        for (size_t j = 0; j < v->corners.n; j++) {
            const sight *s = &v->corners.places[j];
            const float reach = v->corners.scale[j];
            if (fabsf(s->ux - x) > reach || fabsf(s->uy - y) > reach)
                continue;
            if (known[j].feature == NO_FEATURE || f->state == FEATURE_MATURE)
                known[j].feature = key->features[i];
            if (f->state == FEATURE_MATURE && feature_world(w, f, known[j].world))
                known[j].parallax = 1;
        }
    }
}

static double ray_angle(const omma_se3 *b_from_a, const double *xa, const double *xb)
{
    const double *R = b_from_a->R;
    double p[3], dot = 0, pp = 0;
    const double b[3] = {xb[0], xb[1], 1};

    for (int i = 0; i < 3; i++) {
        p[i] = R[3 * i] * xa[0] + R[3 * i + 1] * xa[1] + R[3 * i + 2];
        dot += p[i] * b[i];
        pp += p[i] * p[i];
    }
    return acos(fmin(1, dot / sqrt(pp * (b[0] * b[0] + b[1] * b[1] + 1))));
}

/* Depths of a view's corners from another view, both of known pose. */
static void lift_corners(const world *w, const wide_view *views, int a, int b, known_corner *known)
{
    const described *A = &views[a].corners, *B = &views[b].corners;
    const omma_se3 *pose_a = &w->keyframes[views[a].keyframe].camera_from_world;
    const omma_se3 world_from_a = omma_se3_inverse(pose_a);
    const omma_se3 b_from_a =
        omma_se3_mul(&w->keyframes[views[b].keyframe].camera_from_world, &world_from_a);
    described_pair *pairs = omma_new_array(described_pair, A->n + 1);
    double E[9], point[3], q[3];

    essential_of_motion(&b_from_a, E);
    size_t n = described_match_along(w, A, B, E, 2, pairs);
    for (size_t i = 0; i < n; i++) {
        const double *xa = A->ray + 2 * pairs[i].a, *xb = B->ray + 2 * pairs[i].b;
        known_corner *k = &known[pairs[i].a];
        double parallax = ray_angle(&b_from_a, xa, xb);
        if (parallax < 0.012 || parallax <= k->parallax ||
            !omma_triangulate_two(&b_from_a, xa, xb, point))
            continue;
        omma_se3_apply(&b_from_a, point, q);
        if (hypot(point[0] / point[2] - xa[0], point[1] / point[2] - xa[1]) > 2 / w->camera.fx ||
            hypot(q[0] / q[2] - xb[0], q[1] / q[2] - xb[1]) > 2 / w->camera.fx)
            continue;
        omma_se3_apply(&world_from_a, point, k->world);
        k->parallax = parallax;
        k->by = b;
        k->other = pairs[i].b;
    }
    free(pairs);
}

/* What is known at the corners of a view, from the map and from its two nearest neighbours. */
known_corner *known_corners(const world *w, const wide_view *views, int count, int view,
                            uint32_t submap)
{
    known_corner *known = omma_new_array(known_corner, views[view].corners.n + 1);
    int tried = 0;

    name_corners(w, &views[view], known);
    for (int d = 1; d < count && tried < 2; d++)
        for (int side = 1; side >= -1; side -= 2) {
            int other = view + side * d;
            if (other < 0 || other >= count || tried == 2 ||
                !wide_view_is_usable(w, &views[other], submap))
                continue;
            lift_corners(w, views, view, other, known);
            tried++;
        }
    return known;
}
