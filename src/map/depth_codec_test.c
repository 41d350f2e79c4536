/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_codec.h"

#include <string.h>

enum { W = 83, H = 61, CELLS = W * H };

static float depth[CELLS], error[CELLS];
static uint8_t rgb[3 * CELLS];

/* A slanted wall with steps, holes and noise. */
static void make_depth(uint64_t seed)
{
    for (int i = 0; i < CELLS; i++) {
        int x = i % W, y = i / W;

        depth[i] = (float)((x < 40 ? 2 : 5) / (1 + 0.01 * x + 0.004 * y) *
                           (1 + 0.01 * omma_random_normal(&seed)));
        error[i] = (float)(0.003 + 0.1 * omma_random_unit(&seed));
        if ((x / 7 + y / 5) % 6 == 0)
            depth[i] = error[i] = 0;
        for (int k = 0; k < 3; k++)
            rgb[3 * i + k] = (uint8_t)(x + y + 30 * k);
    }
}

static void what_comes_back_is_near(void)
{
    omma_buffer *blob;
    depth_grid g;

    make_depth(3);
    CHECK_OK(depth_encode(depth, error, rgb, W, H, &blob));
    CHECK(blob->bytes < 3 * CELLS);
    CHECK_OK(depth_decode(blob->data, blob->bytes, &g));
    CHECK(g.width == W && g.height == H && g.rgb);
    for (int i = 0; i < CELLS; i++) {
        /* half a step of the code, and rounding */
        CHECK_CLOSE(depth_of_code(g.nearest, g.code[i]), depth[i], .rel = 0.5 / 1024 + 1e-6);
        CHECK_CLOSE(error_of_code(g.error[i]), error[i], .rel = 0.0235); /* 2^(1/30) */
        CHECK((g.code[i] == 0) == (depth[i] == 0));
        for (int k = 0; k < 3; k++) /* a ramp: half its steps, and rounding */
            CHECK_CLOSE(g.rgb[3 * i + k], rgb[3 * i + k], .abs = 6);
    }
    depth_grid_finish(&g);
    omma_buffer_unref(&blob);
}

static void codes_come_back_exactly(void)
{
    omma_buffer *first, *second;
    depth_grid g;

    make_depth(4);
    CHECK_OK(depth_encode(depth, error, NULL, W, H, &first));
    CHECK_OK(depth_decode(first->data, first->bytes, &g));
    CHECK(!g.rgb);
    for (int i = 0; i < CELLS; i++) {
        depth[i] = depth_of_code(g.nearest, g.code[i]);
        error[i] = error_of_code(g.error[i]);
    }
    CHECK_OK(depth_encode(depth, error, NULL, W, H, &second));
    CHECK(first->bytes == second->bytes && memcmp(first->data, second->data, first->bytes) == 0);
    depth_grid_finish(&g);
    omma_buffer_unref(&first);
    omma_buffer_unref(&second);
}

static void odd_values_are_unknown_or_bounded(void)
{
    const float odd[] = {1,     0,     -1,    NAN,     INFINITY, 1e-30f,
                         3e30f, 1e20f, 1e15f, 1.0005f, 1e-14f,   6e13f};
    const float bad[] = {0, 0, 0, 0, 0, 0, 0, 0, NAN, -1, 100, INFINITY};
    omma_buffer *blob;
    depth_grid g;

    CHECK_OK(depth_encode(odd, bad, NULL, 4, 3, &blob));
    CHECK_OK(depth_decode(blob->data, blob->bytes, &g));
    const bool known[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}; /* 1e15: e^64 times 1e-14 is less */

    CHECK(g.nearest == 1e-14f);
    for (int i = 0; i < 12; i++) {
        CHECK((g.code[i] != 0) == (known[i] || (i == 8 && 1e15 / 1e-14 < exp(64))));
        CHECK((g.error[i] != 0) == (g.code[i] != 0));
    }
    CHECK(error_of_code(g.error[0]) < 1e-4f);
    CHECK(error_of_code(g.error[9]) > 3 && error_of_code(g.error[10]) > 3 &&
          error_of_code(g.error[11]) > 3);
    depth_grid_finish(&g);
    omma_buffer_unref(&blob);
    const float none[4] = {0, NAN, -2, 0};

    CHECK_OK(depth_encode(none, NULL, NULL, 2, 2, &blob));
    CHECK(!blob);
    CHECK(depth_encode(odd, NULL, NULL, 0, 3, &blob) == OMMA_INVALID);
    CHECK(depth_encode(odd, NULL, NULL, 8193, 1, &blob) == OMMA_INVALID);
}

static void damage_is_told_or_harmless(void)
{
    omma_buffer *blob;
    depth_grid g;

    make_depth(5);
    CHECK_OK(depth_encode(depth, error, rgb, W, H, &blob));
    uint8_t *bytes = blob->data;

    for (size_t n = 0; n < blob->bytes; n += n < 40 ? 1 : 97)
        CHECK(depth_decode(bytes, n, &g) == OMMA_FORMAT && !g.code);
    for (size_t i = 0; i < blob->bytes; i += i < 40 ? 1 : 61) {
        bytes[i] ^= 0x55;
        if (depth_decode(bytes, blob->bytes, &g) == OMMA_OK)
            CHECK(g.width == W && g.height == H);
        depth_grid_finish(&g);
        bytes[i] ^= 0x55;
    }
    bytes[4] = bytes[5] = bytes[6] = bytes[7] = 0xff; /* 65535 x 65535 */
    CHECK(depth_decode(bytes, blob->bytes, &g) == OMMA_FORMAT);
    omma_buffer_unref(&blob);
}

int main(void)
{
    TEST(what_comes_back_is_near);
    TEST(codes_come_back_exactly);
    TEST(odd_values_are_unknown_or_bounded);
    TEST(damage_is_told_or_harmless);
    return check_done();
}
