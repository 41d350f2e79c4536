/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of bundle adjustment share: a scene, as it is and as it is guessed to be. Stands
 * behind check.h. */
#pragma once

#include <omma/geometry.h>

#include <math.h>
#include <stdlib.h>

enum { POSES_MAX = 24, POINTS_MAX = 600, OBSERVATIONS_MAX = POSES_MAX * POINTS_MAX };

/* A camera that flies sideways and forward past a cloud of points; truth and a disturbed start. */
typedef struct scene {
    omma_camera camera, true_camera;
    omma_se3 pose[POSES_MAX], true_pose[POSES_MAX];
    omma_bundle_point point[POINTS_MAX];
    double true_rho[POINTS_MAX];
    omma_bundle_observation observation[OBSERVATIONS_MAX];
    uint8_t fixed[POSES_MAX];
    size_t poses, points, observations;
} scene;

typedef struct scene_options {
    size_t poses, points;
    double noise_px, disturb; /* of poses (rad, units) and of depths (share) */
    double k1, k2;
    omma_camera_model model;
    uint64_t seed;
} scene_options;

static inline omma_se3 disturbed(const omma_se3 *T, double size, uint64_t *seed)
{
    double xi[6];
    for (int i = 0; i < 6; i++)
        xi[i] = size * omma_random_normal(seed);
    const omma_se3 d = omma_se3_exp(xi);
    return omma_se3_mul(&d, T);
}

/* Sees world in every pose; one view, early or late, is the anchor and exact by definition. */
static inline void observe(scene *s, const double world[3], double noise_px, double disturb,
                           uint64_t *seed)
{
    const uint32_t index = (uint32_t)s->points;
    uint32_t seen[POSES_MAX], count = 0;
    double px[POSES_MAX][2], X[3];
    for (uint32_t t = 0; t < s->poses; t++) {
        double *p = px[count];
        omma_se3_apply(s->true_pose + t, world, X);
        if (omma_camera_project(&s->true_camera, X, p, NULL) && p[0] >= 0 && p[1] >= 0 &&
            p[0] <= s->camera.width - 1 && p[1] <= s->camera.height - 1)
            seen[count++] = t;
    }
    if (count < 3)
        return;
    const uint32_t anchor = index % 3 == 0 ? 0 : index % count;
    omma_se3_apply(s->true_pose + seen[anchor], world, X);
    s->true_rho[index] = 1 / X[2];
    s->point[index] = (omma_bundle_point){
        .anchor = seen[anchor],
        .anchor_px = {px[anchor][0], px[anchor][1]},
        .inverse_depth = exp(disturb * omma_random_normal(seed)) / X[2],
    };
    for (uint32_t i = 0; i < count; i++) {
        if (i == anchor)
            continue;
        s->observation[s->observations++] = (omma_bundle_observation){
            .pose = seen[i],
            .point = index,
            .px = {(float)(px[i][0] + noise_px * omma_random_normal(seed)),
                   (float)(px[i][1] + noise_px * omma_random_normal(seed))},
            .inverse_sigma = noise_px > 0 ? (float)(1 / noise_px) : 1,
        };
    }
    s->points++;
}

static inline scene *scene_make(const scene_options *o)
{
    scene *s = omma_new(scene);
    uint64_t seed = o->seed + 1;
    const double f = o->model == OMMA_CAMERA_FISHEYE ? 300 : 525;
    s->true_camera = (omma_camera){o->model, 640, 480, f, 1.01 * f, 322, 237, {o->k1, o->k2}};
    s->camera = s->true_camera;
    s->poses = o->poses;
    for (size_t i = 0; i < o->poses; i++) {
        const double u = (double)i / (double)o->poses;
        const double phi[3] = {0.1 * sin(5 * u), 0.2 * sin(3 * u + 1), 0.1 * cos(4 * u)};
        const double centre[3] = {2 * u, 0.3 * sin(6 * u), 0.8 * u};
        omma_se3 *T = s->true_pose + i;
        omma_so3_exp(phi, T->R);
        for (int r = 0; r < 3; r++)
            T->t[r] = -(T->R[3 * r] * centre[0] + T->R[3 * r + 1] * centre[1] +
                        T->R[3 * r + 2] * centre[2]);
        s->fixed[i] = i < 2;
        s->pose[i] = s->fixed[i] ? *T : disturbed(T, o->disturb, &seed);
    }
    for (int tries = 0; s->points < o->points && tries < 100000; tries++) {
        const double world[3] = {8 * omma_random_unit(&seed) - 3, 6 * omma_random_unit(&seed) - 3,
                                 2.5 + 6 * omma_random_unit(&seed)};
        observe(s, world, o->noise_px, 5 * o->disturb, &seed);
    }
    return s;
}

static inline omma_bundle_problem problem_of(scene *s)
{
    return (omma_bundle_problem){
        .camera = &s->camera,
        .camera_from_world = s->pose,
        .pose_fixed = s->fixed,
        .pose_count = s->poses,
        .points = s->point,
        .point_count = s->points,
        .observations = s->observation,
        .observation_count = s->observations,
    };
}

/* Leaves the observations whose pose is from to to after the anchor. */
static inline void keep_between(scene *s, int from, int to)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->observations; i++) {
        const omma_bundle_observation o = s->observation[i];
        const int after = (int)o.pose - (int)s->point[o.point].anchor;
        if (after >= from && after <= to)
            s->observation[kept++] = o;
    }
    s->observations = kept;
}
