/* SPDX-License-Identifier: Apache-2.0 */
/** For the tests: a map whose truth is known. A camera goes around a coloured box on a rising
 * spiral, looking at its middle; it is lost for a while; a second submap has its own frames. */
#pragma once

#include <omma/map.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEST_FRAMES = 400,
    TEST_LOST_FROM = 200, /* frames 200..219 are lost */
    TEST_LOST_TO = 220,
    TEST_OTHER_FROM = 380, /* frames 380..399 are of submap 7 */
    TEST_EVERY = 10,       /* every tenth frame is a keyframe, whose id is 1000 + frame / 10 */
    TEST_FIRST_ID = 1000,
    TEST_SUBMAP = 3,
    TEST_OTHER_SUBMAP = 7,
    TEST_POINTS = 4000,
};

/* 2^53 ns and more do not fit into a double: exactness shows. */
#define TEST_TIME_NS(frame) (INT64_C(1700000000000000001) + (int64_t)(frame)*33333333)

static const omma_camera test_camera = {
    .model = OMMA_CAMERA_PINHOLE,
    .width = 640,
    .height = 480,
    .fx = 500,
    .fy = 500,
    .cx = 319.5,
    .cy = 239.5,
};

/* world_from_camera of a frame, y down. */
static inline omma_se3 test_pose(int frame)
{
    double angle = 4 * M_PI * frame / TEST_FRAMES, radius = 4 + 0.5 * sin(3 * angle);
    omma_se3 T = {
        .t = {radius * cos(angle), -1.5 - 1.5 * frame / TEST_FRAMES, radius * sin(angle)}};
    double z[3] = {-T.t[0], 0.3 - T.t[1], -T.t[2]},
           norm = sqrt(z[0] * z[0] + z[1] * z[1] + z[2] * z[2]);

    for (int k = 0; k < 3; k++)
        z[k] /= norm;
    double side = hypot(z[0], z[2]);
    double x[3] = {z[2] / side, 0, -z[0] / side}; /* (0, 1, 0) x z */
    double y[3] = {z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]};

    for (int k = 0; k < 3; k++) {
        T.R[3 * k] = x[k];
        T.R[3 * k + 1] = y[k];
        T.R[3 * k + 2] = z[k];
    }
    return T;
}

/* Keyframes have own scales, which must not be seen outside. */
static inline double test_scale(int keyframe)
{
    return 0.5 + 0.05 * keyframe;
}

static inline bool test_has_pose(int frame)
{
    return frame < TEST_LOST_FROM || frame >= TEST_LOST_TO;
}

static inline omma_view test_view(int frame)
{
    int keyframe = frame / TEST_EVERY;
    omma_se3 world_from_camera = test_pose(frame), anchor = test_pose(keyframe * TEST_EVERY);
    omma_sim3 world_from_keyframe = omma_sim3_from_se3(&anchor, test_scale(keyframe));
    omma_sim3 keyframe_from_world = omma_sim3_inverse(&world_from_keyframe);
    omma_se3 anchor_from_world = omma_se3_inverse(&anchor);
    omma_se3 keyframe_from_camera = omma_se3_mul(&anchor_from_world, &world_from_camera);

    omma_sim3_apply(&keyframe_from_world, world_from_camera.t, keyframe_from_camera.t);
    return (omma_view){
        .frame_index = (uint64_t)frame,
        .time_ns = TEST_TIME_NS(frame),
        .status = test_has_pose(frame) ? OMMA_STATUS_TRACKING : OMMA_STATUS_LOST,
        .has_pose = test_has_pose(frame),
        .is_keyframe = test_has_pose(frame) && frame % TEST_EVERY == 0,
        .submap = frame < TEST_OTHER_FROM ? TEST_SUBMAP : TEST_OTHER_SUBMAP,
        .keyframe = (uint32_t)(TEST_FIRST_ID + keyframe),
        .keyframe_from_camera = keyframe_from_camera,
        .world_from_keyframe = world_from_keyframe,
        .camera = test_camera,
    };
}

/* A place on the box, 2 x 1.2 x 1.4, or on the floor it stands on, and its colour. */
static inline omma_map_point test_point(uint64_t *seed)
{
    static const uint8_t colors[6][3] = {{220, 60, 50},  {60, 170, 80},   {60, 90, 210},
                                         {235, 190, 40}, {240, 240, 240}, {120, 110, 100}};
    const double half[3] = {1, 0.6, 0.7};
    omma_map_point p = {.submap = TEST_SUBMAP, .error_px = 0.5f};
    uint32_t face = omma_random_below(seed, 8);

    for (int k = 0; k < 3; k++)
        p.world[k] = half[k] * (2 * omma_random_unit(seed) - 1);
    if (face < 6) {
        p.world[face / 2] = face % 2 ? half[face / 2] : -half[face / 2];
        memcpy(p.rgb, colors[face], 3);
    } else {
        p.world[0] *= 2.6;
        p.world[1] = half[1];
        p.world[2] *= 3.2;
        uint8_t tile = (int)(floor(p.world[0] * 2) + floor(p.world[2] * 2)) % 2 ? 150 : 200;

        memset(p.rgb, tile, 3);
    }
    return p;
}

/* Every point with up to six observations; those of one keyframe come at distinct points. */
static inline void test_set_points(omma_map *m, size_t n)
{
    omma_map_point *points = omma_new_array(omma_map_point, n);
    omma_map_observation *seen = omma_new_array(omma_map_observation, 6 * n);
    size_t count = 0;
    uint64_t seed = 5;

    for (size_t i = 0; i < n; i++) {
        points[i] = test_point(&seed);
        if (i % 100 == 7)
            points[i].error_px = 9; /* too bad to go out */
        if (i % 100 == 8)
            points[i].submap = TEST_OTHER_SUBMAP;
        uint32_t first = omma_random_below(&seed, 14);

        for (uint32_t k = first; k < first + 6; k++) {
            omma_se3 T = test_pose((int)k * TEST_EVERY), camera_from_world = omma_se3_inverse(&T);
            double x[3], px[2];

            omma_se3_apply(&camera_from_world, points[i].world, x);
            if (!omma_camera_project(&test_camera, x, px, NULL))
                continue;
            seen[count++] = (omma_map_observation){.keyframe = TEST_FIRST_ID + k,
                                                   .point = (uint32_t)i,
                                                   .px = {(float)px[0], (float)px[1]}};
        }
    }
    omma_map_set_points(m, points, n, seen, count);
    free(points);
    free(seen);
}

static inline omma_map *test_map(size_t points)
{
    omma_map *m = omma_map_create();

    for (int i = 0; i < TEST_FRAMES; i++) {
        omma_view v = test_view(i);

        omma_map_add_view(m, &v);
    }
    test_set_points(m, points);
    return m;
}
