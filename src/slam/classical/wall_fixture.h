/* SPDX-License-Identifier: Apache-2.0 */
/* A painted wall, the plane z = 1, and a camera that walks along it. Stands behind check.h. */
#pragma once

#include "pictures_fixture.h"
#include "sights_fixture.h"

enum { WALL_W = 240, WALL_H = 180, BOARD_W = 900, BOARD_H = 700 };

static const double wall_focal = 200, wall_rate = 30;

static CHECK_UNUSED omma_camera wall_camera(void)
{
    return (omma_camera){.width = WALL_W,
                         .height = WALL_H,
                         .fx = wall_focal,
                         .fy = wall_focal,
                         .cx = 0.5 * (WALL_W - 1),
                         .cy = 0.5 * (WALL_H - 1)};
}

/* The wall's pattern, painted once; its pixels are those of a camera that looks straight at it. */
static CHECK_UNUSED omma_frame *wall_paint(uint64_t salt)
{
    const double whole[6] = {1, 0, 0, 1, 0, 0};
    return fixture_picture(BOARD_W, BOARD_H, whole, salt);
}

static CHECK_UNUSED double wall_at(const omma_frame *board, double x, double y)
{
    x = fmin(BOARD_W - 2, fmax(0, x + 0.5 * BOARD_W));
    y = fmin(BOARD_H - 2, fmax(0, y + 0.5 * BOARD_H));
    const int ix = (int)x, iy = (int)y, stride = board->stride[0];
    const uint8_t *p = board->plane[0] + iy * stride + ix;
    const double fx = x - ix, fy = y - iy;
    return (1 - fy) * ((1 - fx) * p[0] + fx * p[1]) +
           fy * ((1 - fx) * p[stride] + fx * p[stride + 1]);
}

/* camera_from_world at a second. */
typedef omma_se3 path(double t);

static CHECK_UNUSED omma_se3 passing(double t)
{
    return fixture_pose(0.4 * t - 0.3, 0.1 * sin(3 * t), 0.08 * sin(2 * t), 0.05 * sin(2 * t),
                        0.25 - 0.3 * t, 0.02 * t);
}

/* What the camera sees in frame i; rows are exposed one after another over readout s. */
static CHECK_UNUSED omma_frame *wall_look(const omma_frame *board, path *way, int i, double readout)
{
    omma_frame *f = NULL;
    const omma_camera c = wall_camera();
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, WALL_W, WALL_H));
    for (int y = 0; y < WALL_H; y++) {
        const omma_se3 T = way(i / wall_rate + readout * ((y + 0.5) / WALL_H - 0.5));
        const omma_se3 back = omma_se3_inverse(&T);
        for (int x = 0; x < WALL_W; x++) {
            double ray[3] = {(x - c.cx) / c.fx, (y - c.cy) / c.fy, 1}, d[3];
            for (int k = 0; k < 3; k++)
                d[k] = back.R[3 * k] * ray[0] + back.R[3 * k + 1] * ray[1] +
                       back.R[3 * k + 2] * ray[2];
            double s = (1 - back.t[2]) / d[2];
            f->plane[0][y * f->stride[0] + x] = (uint8_t)lround(wall_at(
                board, wall_focal * (back.t[0] + s * d[0]), wall_focal * (back.t[1] + s * d[1])));
        }
    }
    f->index = (uint64_t)i;
    f->time_ns = (int64_t)(1e9 * i / wall_rate);
    return f;
}
