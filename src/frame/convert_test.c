/* SPDX-License-Identifier: Apache-2.0 */
/* All pairs of formats against the formulas of BT.601 and BT.709 in double. */
#include "frame_fixture.h"

/* Rounding to bytes is 1/2; the coefficients have 13 bits, 255 * 2.1 * 2^-14 more. */
#define ROUNDING 0.54

static double clamped(double x)
{
    return x < 0 ? 0 : x > 255 ? 255 : x;
}

static void chroma_at(const omma_frame *f, int x, int y, double *u, double *v)
{
    if (f->format == OMMA_FORMAT_NV12) {
        *u = row_at(f, 1, y / 2)[x / 2 * 2];
        *v = row_at(f, 1, y / 2)[x / 2 * 2 + 1];
    } else {
        *u = row_at(f, 1, y / 2)[x / 2];
        *v = row_at(f, 2, y / 2)[x / 2];
    }
}

/* BT.601-7 (2.5.3), BT.709-6 (3.4): Y from R, G, B solved for them. */
static void want_rgb(const omma_frame *f, int x, int y, double rgb[3])
{
    const uint8_t *row = row_at(f, 0, y);
    double kr = f->matrix == OMMA_MATRIX_BT709 ? 0.2126 : 0.299;
    double kb = f->matrix == OMMA_MATRIX_BT709 ? 0.0722 : 0.114;
    double Y, u, v;

    if (f->format == OMMA_FORMAT_GRAY8) {
        rgb[0] = rgb[1] = rgb[2] = row[x];
    } else if (f->format == OMMA_FORMAT_RGB24 || f->format == OMMA_FORMAT_RGBA32) {
        for (int i = 0; i < 3; i++)
            rgb[i] = row[x * (f->format == OMMA_FORMAT_RGB24 ? 3 : 4) + i];
    } else {
        chroma_at(f, x, y, &u, &v);
        Y = f->limited_range ? (row[x] - 16) / 219.0 : row[x] / 255.0;
        u = f->limited_range ? (u - 128) / 224 : (u - 128) / 255;
        v = f->limited_range ? (v - 128) / 224 : (v - 128) / 255;
        double r = Y + 2 * (1 - kr) * v, b = Y + 2 * (1 - kb) * u;
        double g = (Y - kr * r - kb * b) / (1 - kr - kb);
        rgb[0] = clamped(255 * r);
        rgb[1] = clamped(255 * g);
        rgb[2] = clamped(255 * b);
    }
}

static double want_gray(const omma_frame *f, int x, int y)
{
    double rgb[3];

    if (f->format == OMMA_FORMAT_I420 || f->format == OMMA_FORMAT_NV12) {
        double Y = row_at(f, 0, y)[x];
        return f->limited_range ? clamped((Y - 16) * 255 / 219) : Y;
    }
    want_rgb(f, x, y, rgb);
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

/* Full-range BT.601 of the mean of the (up to) four pixels that share a chroma sample. */
static void want_chroma(const omma_frame *f, int cx, int cy, double *u, double *v)
{
    double mean[3] = {0}, rgb[3], n = 0;

    for (int y = 2 * cy; y < 2 * cy + 2 && y < f->height; y++)
        for (int x = 2 * cx; x < 2 * cx + 2 && x < f->width; x++, n++) {
            want_rgb(f, x, y, rgb);
            for (int i = 0; i < 3; i++)
                mean[i] += rgb[i];
        }
    double Y = (0.299 * mean[0] + 0.587 * mean[1] + 0.114 * mean[2]) / n;
    *u = clamped(128 + (mean[2] / n - Y) / 1.772);
    *v = clamped(128 + (mean[0] / n - Y) / 1.402);
}

static bool is_yuv(const omma_frame *f)
{
    return f->format == OMMA_FORMAT_I420 || f->format == OMMA_FORMAT_NV12;
}

static void check_rgb(const omma_frame *to, const omma_frame *from)
{
    double want[3];
    int step = to->format == OMMA_FORMAT_RGB24 ? 3 : 4;

    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            const uint8_t *got = row_at(to, 0, y) + step * x;
            uint8_t at[3];
            want_rgb(from, x, y, want);
            omma_frame_rgb_at(from, x, y, at);
            if (step == 4 && from->format != OMMA_FORMAT_RGBA32)
                CHECK(got[3] == 255);
            for (int i = 0; i < 3; i++) {
                CHECK_CLOSE(got[i], want[i], .abs = ROUNDING);
                CHECK(at[i] == got[i]);
            }
        }
}

static void check_yuv(const omma_frame *to, const omma_frame *from)
{
    double u, v, want_u, want_v;

    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            chroma_at(to, x, y, &u, &v);
            if (is_yuv(from)) {
                CHECK(row_at(to, 0, y)[x] == row_at(from, 0, y)[x]);
                chroma_at(from, x, y, &want_u, &want_v);
                CHECK(u == want_u && v == want_v);
            } else {
                CHECK_CLOSE(row_at(to, 0, y)[x], want_gray(from, x, y), .abs = ROUNDING);
                want_chroma(from, x / 2, y / 2, &want_u, &want_v);
                CHECK_CLOSE(u, want_u, .abs = ROUNDING);
                CHECK_CLOSE(v, want_v, .abs = ROUNDING);
            }
        }
}

static void check_gray(const omma_frame *to, const omma_frame *from)
{
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++)
            CHECK_CLOSE(row_at(to, 0, y)[x], want_gray(from, x, y), .abs = ROUNDING);
}

static void check_pair(omma_format to_format, const omma_frame *from)
{
    omma_frame *to = new_frame(to_format, from->width, from->height);

    to->limited_range = true; /* must be said anew */
    to->matrix = OMMA_MATRIX_BT709;
    CHECK_OK(omma_frame_convert(to, from));
    bool keeps = is_yuv(to) && is_yuv(from);
    CHECK(to->limited_range == (keeps && from->limited_range));
    CHECK(to->matrix == (keeps ? from->matrix : OMMA_MATRIX_BT601));
    if (to->format == from->format)
        CHECK(same_pixels(to, from));
    else if (is_yuv(to))
        check_yuv(to, from);
    else if (to->format == OMMA_FORMAT_GRAY8)
        check_gray(to, from);
    else
        check_rgb(to, from);
    omma_frame_unref(&to);
}

static void all_pairs_follow_the_standards(void)
{
    static const int sizes[][2] = {{1, 1}, {2, 3}, {37, 5}, {64, 4}, {101, 7}};
    uint64_t seed = 1;

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (size_t i = 0; i < ALL_FORMATS; i++)
            for (int variant = 0; variant < 4; variant++) {
                omma_frame *from = random_frame(all_formats[i], sizes[s][0], sizes[s][1], &seed);
                from->limited_range = is_yuv(from) && variant & 1;
                from->matrix = variant & 2 ? OMMA_MATRIX_BT709 : OMMA_MATRIX_BT601;
                for (size_t j = 0; j < ALL_FORMATS; j++)
                    check_pair(all_formats[j], from);
                omma_frame_unref(&from);
            }
}

static void check_colour(const uint8_t yuv[3], bool limited, omma_matrix matrix,
                         const uint8_t want[3])
{
    omma_frame *f = new_frame(OMMA_FORMAT_I420, 2, 2);
    uint8_t got[3];

    f->limited_range = limited;
    f->matrix = matrix;
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < rows_of(f, p); y++)
            memset(row_at(f, p, y), yuv[p], (size_t)row_bytes(f, p));
    omma_frame_rgb_at(f, 1, 1, got);
    CHECK_ARRAY_CLOSE(got, want, 3, .abs = 2); /* the YUV triples are rounded to whole steps */
    omma_frame_unref(&f);
}

/* The 100 % colour bars of BT.471 as everybody's tables have them: a second source beside formulas.
 */
static void known_colours_come_out(void)
{
    static const uint8_t red[] = {255, 0, 0}, green[] = {0, 255, 0}, blue[] = {0, 0, 255};
    static const uint8_t white[] = {255, 255, 255}, black[] = {0, 0, 0};

    check_colour((uint8_t[]){81, 90, 240}, true, OMMA_MATRIX_BT601, red);
    check_colour((uint8_t[]){145, 54, 34}, true, OMMA_MATRIX_BT601, green);
    check_colour((uint8_t[]){41, 240, 110}, true, OMMA_MATRIX_BT601, blue);
    check_colour((uint8_t[]){63, 102, 240}, true, OMMA_MATRIX_BT709, red);
    check_colour((uint8_t[]){173, 42, 26}, true, OMMA_MATRIX_BT709, green);
    check_colour((uint8_t[]){32, 240, 118}, true, OMMA_MATRIX_BT709, blue);
    check_colour((uint8_t[]){235, 128, 128}, true, OMMA_MATRIX_BT709, white);
    check_colour((uint8_t[]){16, 128, 128}, true, OMMA_MATRIX_BT601, black);
    check_colour((uint8_t[]){76, 85, 255}, false, OMMA_MATRIX_BT601, red); /* JPEG */
}

/* Decoders hand out pictures that stand on their heads with a negative stride. */
static void a_negative_stride_is_a_flip(void)
{
    uint64_t seed = 2;
    omma_frame *from = random_frame(OMMA_FORMAT_RGB24, 40, 9, &seed);
    omma_frame *flipped = omma_frame_create_empty();
    omma_frame *a = new_frame(OMMA_FORMAT_GRAY8, 40, 9), *b = new_frame(OMMA_FORMAT_GRAY8, 40, 9);

    flipped->format = from->format;
    flipped->width = 40;
    flipped->height = 9;
    flipped->plane[0] = row_at(from, 0, 8);
    flipped->stride[0] = -from->stride[0];
    CHECK_OK(omma_frame_convert(a, from));
    CHECK_OK(omma_frame_convert(b, flipped));
    for (int y = 0; y < 9; y++)
        CHECK(memcmp(row_at(a, 0, y), row_at(b, 0, 8 - y), 40) == 0);
    omma_frame_unref(&from);
    omma_frame_unref(&flipped);
    omma_frame_unref(&a);
    omma_frame_unref(&b);
}

static void rgb_at_stays_in_the_picture(void)
{
    uint64_t seed = 3;

    for (size_t i = 0; i < ALL_FORMATS; i++) {
        omma_frame *f = random_frame(all_formats[i], 5, 3, &seed);
        uint8_t corner[3], outside[3];
        omma_frame_rgb_at(f, 4, 0, corner);
        omma_frame_rgb_at(f, 1000, -7, outside);
        CHECK(memcmp(corner, outside, 3) == 0);
        omma_frame_unref(&f);
    }
}

static void impossible_conversions_are_refused(void)
{
    omma_frame *a = new_frame(OMMA_FORMAT_GRAY8, 8, 8), *b = new_frame(OMMA_FORMAT_RGB24, 8, 9);
    omma_frame *empty = omma_frame_create_empty();

    CHECK(omma_frame_convert(b, a) == OMMA_INVALID);
    CHECK(omma_frame_convert(a, empty) == OMMA_INVALID);
    CHECK(omma_frame_convert(empty, a) == OMMA_INVALID);
    empty->format = OMMA_FORMAT_GRAY8;
    empty->width = empty->height = 8;
    CHECK(omma_frame_convert(a, empty) == OMMA_INVALID);
    empty->plane[0] = a->plane[0];
    empty->stride[0] = 7; /* shorter than a row */
    CHECK(omma_frame_convert(a, empty) == OMMA_INVALID);
    CHECK(omma_frame_convert(a, NULL) == OMMA_INVALID);
    omma_frame_unref(&a);
    omma_frame_unref(&b);
    omma_frame_unref(&empty);
}

int main(void)
{
    TEST(all_pairs_follow_the_standards);
    TEST(known_colours_come_out);
    TEST(a_negative_stride_is_a_flip);
    TEST(rgb_at_stays_in_the_picture);
    TEST(impossible_conversions_are_refused);
    return check_done();
}
