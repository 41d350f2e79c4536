/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_fixture.h"

/* Weight of old pixel x in new pixel i along one axis, in double. */
static double weight(int i, int x, int to, int from)
{
    double scale = (double)from / to;

    if (from > to) {
        double covered = fmin((i + 1) * scale, x + 1) - fmax(i * scale, x);
        return covered > 0 ? covered / scale : 0;
    }
    double at = fmin(fmax((i + 0.5) * scale - 0.5, 0), from - 1);
    return fmax(0, 1 - fabs(at - x));
}

static double want_at(const omma_frame *to, const omma_frame *from, int plane, int i, int j)
{
    int n = omma_format_sample_bytes(to->format, plane), channel = i % n;
    int to_width = row_bytes(to, plane) / n, from_width = row_bytes(from, plane) / n;
    double sum = 0;

    for (int y = 0; y < rows_of(from, plane); y++) {
        double wy = weight(j, y, rows_of(to, plane), rows_of(from, plane));
        for (int x = 0; wy > 0 && x < from_width; x++)
            sum += wy * weight(i / n, x, to_width, from_width) *
                   row_at(from, plane, y)[x * n + channel];
    }
    return sum;
}

/* Rounding to bytes is 1/2, rows kept with 8 more bits 2^-9, weights of 16 bits nearly nothing. */
static void check_resized(const omma_frame *to, const omma_frame *from)
{
    for (int p = 0; p < omma_format_planes(to->format); p++)
        for (int y = 0; y < rows_of(to, p); y++)
            for (int x = 0; x < row_bytes(to, p); x++)
                CHECK_CLOSE(row_at(to, p, y)[x], want_at(to, from, p, x, y), .abs = 0.51);
}

static void all_ratios_follow_the_definition(void)
{
    static const int sizes[] = {1, 2, 3, 7, 16, 31, 50};
    enum { N = sizeof(sizes) / sizeof(sizes[0]) };
    uint64_t seed = 1;

    for (int a = 0; a < N; a++)
        for (int b = 0; b < N; b++) {
            omma_format format = all_formats[(a * N + b) % (int)ALL_FORMATS];
            omma_frame *from = random_frame(format, sizes[a], sizes[b], &seed);
            omma_frame *to = new_frame(format, sizes[b], sizes[(a + 2 * b) % N]);
            from->limited_range = true;
            from->matrix = OMMA_MATRIX_BT709;
            CHECK_OK(omma_frame_resize(to, from));
            CHECK(to->limited_range && to->matrix == OMMA_MATRIX_BT709);
            check_resized(to, from);
            omma_frame_unref(&from);
            omma_frame_unref(&to);
        }
}

static void the_same_size_is_a_copy(void)
{
    uint64_t seed = 2;

    for (size_t i = 0; i < ALL_FORMATS; i++) {
        omma_frame *from = random_frame(all_formats[i], 37, 21, &seed);
        omma_frame *to = new_frame(all_formats[i], 37, 21);
        CHECK_OK(omma_frame_resize(to, from));
        CHECK(same_pixels(to, from));
        omma_frame_unref(&from);
        omma_frame_unref(&to);
    }
}

/* The worst for rounded weights: thousands of them, and white, where nothing may overflow. */
static void a_flat_picture_stays_flat(void)
{
    static const int sizes[][4] = {
        {10007, 3, 1, 1}, {3, 10007, 2, 3}, {1, 1, 900, 7}, {777, 555, 333, 111}, {9, 9, 8, 10}};
    static const uint8_t values[] = {0, 1, 127, 254, 255};

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (size_t i = 0; i < sizeof(values); i++) {
            omma_frame *from = new_frame(OMMA_FORMAT_GRAY8, sizes[s][0], sizes[s][1]);
            omma_frame *to = new_frame(OMMA_FORMAT_GRAY8, sizes[s][2], sizes[s][3]);
            bool flat = true;
            for (int y = 0; y < from->height; y++)
                memset(row_at(from, 0, y), values[i], (size_t)from->width);
            CHECK_OK(omma_frame_resize(to, from));
            for (int y = 0; y < to->height; y++)
                for (int x = 0; x < to->width; x++)
                    flat = flat && row_at(to, 0, y)[x] == values[i];
            CHECK(flat);
            omma_frame_unref(&from);
            omma_frame_unref(&to);
        }
}

/* 16384 to 1: each weight is rounded to 4 steps of 2^-16, yet the mean is the mean. */
static void the_mean_of_a_long_row_is_its_mean(void)
{
    omma_frame *from = new_frame(OMMA_FORMAT_GRAY8, 12345, 1),
               *to = new_frame(OMMA_FORMAT_GRAY8, 1, 1);
    double sum = 0;

    for (int x = 0; x < from->width; x++) {
        from->plane[0][x] = (uint8_t)(x < from->width / 3 ? 255 : x % 100);
        sum += from->plane[0][x];
    }
    CHECK_OK(omma_frame_resize(to, from));
    CHECK_CLOSE(to->plane[0][0], sum / from->width, .abs = 0.51);
    omma_frame_unref(&from);
    omma_frame_unref(&to);
}

/* Pixel centres map to pixel centres: a ramp keeps its values at the mapped places. */
static void a_ramp_is_not_shifted(void)
{
    omma_frame *from = new_frame(OMMA_FORMAT_GRAY8, 60, 1),
               *to = new_frame(OMMA_FORMAT_GRAY8, 240, 1);

    for (int x = 0; x < 60; x++)
        from->plane[0][x] = (uint8_t)(4 * x);
    CHECK_OK(omma_frame_resize(to, from));
    for (int x = 2; x < 238; x++)
        CHECK_CLOSE(to->plane[0][x], 4 * ((x + 0.5) / 4 - 0.5), .abs = 0.51);
    omma_frame_unref(&to);
    to = new_frame(OMMA_FORMAT_GRAY8, 20, 1);
    CHECK_OK(omma_frame_resize(to, from));
    for (int x = 0; x < 20; x++)
        CHECK_CLOSE(to->plane[0][x], 4 * ((x + 0.5) * 3 - 0.5), .abs = 0.51);
    omma_frame_unref(&from);
    omma_frame_unref(&to);
}

static void impossible_resizes_are_refused(void)
{
    omma_frame *a = new_frame(OMMA_FORMAT_GRAY8, 8, 8), *b = new_frame(OMMA_FORMAT_RGB24, 4, 4);
    omma_frame *empty = omma_frame_create_empty();

    CHECK(omma_frame_resize(b, a) == OMMA_INVALID);
    CHECK(omma_frame_resize(a, empty) == OMMA_INVALID);
    CHECK(omma_frame_resize(empty, a) == OMMA_INVALID);
    omma_frame_unref(&a);
    omma_frame_unref(&b);
    omma_frame_unref(&empty);
}

static void a_grid_of_colours_has_no_gaps(void)
{
    omma_frame *from = NULL, *to = NULL;
    CHECK_OK(omma_frame_create(&from, OMMA_FORMAT_RGB24, 50, 30));
    CHECK_OK(omma_frame_create(&to, OMMA_FORMAT_RGB24, 21, 13));
    for (int y = 0; y < 30; y++)
        for (int x = 0; x < 150; x++)
            row_at(from, 0, y)[x] = (uint8_t)(7 * x + 11 * y);
    CHECK_OK(omma_frame_resize(to, from));
    omma_buffer *grid = omma_frame_grid_rgb(from, 21, 13);
    CHECK(grid && grid->bytes == 21 * 13 * 3);
    for (int y = 0; grid && y < 13; y++)
        CHECK(memcmp((uint8_t *)grid->data + 63 * y, row_at(to, 0, y), 63) == 0);
    omma_buffer_unref(&grid);
    from->format = OMMA_FORMAT_NONE;
    CHECK(!omma_frame_grid_rgb(from, 21, 13));
    from->format = OMMA_FORMAT_RGB24;
    omma_frame_unref(&from);
    omma_frame_unref(&to);
}

int main(void)
{
    TEST(all_ratios_follow_the_definition);
    TEST(the_same_size_is_a_copy);
    TEST(a_flat_picture_stays_flat);
    TEST(the_mean_of_a_long_row_is_its_mean);
    TEST(a_ramp_is_not_shifted);
    TEST(impossible_resizes_are_refused);
    TEST(a_grid_of_colours_has_no_gaps);
    return check_done();
}
