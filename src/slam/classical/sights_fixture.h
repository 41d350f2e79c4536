/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds made by hand: points, cameras that see them, and what the tracker would have noted of it.
 * Stands behind check.h. */
#pragma once

#include "world.h"

static CHECK_UNUSED omma_camera fixture_camera(void)
{
    return (omma_camera){
        .width = 640, .height = 480, .fx = 500, .fy = 500, .cx = 319.5, .cy = 239.5};
}

/* A camera at a place, turned by a rotation vector: camera_from_world. */
static CHECK_UNUSED omma_se3 fixture_pose(double x, double y, double z, double rx, double ry,
                                          double rz)
{
    omma_se3 world_from_camera = {.t = {x, y, z}};
    omma_so3_exp((double[3]){rx, ry, rz}, world_from_camera.R);
    return omma_se3_inverse(&world_from_camera);
}

static CHECK_UNUSED double fixture_between(uint64_t *seed, double low, double high)
{
    return low + (high - low) * omma_random_unit(seed);
}

/* Points (n x 3) in the sight of a camera at the origin, between two depths. */
static CHECK_UNUSED void fixture_cloud(double *x, size_t n, double near, double far, uint64_t seed)
{
    const omma_camera c = fixture_camera();
    for (size_t i = 0; i < n; i++) {
        double z = 1 / fixture_between(&seed, 1 / far, 1 / near);
        x[3 * i] = z * (fixture_between(&seed, 20, c.width - 20) - c.cx) / c.fx;
        x[3 * i + 1] = z * (fixture_between(&seed, 20, c.height - 20) - c.cy) / c.fy;
        x[3 * i + 2] = z;
    }
}

/* Where a camera sees a point. A rolling shutter exposes each row when it is due, while the camera
 * turns by turn (rad / s); the pose is that of the middle row. false: not in the picture. */
static CHECK_UNUSED bool fixture_see(const omma_camera *c, const omma_se3 *T, const double turn[3],
                                     double readout, const double x[3], double px[2])
{
    double late = 0;
    for (int i = 0; i < 12; i++) { /* the row decides on the pose, and the pose on the row */
        omma_se3 now = {.t = {0}};
        double p[3], phi[3] = {0, 0, 0};
        for (int k = 0; turn && k < 3; k++)
            phi[k] = turn[k] * late * readout;
        omma_so3_exp(phi, now.R);
        now = omma_se3_mul(&now, T);
        omma_se3_apply(&now, x, p);
        if (!omma_camera_project(c, p, px, NULL))
            return false;
        late = (px[1] + 0.5) / c->height - 0.5;
    }
    return px[0] > 0 && px[1] > 0 && px[0] < c->width - 1 && px[1] < c->height - 1;
}

/* A keyframe and its record, one frame (1/30 s) after the last. */
static CHECK_UNUSED uint32_t fixture_keyframe(world *w, const omma_se3 *T, bool posed)
{
    record rec = {.index = w->record_count,
                  .time_ns = (int64_t)w->record_count * 33333333,
                  .keyframe = NO_INDEX};
    uint32_t r = world_add_record(w, &rec);
    keyframe k = {
        .frame = r, .submap = w->submap, .posed = posed, .camera_from_world = *T, .unit = 1};
    uint32_t index = world_add_keyframe(w, &k);
    if (posed)
        world_set_record_pose(w, &w->records[r], index, T);
    return index;
}

static CHECK_UNUSED sight fixture_sight(const world *w, uint32_t index, const double px[2])
{
    sight s = {.feature = index,
               .x = (float)px[0],
               .y = (float)px[1],
               .inverse_sigma = sight_inverse_sigma(0)};
    sight_unroll(w, &s);
    return s;
}

/* A feature anchored in keyframe k at px. */
static CHECK_UNUSED uint32_t fixture_feature(world *w, uint32_t k, const double px[2], double rho,
                                             double rho_sigma, feature_state state)
{
    sight s = fixture_sight(w, 0, px);
    feature f = {.anchor = k,
                 .patch_keyframe = k,
                 .x = s.ux,
                 .y = s.uy,
                 .roll_x = s.roll_x,
                 .roll_y = s.roll_y,
                 .state = (uint8_t)state,
                 .rho = rho,
                 .rho_sigma = rho_sigma};
    const double unrolled[2] = {f.x, f.y};
    CHECK(omma_camera_unproject(&w->camera, unrolled, f.ray));
    uint32_t index = world_add_feature(w, &f);
    keyframe_add_feature(&w->keyframes[k], index);
    return index;
}

/* Keyframe k sees a feature that another one holds. */
static CHECK_UNUSED void fixture_observe(world *w, uint32_t index, uint32_t k, const double px[2])
{
    sight s = fixture_sight(w, index, px);
    feature_add_sight(&w->features[index], k, &s);
    keyframe_add_feature(&w->keyframes[k], index);
}

static CHECK_UNUSED void fixture_give_sights(record *r, const sight *sights, size_t n)
{
    free(r->sights);
    r->sights = omma_new_array(sight, n + 1);
    r->sight_count = (uint32_t)n;
    if (n)
        memcpy(r->sights, sights, n * sizeof(*sights));
}

/* The place of a camera. */
static CHECK_UNUSED void fixture_centre(const omma_se3 *camera_from_world, double out[3])
{
    omma_se3 back = omma_se3_inverse(camera_from_world);
    memcpy(out, back.t, sizeof(back.t));
}

static CHECK_UNUSED double fixture_apart(const omma_se3 *a, const omma_se3 *b)
{
    double x[3], y[3];
    fixture_centre(a, x);
    fixture_centre(b, y);
    return sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) +
                (x[2] - y[2]) * (x[2] - y[2]));
}
