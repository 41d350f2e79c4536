/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_fixture.h"

static int clamp(int x, int size)
{
    return x < 0 ? 0 : x >= size ? size - 1 : x;
}

static uint8_t pixel(const omma_level *l, int x, int y)
{
    return l->data[(ptrdiff_t)l->stride * y + x];
}

/* Every pixel of the border is the nearest of the picture. */
static bool border_is_replicated(const omma_level *l)
{
    for (int y = -OMMA_PYRAMID_BORDER; y < l->height + OMMA_PYRAMID_BORDER; y++)
        for (int x = -OMMA_PYRAMID_BORDER; x < l->width + OMMA_PYRAMID_BORDER; x++)
            if (pixel(l, x, y) != pixel(l, clamp(x, l->width), clamp(y, l->height)))
                return false;
    return true;
}

static bool is_half_of(const omma_level *l, const omma_level *above)
{
    for (int y = 0; y < l->height; y++)
        for (int x = 0; x < l->width; x++) {
            int sum = pixel(above, 2 * x, 2 * y) + pixel(above, 2 * x + 1, 2 * y) +
                      pixel(above, 2 * x, 2 * y + 1) + pixel(above, 2 * x + 1, 2 * y + 1);
            if (pixel(l, x, y) != (sum + 2) / 4)
                return false;
        }
    return true;
}

static void check_pyramid(const omma_pyramid *p, const omma_frame *gray)
{
    const omma_level *first = &p->level[0];

    CHECK(first->width == gray->width && first->height == gray->height);
    bool same = true;
    for (int y = 0; y < gray->height; y++)
        same = same && memcmp(first->data + (ptrdiff_t)first->stride * y, row_at(gray, 0, y),
                              (size_t)gray->width) == 0;
    CHECK(same);
    for (int i = 0; i < p->levels; i++) {
        const omma_level *l = &p->level[i];
        const uint8_t *end = (const uint8_t *)p->buffer->data + p->buffer->bytes;
        CHECK((uintptr_t)l->data % 64 == 0 && l->stride % 64 == 0);
        CHECK(l->width == gray->width >> i && l->height == gray->height >> i);
        CHECK(l->width >= 16 && l->height >= 16);
        CHECK(border_is_replicated(l));
        CHECK(l->data + (ptrdiff_t)l->stride * (l->height + 15) + l->width + 16 <= end);
        if (i > 0)
            CHECK(is_half_of(l, &p->level[i - 1]));
    }
}

static void all_small_sizes_are_right(void)
{
    uint64_t seed = 1;
    omma_pyramid p = {0};

    for (int height = 16; height <= 80; height += height % 2 ? 3 : 5)
        for (int width = 16; width <= 80; width++) {
            omma_frame *f = random_frame(OMMA_FORMAT_GRAY8, width, height, &seed);
            CHECK_OK(omma_pyramid_build(&p, f, OMMA_MAX_LEVELS));
            check_pyramid(&p, f);
            omma_frame_unref(&f);
        }
    omma_pyramid_finish(&p);
    CHECK(p.buffer == NULL && p.levels == 0);
    omma_pyramid_finish(&p);
}

static void a_large_picture_has_all_levels(void)
{
    uint64_t seed = 2;
    omma_pyramid p = {0};
    omma_frame *f = random_frame(OMMA_FORMAT_GRAY8, 2050, 2049, &seed);

    CHECK_OK(omma_pyramid_build(&p, f, 100));
    CHECK(p.levels == 8); /* 2049 >> 7 = 16 */
    check_pyramid(&p, f);
    CHECK_OK(omma_pyramid_build(&p, f, 3));
    CHECK(p.levels == 3);
    CHECK_OK(omma_pyramid_build(&p, f, 0));
    CHECK(p.levels == 1);
    omma_frame_unref(&f);
    omma_pyramid_finish(&p);
}

static void the_first_level_is_luma(void)
{
    uint64_t seed = 3;
    omma_pyramid p = {0};

    for (size_t i = 0; i < ALL_FORMATS; i++) {
        omma_frame *f = random_frame(all_formats[i], 67, 35, &seed);
        omma_frame *gray = new_frame(OMMA_FORMAT_GRAY8, 67, 35);
        CHECK_OK(omma_frame_convert(gray, f)); /* full range: luma as it is */
        f->limited_range = true;               /* and a pyramid leaves it so */
        CHECK_OK(omma_pyramid_build(&p, f, 4));
        check_pyramid(&p, gray);
        omma_frame_unref(&f);
        omma_frame_unref(&gray);
    }
    omma_pyramid_finish(&p);
}

/* x_0 = (x_l + 0.5) 2^l - 0.5: a ramp has that value at every level. */
static void levels_lie_where_the_header_says(void)
{
    omma_pyramid p = {0};
    omma_frame *f = new_frame(OMMA_FORMAT_GRAY8, 240, 128);

    for (int y = 0; y < 128; y++)
        for (int x = 0; x < 240; x++)
            row_at(f, 0, y)[x] = (uint8_t)x;
    CHECK_OK(omma_pyramid_build(&p, f, 4));
    CHECK(p.levels == 4);
    for (int l = 0; l < p.levels; l++)
        for (int x = 0; x < p.level[l].width; x++) /* 1/2 from each rounding up */
            CHECK_CLOSE(pixel(&p.level[l], x, 5), ldexp(x + 0.5, l) - 0.5, .abs = 0.5 * l);
    omma_frame_unref(&f);
    omma_pyramid_finish(&p);
}

static void memory_is_reused_unless_it_is_read(void)
{
    uint64_t seed = 4;
    omma_pyramid p = {0};
    omma_frame *f = random_frame(OMMA_FORMAT_GRAY8, 64, 48, &seed);

    CHECK_OK(omma_pyramid_build(&p, f, 2));
    const omma_buffer *first = p.buffer;
    CHECK_OK(omma_pyramid_build(&p, f, 2));
    CHECK(p.buffer == first);
    omma_buffer *read = omma_buffer_ref(p.buffer);
    CHECK_OK(omma_pyramid_build(&p, f, 2));
    CHECK(p.buffer != read);
    omma_buffer_unref(&read);
    omma_frame_unref(&f);
    omma_pyramid_finish(&p);
}

static void small_pictures_are_refused(void)
{
    omma_pyramid p = {0};
    omma_frame *f = new_frame(OMMA_FORMAT_GRAY8, 15, 100), *empty = omma_frame_create_empty();

    CHECK(omma_pyramid_build(&p, f, 2) == OMMA_INVALID);
    CHECK(omma_pyramid_build(&p, empty, 2) == OMMA_INVALID);
    CHECK(p.levels == 0);
    omma_frame_unref(&f);
    omma_frame_unref(&empty);
    omma_pyramid_finish(&p);
}

int main(void)
{
    TEST(all_small_sizes_are_right);
    TEST(a_large_picture_has_all_levels);
    TEST(the_first_level_is_luma);
    TEST(levels_lie_where_the_header_says);
    TEST(memory_is_reused_unless_it_is_read);
    TEST(small_pictures_are_refused);
    return check_done();
}
