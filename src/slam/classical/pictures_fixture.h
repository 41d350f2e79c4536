/* SPDX-License-Identifier: Apache-2.0 */
/* A procedural picture that can be looked at from anywhere: smooth, with discs and boxes, so that
 * it has corners at every scale. Stands behind check.h. */
#pragma once

#include <omma/frame.h>

static CHECK_UNUSED double fixture_hash(int x, int y, uint64_t salt)
{
    uint64_t seed =
        salt ^ ((uint64_t)(uint32_t)x * 0x9e3779b97f4a7c15u) ^ ((uint64_t)(uint32_t)y << 32);
    omma_random_u64(&seed);
    return omma_random_unit(&seed);
}

/* One layer: a disc or a box in every cell, its edge two px wide. */
static CHECK_UNUSED double fixture_layer(double x, double y, double cell, uint64_t salt)
{
    const int cx = (int)floor(x / cell), cy = (int)floor(y / cell);
    double grey = 0;

    for (int j = cy - 1; j <= cy + 1; j++)
        for (int i = cx - 1; i <= cx + 1; i++) {
            double dx = x - cell * (i + fixture_hash(i, j, salt));
            double dy = y - cell * (j + fixture_hash(i, j, salt + 1));
            double size = cell * (0.15 + 0.3 * fixture_hash(i, j, salt + 2));
            if (dx * dx + dy * dy > 3 * (size + 3) * (size + 3))
                continue;
            double turn = 3.14 * fixture_hash(i, j, salt + 3);
            double u = cos(turn) * dx + sin(turn) * dy, v = cos(turn) * dy - sin(turn) * dx;
            double away =
                fixture_hash(i, j, salt + 4) < 0.3 ? hypot(u, v) : fmax(fabs(u), 1.6 * fabs(v));
            grey += (fixture_hash(i, j, salt + 5) - 0.5) / (1 + exp(2 * (away - size)));
        }
    return grey;
}

/* Grey value at a place of an endless pattern. */
static CHECK_UNUSED double fixture_pattern(double x, double y, uint64_t salt)
{
    double grey = 120 + 130 * fixture_layer(x, y, 37, salt) +
                  130 * fixture_layer(x, y, 17, salt + 10) + 90 * fixture_layer(x, y, 9, salt + 20);
    return fmin(255, fmax(0, grey));
}

/* A picture whose pixel (x, y) shows the pattern at A (x, y) + b; A row-major in place[0..3]. */
static CHECK_UNUSED omma_frame *fixture_picture(int width, int height, const double place[6],
                                                uint64_t salt)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, width, height));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            f->plane[0][y * f->stride[0] + x] =
                (uint8_t)lround(fixture_pattern(place[0] * x + place[1] * y + place[4],
                                                place[2] * x + place[3] * y + place[5], salt));
    return f;
}
