/* SPDX-License-Identifier: Apache-2.0 */
#include "two_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_INLIERS = 40, MIN_KNOWN = 6 };

/* Features seen in both pictures, normalised. */
typedef struct shared_set {
    size_t n;
    double *last, *now; /* n x 2 */
    uint32_t *sight;    /* index in the new picture */
    uint8_t *inlier;
} shared_set;

static shared_set shared_make(const world *w, const record *last, const sight *sights, size_t n)
{
    shared_set s = {.last = omma_new_array(double, 4 * n + 1),
                    .sight = omma_new_array(uint32_t, n + 1),
                    .inlier = omma_new_array(uint8_t, n + 1)};
    uint32_t *slot = omma_new_array(uint32_t, w->feature_count + 1); /* 1 + sight in the last */

    s.now = s.last + 2 * n;
    for (uint32_t i = 0; i < last->sight_count; i++)
        slot[last->sights[i].feature] = i + 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t k = slot[sights[i].feature];
        if (!k)
            continue;
        const double a[2] = {last->sights[k - 1].ux, last->sights[k - 1].uy};
        const double b[2] = {sights[i].ux, sights[i].uy};
        if (!omma_camera_unproject(&w->camera, a, s.last + 2 * s.n) ||
            !omma_camera_unproject(&w->camera, b, s.now + 2 * s.n))
            continue;
        s.sight[s.n++] = (uint32_t)i;
    }
    free(slot);
    return s;
}

static void shared_free(shared_set *s)
{
    free(s->last);
    free(s->sight);
    free(s->inlier);
}

/* Length of the step, by the features whose depth is known; 0 when they are few or disagree. */
static double step_length(const world *w, const shared_set *s, const sight *sights,
                          const omma_se3 *pose_last, const double *points, const uint8_t *good,
                          uint32_t *known)
{
    double *ratio = omma_new_array(double, s->n + 1), length = 0;
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        const feature *f = &w->features[sights[s->sight[i]].feature];
        double px[2], depth;
        if (good[i] && s->inlier[i] && f->state == FEATURE_MATURE &&
            feature_project(w, f, pose_last, px, NULL, &depth))
            ratio[n++] = depth / points[3 * i + 2];
    }
    *known = (uint32_t)n;
    if (n >= MIN_KNOWN) {
        double median = omma_median(ratio, n), spread = ratio[n * 3 / 4] - ratio[n / 4];
        if (spread < 0.4 * median)
            length = median;
    }
    free(ratio);
    return length;
}

localization two_view_localize(const world *w, const record *last, sight *sights, size_t n,
                               uint64_t seed)
{
    localization out = {0};
    shared_set s = shared_make(w, last, sights, n);
    double E[9];
    omma_ransac_result result = {0};
    omma_error err = OMMA_INVALID;

    if (s.n >= MIN_INLIERS)
        err = omma_essential_ransac(s.last, s.now, s.n,
                                    &(omma_ransac_options){.threshold = 2 / w->camera.fx,
                                                           .max_iterations = 500,
                                                           .seed = seed},
                                    E, s.inlier, &result);
    if (!err && result.inliers >= MIN_INLIERS && result.inliers * 3 >= s.n) {
        omma_se3 four[4], pose_last = world_record_pose(w, last);
        double *points = omma_new_array(double, 3 * s.n);
        uint8_t *good = omma_new_array(uint8_t, s.n);
        size_t count;
        uint32_t known;

        pose_last = omma_se3_inverse(&pose_last);
        omma_essential_decompose(E, four);
        omma_se3 motion = four[omma_motion_choose(four, 4, s.last, s.now, s.n, 3 / w->camera.fx,
                                                  points, good, &count)];
        double length = step_length(w, &s, sights, &pose_last, points, good, &known);
        if (length > 0) {
            for (int k = 0; k < 3; k++)
                motion.t[k] *= length;
            out.camera_from_world = omma_se3_mul(&motion, &pose_last);
            out.good = true;
            out.mature = out.mature_inliers = known;
            out.inliers = (uint32_t)count;
            for (size_t i = 0; i < n; i++)
                sights[i].outlier = true;
            for (size_t i = 0; i < s.n; i++)
                sights[s.sight[i]].outlier = !(good[i] && s.inlier[i]);
        }
        free(points);
        free(good);
    }
    shared_free(&s);
    return out;
}
