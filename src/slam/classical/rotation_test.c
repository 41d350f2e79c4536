/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "rotation.h"

#include <string.h>

/* A picture painted on the sphere of directions. */
static double sky(const double d[3])
{
    return 128 + 40 * sin(9 * d[0] + 3 * d[1]) + 35 * sin(11 * d[1] - 4 * d[2]) +
           30 * cos(7 * d[0] - 6 * d[1]);
}

static omma_pyramid look(const omma_camera *c, const double R[9], double gain)
{
    omma_frame *f;
    omma_pyramid p = {0};
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, c->width, c->height));
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            double u = (x - c->cx) / c->fx, v = (y - c->cy) / c->fy,
                   n = 1 / sqrt(u * u + v * v + 1);
            double d[3]; /* R = camera_from_world: the world's direction is R^T ray */
            for (int k = 0; k < 3; k++)
                d[k] = n * (R[k] * u + R[3 + k] * v + R[6 + k]);
            f->plane[0][y * f->stride[0] + x] = (uint8_t)fmin(255, fmax(0, gain * sky(d)));
        }
    CHECK_OK(omma_pyramid_build(&p, f, 5));
    omma_frame_unref(&f);
    return p;
}

static void finds_a_turn(void)
{
    const omma_camera camera = {
        .width = 320, .height = 240, .fx = 260, .fy = 260, .cx = 159.5, .cy = 119.5};
    const double turns[][3] = {{0, 0, 0},       {0.01, -0.02, 0.005}, {-0.05, 0.08, 0.03},
                               {0.02, 0.15, 0}, {0.12, -0.1, -0.08},  {0, 0, 0.2}};
    const double none[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    omma_pyramid before = look(&camera, none, 1);

    for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
        double R[9], got[3];
        omma_so3_exp(turns[i], R);
        omma_pyramid now = look(&camera, R, 0.8);
        rotation_result r = rotation_estimate(&before, &now, &camera, NULL, true);
        omma_so3_log(r.R, got);
        CHECK_ARRAY_CLOSE(got, turns[i], 3, .abs = 0.006); /* 1.5 px of level 0 */
        CHECK(r.score > 0.97f);
        omma_pyramid_finish(&now);
    }
    omma_pyramid_finish(&before);
}

int main(void)
{
    TEST(finds_a_turn);
    return check_done();
}
