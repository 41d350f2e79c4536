/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time of one iteration of bundle adjustment for the two sizes that the tracker has: its local
 * window, and all keyframes of a clip with focal length and k1 free. bundle_bench [REPEATS] */
#include <omma/geometry.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct scene {
    omma_camera camera;
    omma_se3 *pose;
    uint8_t *fixed;
    omma_bundle_point *point;
    omma_bundle_observation *observation;
    size_t poses, points, observations;
} scene;

/* A camera flies sideways along a band of points and sees each in views consecutive poses. */
static void scene_init(scene *s, size_t poses, size_t fixed, size_t points, size_t views)
{
    uint64_t seed = 1;
    *s = (scene){.camera = {OMMA_CAMERA_PINHOLE, 1280, 720, 900, 900, 639.5, 359.5, {-0.03}}};
    s->poses = poses;
    s->pose = omma_new_array(omma_se3, poses);
    s->fixed = omma_new_array(uint8_t, poses);
    s->point = omma_new_array(omma_bundle_point, points);
    s->observation = omma_new_array(omma_bundle_observation, points * views);
    for (size_t i = 0; i < poses; i++) {
        const double xi[6] = {
            -0.2 * (double)i,      0.1 * sin(0.3 * (double)i), 0,
            0.02 * sin((double)i), 0.02 * cos((double)i),      0.01 * sin(0.7 * (double)i)};
        s->pose[i] = omma_se3_exp(xi);
        s->fixed[i] = i < fixed;
    }
    while (s->points < points) {
        const uint32_t anchor = omma_random_below(&seed, (uint32_t)(poses - 2));
        const double z = 4 + 6 * omma_random_unit(&seed);
        const double px[2] = {1279 * omma_random_unit(&seed), 719 * omma_random_unit(&seed)};
        double xy[2], world[3], X[3], seen[2];
        if (!omma_camera_unproject(&s->camera, px, xy))
            continue;
        const omma_se3 world_from_anchor = omma_se3_inverse(s->pose + anchor);
        omma_se3_apply(&world_from_anchor, (double[3]){xy[0] * z, xy[1] * z, z}, world);
        s->point[s->points] = (omma_bundle_point){
            .anchor = anchor, .anchor_px = {px[0], px[1]}, .inverse_depth = 1.05 / z};
        for (uint32_t t = anchor + 1; t < poses && t < anchor + views; t++) {
            omma_se3_apply(s->pose + t, world, X);
            if (!omma_camera_project(&s->camera, X, seen, NULL))
                continue;
            s->observation[s->observations++] =
                (omma_bundle_observation){.pose = t,
                                          .point = (uint32_t)s->points,
                                          .inverse_sigma = 1,
                                          .px = {(float)(seen[0] + omma_random_normal(&seed)),
                                                 (float)(seen[1] + omma_random_normal(&seed))}};
        }
        s->points++;
    }
    for (size_t i = fixed; i < poses; i++) {
        double xi[6];
        for (int j = 0; j < 6; j++)
            xi[j] = 0.003 * omma_random_normal(&seed);
        const omma_se3 d = omma_se3_exp(xi);
        s->pose[i] = omma_se3_mul(&d, s->pose + i);
    }
}

static void measure(const char *name, size_t poses, size_t fixed, size_t points, size_t views,
                    unsigned free_camera, int repeats)
{
    scene s;
    scene_init(&s, poses, fixed, points, views);
    double *ms = omma_new_array(double, (size_t)repeats);
    omma_se3 *pose = omma_new_array(omma_se3, poses);
    omma_bundle_point *point = omma_new_array(omma_bundle_point, points);
    omma_bundle_result result = {0};
    int iterations = 0;
    double focal = 0;
    for (int i = 0; i < repeats; i++) {
        omma_camera camera = s.camera;
        for (size_t j = 0; j < poses; j++)
            pose[j] = s.pose[j];
        for (size_t j = 0; j < points; j++)
            point[j] = s.point[j];
        const omma_bundle_problem p = {&camera, pose,   s.fixed,       poses,
                                       point,   points, s.observation, s.observations};
        const omma_bundle_options o = {
            .free_camera = free_camera, .min_decrease = 1e-9, .k_prior_sigma = 0.3};
        const int64_t start = omma_clock_thread_ns();
        if (omma_bundle_adjust(&p, &o, NULL, &result)) {
            fprintf(stderr, "%s: %s\n", name, omma_why());
            exit(1);
        }
        ms[i] = 1e-6 * (double)(omma_clock_thread_ns() - start) / result.iterations;
        iterations = result.iterations;
        focal = camera.fx;
    }
    omma_sort(ms, (size_t)repeats);
    printf("%-8s %3zu poses (%zu fixed) %5zu points %6zu observations: %8.3f ms per iteration "
           "(%.3f-%.3f), %d iterations, rms %.3f px, f %.2f +- %.2f\n",
           name, poses, fixed, points, s.observations, ms[repeats / 2], ms[0], ms[repeats - 1],
           iterations, result.rms_px, focal, result.focal_sigma_px);
    free(ms), free(pose), free(point);
    free(s.pose), free(s.fixed), free(s.point), free(s.observation);
}

int main(int argc, char **argv)
{
    const int repeats = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 5;
    const unsigned camera = OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1;
    measure("local", 25, 15, 1500, 7, 0, 10 * repeats);
    measure("global", 100, 1, 15000, 8, camera, repeats);
    measure("global", 300, 1, 20000, 6, camera, repeats);
    measure("dense", 300, 1, 1000, 300, camera, 1); /* every pose linked to every other */
    return 0;
}
