/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_fixture.h"

static omma_frame *rotated(const omma_frame *from, int degrees)
{
    bool swaps = degrees % 180 != 0;
    omma_frame *to = new_frame(from->format, swaps ? from->height : from->width,
                               swaps ? from->width : from->height);
    CHECK_OK(omma_frame_rotate(to, from, degrees));
    return to;
}

/* Clockwise by 90 degrees, the bottom left corner goes to the top left. */
static void each_pixel_goes_where_it_should(void)
{
    static const int sizes[][2] = {{1, 1}, {5, 3}, {33, 70}, {64, 32}};
    uint64_t seed = 1;

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (size_t i = 0; i < ALL_FORMATS; i++)
            for (int degrees = 0; degrees < 360; degrees += 90) {
                omma_frame *from = random_frame(all_formats[i], sizes[s][0], sizes[s][1], &seed);
                omma_frame *to = rotated(from, degrees);
                bool right = true;
                for (int p = 0; p < omma_format_planes(to->format); p++) {
                    int n = omma_format_sample_bytes(to->format, p);
                    int width = row_bytes(from, p) / n, height = rows_of(from, p);
                    for (int y = 0; y < height; y++)
                        for (int x = 0; x < width; x++) {
                            int tx = degrees == 0     ? x
                                     : degrees == 90  ? height - 1 - y
                                     : degrees == 180 ? width - 1 - x
                                                      : y;
                            int ty = degrees == 0     ? y
                                     : degrees == 90  ? x
                                     : degrees == 180 ? height - 1 - y
                                                      : width - 1 - x;
                            right = right && memcmp(row_at(to, p, ty) + tx * n,
                                                    row_at(from, p, y) + x * n, (size_t)n) == 0;
                        }
                }
                CHECK(right);
                omma_frame_unref(&from);
                omma_frame_unref(&to);
            }
}

static void four_quarters_are_a_whole(void)
{
    uint64_t seed = 2;
    omma_frame *first = random_frame(OMMA_FORMAT_I420, 37, 22, &seed), *f = omma_frame_ref(first);

    for (int i = 0; i < 4; i++) {
        omma_frame *next = rotated(f, i % 2 ? 270 : 90);
        omma_frame_unref(&f);
        f = next;
    }
    CHECK(same_pixels(f, first)); /* 90, 270, 90, 270 */
    omma_frame_unref(&f);
    f = omma_frame_ref(first);
    for (int i = 0; i < 4; i++) {
        omma_frame *next = rotated(f, 90);
        omma_frame_unref(&f);
        f = next;
    }
    CHECK(same_pixels(f, first));
    omma_frame_unref(&f);
    omma_frame_unref(&first);
}

static void impossible_turns_are_refused(void)
{
    omma_frame *a = new_frame(OMMA_FORMAT_GRAY8, 8, 4), *b = new_frame(OMMA_FORMAT_GRAY8, 4, 8);
    omma_frame *rgb = new_frame(OMMA_FORMAT_RGB24, 4, 8), *empty = omma_frame_create_empty();

    CHECK_OK(omma_frame_rotate(b, a, 90));
    CHECK(omma_frame_rotate(b, a, 180) == OMMA_INVALID);
    CHECK(omma_frame_rotate(b, a, 45) == OMMA_INVALID);
    CHECK(omma_frame_rotate(b, a, -90) == OMMA_INVALID);
    CHECK(omma_frame_rotate(a, a, 90) == OMMA_INVALID);
    CHECK(omma_frame_rotate(rgb, a, 90) == OMMA_INVALID);
    CHECK(omma_frame_rotate(empty, a, 90) == OMMA_INVALID);
    CHECK(omma_frame_rotate(b, empty, 90) == OMMA_INVALID);
    omma_frame_unref(&a);
    omma_frame_unref(&b);
    omma_frame_unref(&rgb);
    omma_frame_unref(&empty);
}

int main(void)
{
    TEST(each_pixel_goes_where_it_should);
    TEST(four_quarters_are_a_whole);
    TEST(impossible_turns_are_refused);
    return check_done();
}
