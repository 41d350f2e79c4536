/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "media_fixture.h"

#include <sys/stat.h>

/* Writes a frame and reads the file back as a source of one picture. */
static omma_frame *round_trip(const char *name, const omma_frame *f)
{
    omma_frame *back = NULL;
    omma_source *s = NULL;
    char *path = fixture_path(name);
    CHECK_OK(omma_image_write(path, f, true));
    CHECK_OK(omma_source_open(&s, path, NULL, NULL));
    if (s)
        CHECK_OK(omma_source_read(s, &back));
    omma_source_close(&s);
    free(path);
    return back;
}

static void png_keeps_every_pixel(void)
{
    omma_frame *f = NULL;
    uint64_t seed = 1;
    for (int k = 0; k < 3; k++) {
        const omma_format format[] = {OMMA_FORMAT_GRAY8, OMMA_FORMAT_RGB24, OMMA_FORMAT_RGBA32};
        CHECK_OK(omma_frame_create(&f, format[k], 67, 33));
        int row = 67 * omma_format_sample_bytes(format[k], 0);
        for (int y = 0; y < 33; y++)
            for (int x = 0; x < row; x++)
                f->plane[0][y * f->stride[0] + x] = (uint8_t)omma_random_u64(&seed);
        omma_frame *back = round_trip("a.png", f);
        CHECK(back && back->format == format[k] && back->width == 67 && back->height == 33);
        for (int y = 0; back && y < 33; y++)
            CHECK(memcmp(back->plane[0] + y * back->stride[0], f->plane[0] + y * f->stride[0],
                         (size_t)row) == 0);
        omma_frame_unref(&back);
        omma_frame_unref(&f);
    }
}

static void jpeg_is_close(void)
{
    omma_frame *f = fixture_frame(322, 241, 5);
    omma_frame *back = round_trip("a.jpg", f);
    CHECK(back && back->format == OMMA_FORMAT_I420 && !back->limited_range);
    if (back) {
        CHECK(back->width == 322 && back->height == 241);
        CHECK(fixture_error(back, 5) < 1.0); /* measured 0.44 */
        CHECK_CLOSE(back->plane[1][7 * back->stride[1] + 9], 100, .abs = 2);
        CHECK_CLOSE(back->plane[2][7 * back->stride[2] + 9], 150, .abs = 2);
    }
    omma_frame_unref(&back);
    omma_frame_unref(&f);
}

/* A limited-range BT.709 frame is brought to JPEG's colours, not only relabelled. */
static void jpeg_stretches_limited_range(void)
{
    omma_frame *f = fixture_frame(64, 64, 0);
    for (int y = 0; y < 64; y++)
        memset(f->plane[0] + y * f->stride[0], 235, 64);
    for (int p = 1; p < 3; p++)
        for (int y = 0; y < 32; y++)
            memset(f->plane[p] + y * f->stride[p], 128, 32);
    f->limited_range = true;
    f->matrix = OMMA_MATRIX_BT709;
    omma_frame *back = round_trip("white.jpg", f);
    if (back)
        CHECK_CLOSE(back->plane[0][20 * back->stride[0] + 20], 255, .abs = 1);
    omma_frame_unref(&back);
    omma_frame_unref(&f);
}

static void better_quality_is_larger_and_closer(void)
{
    size_t last = 0;
    omma_frame *f = fixture_frame(320, 240, 1);
    uint64_t seed = 9;
    for (int i = 0; i < 320 * 240; i++) /* noise, so that there is something to lose */
        f->plane[0][i / 320 * f->stride[0] + i % 320] ^= (uint8_t)(omma_random_u64(&seed) & 15);
    for (int quality = 20; quality <= 100; quality += 20) {
        omma_buffer *bytes = NULL;
        CHECK_OK(omma_image_encode_jpeg(&bytes, f, quality));
        if (bytes) {
            CHECK(bytes->bytes > last);
            last = bytes->bytes;
        }
        omma_buffer_unref(&bytes);
    }
    omma_frame_unref(&f);
}

static void wrong_requests_are_refused(void)
{
    omma_buffer *bytes = NULL;
    omma_frame *f = fixture_frame(64, 48, 0), *empty = omma_frame_create_empty();
    char *gif = fixture_path("a.gif"), *there = fixture_path("there.png");
    fixture_write("there.png", "precious", 8);
    CHECK(omma_image_encode_jpeg(&bytes, f, 101) == OMMA_INVALID);
    CHECK(omma_image_encode_png(&bytes, empty) == OMMA_INVALID);
    CHECK(omma_image_write(gif, f, true) == OMMA_UNSUPPORTED);
    CHECK(omma_image_write(there, f, false) == OMMA_EXISTS);
    size_t n = 0;
    char *kept = fixture_read("there.png", &n);
    CHECK(n == 8 && memcmp(kept, "precious", 8) == 0);
    free(kept);
    free(gif);
    free(there);
    omma_frame_unref(&f);
    omma_frame_unref(&empty);
}

static void pictures_are_decoded_from_memory(void)
{
    omma_frame *f = fixture_frame(66, 50, 3), *back = NULL;
    omma_buffer *bytes = NULL;
    CHECK_OK(omma_image_encode_jpeg(&bytes, f, 95));
    CHECK_OK(omma_image_decode(&back, bytes->data, bytes->bytes, "it"));
    CHECK(back && back->width == 66 && back->height == 50 && fixture_error(back, 3) < 1.5);
    omma_frame_unref(&back);
    CHECK(omma_image_decode(&back, bytes->data, bytes->bytes / 2, "half") == OMMA_FORMAT);
    CHECK(strncmp(omma_why(), "half: ", 6) == 0);
    CHECK(omma_image_decode(&back, "no picture", 10, "text") == OMMA_FORMAT);
    CHECK(omma_image_decode(&back, "", 0, "nothing") == OMMA_FORMAT && !back);
    omma_buffer_unref(&bytes);
    omma_frame_unref(&f);
}

int main(void)
{
    fixture_make_folder();
    TEST(png_keeps_every_pixel);
    TEST(jpeg_is_close);
    TEST(jpeg_stretches_limited_range);
    TEST(better_quality_is_larger_and_closer);
    TEST(wrong_requests_are_refused);
    TEST(pictures_are_decoded_from_memory);
    fixture_remove_folder();
    return check_done();
}
