/* SPDX-License-Identifier: Apache-2.0 */
/* A room that a camera comes back to after drifting: the same points, held by two sets of features
 * that know nothing of each other. Stands behind check.h. */
#pragma once

#include "loop_view.h"
#include "sights_fixture.h"

enum { FIXTURE_POINTS = 250, FIXTURE_KEYS = 4 };

typedef struct visits {
    world world;
    follower follower;
    double point[3 * FIXTURE_POINTS];
    uint8_t look[FIXTURE_POINTS][DESCRIPTOR_BYTES];
    uint64_t seed;
} visits;

static CHECK_UNUSED void visits_make(visits *v, uint64_t seed)
{
    *v = (visits){.world = {.camera = fixture_camera()}, .seed = seed};
    follower_init(&v->follower, omma_cpu_flags());
    fixture_cloud(v->point, FIXTURE_POINTS, 2, 8, seed);
    for (int i = 0; i < FIXTURE_POINTS; i++)
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            v->look[i][b] = (uint8_t)omma_random_u64(&v->seed);
}

static CHECK_UNUSED omma_se3 visit_place(double i)
{
    return fixture_pose(0.15 * i, 0.05 * sin(i), 0.03 * i, 0, -0.03 * i, 0.02 * i);
}

/* The keyframe as the drifted world has it: world_drifted_from_world is a similarity. */
static CHECK_UNUSED omma_se3 visit_drifted(const omma_se3 *T, const omma_sim3 *drift)
{
    const omma_se3 back = omma_se3_inverse(T);
    const omma_sim3 old = omma_sim3_from_se3(&back, 1), now = omma_sim3_mul(drift, &old);
    omma_se3 world_from_camera;
    memcpy(world_from_camera.R, now.R, sizeof(now.R));
    memcpy(world_from_camera.t, now.t, sizeof(now.t));
    return omma_se3_inverse(&world_from_camera);
}

/* Keyframes from visit_place(first) on, with features of their own. drift: what the tracker
 * believes of the world. shift: the points have the looks of others; wrong: bits of each look. */
static CHECK_UNUSED void visits_add(visits *v, double first, const omma_sim3 *drift, size_t shift,
                                    int wrong)
{
    world *w = &v->world;
    int64_t own[FIXTURE_POINTS];

    memset(own, 0xff, sizeof(own));
    for (int k = 0; k < FIXTURE_KEYS; k++) {
        const omma_se3 T = visit_place(first + k), told = visit_drifted(&T, drift);
        const uint32_t key = fixture_keyframe(w, &told, true);
        sight sights[FIXTURE_POINTS];
        size_t n = 0;
        for (uint32_t i = 0; i < FIXTURE_POINTS; i++) {
            double px[2], c[3];
            if (!fixture_see(&w->camera, &T, NULL, 0, v->point + (size_t)3 * i, px) ||
                omma_random_unit(&v->seed) < 0.3) /* no keyframe notes everything */
                continue;
            px[0] += 0.3 * omma_random_normal(&v->seed);
            px[1] += 0.3 * omma_random_normal(&v->seed);
            if (own[i] >= 0) {
                fixture_observe(w, (uint32_t)own[i], key, px);
            } else {
                omma_se3_apply(&T, v->point + (size_t)3 * i, c);
                const double rho = 1 / (c[2] * drift->s);
                own[i] = fixture_feature(w, key, px, rho, 0.02 * rho, FEATURE_MATURE);
                uint8_t *look = w->features[own[i]].descriptor;
                memcpy(look, v->look[(i + shift) % FIXTURE_POINTS], DESCRIPTOR_BYTES);
                for (int b = 0; b < wrong; b++) {
                    const uint32_t bit = omma_random_below(&v->seed, 256);
                    look[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
            }
            sights[n++] = fixture_sight(w, (uint32_t)own[i], px);
        }
        fixture_give_sights(&w->records[w->keyframes[key].frame], sights, n);
    }
}

static CHECK_UNUSED omma_sim3 visit_drift(void)
{
    return omma_sim3_exp((double[7]){0.2, -0.05, 0.1, 0.02, 0.05, -0.03, 0.1});
}
