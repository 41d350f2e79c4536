/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_fixture.h"

static void planes_are_aligned_and_apart(void)
{
    for (size_t i = 0; i < ALL_FORMATS; i++)
        for (int size = 1; size < 70; size += 3) {
            omma_frame *f = new_frame(all_formats[i], size, 71 - size);
            for (int p = 0; p < omma_format_planes(f->format); p++) {
                CHECK((uintptr_t)f->plane[p] % 64 == 0);
                CHECK(f->stride[p] % 64 == 0 && f->stride[p] >= row_bytes(f, p));
                for (int y = 0; y < rows_of(f, p); y++) /* a sanitizer sees what is outside */
                    memset(row_at(f, p, y), p + 1, (size_t)row_bytes(f, p));
            }
            for (int p = 0; p < omma_format_planes(f->format); p++)
                CHECK(row_at(f, p, 0)[0] == p + 1 &&
                      row_at(f, p, rows_of(f, p) - 1)[row_bytes(f, p) - 1] == p + 1);
            omma_frame_unref(&f);
            CHECK(f == NULL);
        }
}

static void formats_know_their_planes(void)
{
    CHECK(omma_format_planes(OMMA_FORMAT_I420) == 3);
    CHECK(omma_format_planes(OMMA_FORMAT_NV12) == 2);
    CHECK(omma_format_planes(OMMA_FORMAT_NONE) == 0);
    CHECK(omma_format_planes((omma_format)77) == 0);
    CHECK(omma_format_plane_width(OMMA_FORMAT_I420, 1, 5) == 3); /* odd sizes round up */
    CHECK(omma_format_plane_height(OMMA_FORMAT_NV12, 1, 7) == 4);
    CHECK(omma_format_plane_width(OMMA_FORMAT_I420, 0, 5) == 5);
    CHECK(omma_format_sample_bytes(OMMA_FORMAT_NV12, 1) == 2);
    CHECK(omma_format_sample_bytes(OMMA_FORMAT_RGB24, 0) == 3);
    CHECK(omma_format_sample_bytes(OMMA_FORMAT_RGB24, 1) == 0);
    CHECK(omma_format_plane_width(OMMA_FORMAT_RGB24, -1, 5) == 0);
    CHECK_TEXT(omma_format_name(OMMA_FORMAT_I420), "i420");
    CHECK_TEXT(omma_format_name((omma_format)77), "none");
}

static void impossible_frames_are_refused(void)
{
    omma_frame *f = NULL;

    CHECK(omma_frame_create(&f, OMMA_FORMAT_NONE, 8, 8) == OMMA_INVALID);
    CHECK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, 0, 8) == OMMA_INVALID);
    CHECK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, 8, -1) == OMMA_INVALID);
    CHECK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, 16385, 8) == OMMA_INVALID);
    CHECK(f == NULL);
}

static void count_release(omma_buffer *b, void *user)
{
    (void)b;
    ++*(int *)user;
}

static void the_last_reference_releases_all(void)
{
    int released = 0;
    uint8_t pixels[64];
    omma_frame *f = omma_frame_create_empty(), *g = omma_frame_ref(f);

    f->buffer[0] = omma_buffer_wrap(pixels, 64, OMMA_MEMORY_HOST, count_release, &released);
    f->buffer[2] = omma_buffer_ref(f->buffer[0]);
    f->truth = omma_new(omma_truth);
    f->truth->depth = omma_buffer_wrap(NULL, 0, OMMA_MEMORY_HOST, count_release, &released);
    omma_frame_set_name(f, "a.png");
    omma_frame_unref(&f);
    CHECK(released == 0);
    CHECK_TEXT(g->name, "a.png");
    omma_frame_unref(&g);
    CHECK(released == 2);
    omma_frame_unref(&g);
    omma_frame_unref(NULL);
    CHECK(omma_frame_ref(NULL) == NULL);
}

static void a_name_is_a_copy(void)
{
    char name[] = "one";
    omma_frame *f = omma_frame_create_empty();

    omma_frame_set_name(f, name);
    name[0] = 'X';
    CHECK_TEXT(f->name, "one");
    omma_frame_set_name(f, f->name + 1);
    CHECK_TEXT(f->name, "ne");
    omma_frame_set_name(f, NULL);
    CHECK(f->name == NULL);
    omma_frame_unref(&f);
}

int main(void)
{
    TEST(planes_are_aligned_and_apart);
    TEST(formats_know_their_planes);
    TEST(impossible_frames_are_refused);
    TEST(the_last_reference_releases_all);
    TEST(a_name_is_a_copy);
    return check_done();
}
