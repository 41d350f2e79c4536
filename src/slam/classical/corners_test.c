/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "corners.h"
#include "descriptor.h"

#include <stdlib.h>
#include <string.h>

static omma_frame *board(int side, int low, int high)
{
    omma_frame *f;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, 160, 128));
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) /* squares with gaps: FAST does not see X junctions */
            f->plane[0][y * f->stride[0] + x] =
                (uint8_t)(x % (2 * side) < side && y % (2 * side) < side ? high : low);
    return f;
}

static void finds_the_corners_of_squares(void)
{
    omma_frame *f = board(10, 60, 180);
    omma_pyramid p = {0};
    CHECK_OK(omma_pyramid_build(&p, f, 3));
    const corner_grid grid = corner_grid_make(160, 128, 20);
    uint8_t room[64];
    corner found[512];
    memset(room, 4, sizeof(room));
    size_t n = corners_find(&p, 1, &grid, room, NULL, 0, 4, found, 512);
    CHECK(n > 100);
    for (size_t i = 0; i < n; i++) {
        double x = fmod(found[i].x + 0.5, 10), y = fmod(found[i].y + 0.5, 10);
        CHECK(fmin(x, 10 - x) < 3 && fmin(y, 10 - y) < 3);
    }
    omma_pyramid_finish(&p);
    omma_frame_unref(&f);
}

static void weak_texture_is_found_too(void)
{
    omma_frame *f = board(16, 100, 110); /* ten grey levels of contrast */
    omma_pyramid p = {0};
    CHECK_OK(omma_pyramid_build(&p, f, 1));
    const corner_grid grid = corner_grid_make(160, 128, 32);
    uint8_t room[64];
    corner found[64];
    memset(room, 1, sizeof(room));
    CHECK(corners_find(&p, 1, &grid, room, NULL, 0, 4, found, 64) >= 12);
    omma_pyramid_finish(&p);
    omma_frame_unref(&f);
}

static void keeps_away_from_what_is_there(void)
{
    omma_frame *f = board(10, 60, 180);
    omma_pyramid p = {0};
    CHECK_OK(omma_pyramid_build(&p, f, 1));
    const corner_grid grid = corner_grid_make(160, 128, 20);
    uint8_t room[64];
    corner found[256];
    const float away[4] = {50, 50, 100, 70};
    memset(room, 4, sizeof(room));
    size_t n = corners_find(&p, 1, &grid, room, away, 2, 12, found, 256);
    CHECK(n > 50);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 4; k += 2)
            CHECK(hypot(found[i].x - away[k], found[i].y - away[k + 1]) >= 12);
    omma_pyramid_finish(&p);
    omma_frame_unref(&f);
}

static void matching_finds_the_nearest(void)
{
    enum { N = 50 };
    uint64_t seed = 3;
    uint8_t base[N][DESCRIPTOR_BYTES], query[N][DESCRIPTOR_BYTES];
    descriptor_match fast[N], scalar[N];
    descriptor_kernels k;
    descriptor_kernels_init(&k, omma_cpu_flags());
    for (int i = 0; i < N; i++)
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            base[i][b] = (uint8_t)omma_random_u64(&seed);
    for (int i = 0; i < N; i++) {
        memcpy(query[i], base[(i * 7) % N], DESCRIPTOR_BYTES);
        query[i][i % 32] ^= 0x11; /* two bits off */
    }
    k.match(query[0], N, base[0], NULL, N, fast);
    descriptor_match_scalar(query[0], N, base[0], NULL, N, scalar);
    for (int i = 0; i < N; i++) {
        CHECK(fast[i].index == (i * 7) % N && fast[i].best == 2 && fast[i].second > 60);
        CHECK(memcmp(&fast[i], &scalar[i], sizeof(fast[i])) == 0);
    }
}

int main(void)
{
    TEST(finds_the_corners_of_squares);
    TEST(weak_texture_is_found_too);
    TEST(keeps_away_from_what_is_there);
    TEST(matching_finds_the_nearest);
    return check_done();
}
