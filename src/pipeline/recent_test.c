/* SPDX-License-Identifier: Apache-2.0 */
#include "recent.h"

#include <check.h>

static omma_frame *frame_at(uint64_t index, int size)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, size, size));
    memset(f->plane[0], (int)(index & 255), (size_t)f->stride[0] * (size_t)size);
    f->index = index;
    return f;
}

static void add(recent_frames *r, uint64_t index, int size)
{
    omma_frame *f = frame_at(index, size);
    recent_add(r, f);
    omma_frame_unref(&f);
}

static bool has_jpeg(recent_frames *r, uint64_t index)
{
    char *name = NULL;
    omma_buffer *jpeg = recent_jpeg(r, index, &name);
    bool has = jpeg != NULL;
    omma_buffer_unref(&jpeg);
    free(name);
    return has;
}

static void the_newest_frames_are_whole(void)
{
    recent_frames *r = recent_create();
    for (uint64_t i = 0; i < 60; i++)
        add(r, 2 * i, 64);
    CHECK(recent_frame(r, 118) != NULL);
    CHECK(recent_frame(r, 118)->index == 118);
    CHECK(recent_frame(r, 117) == NULL); /* never was */
    CHECK(recent_frame(r, 40) != NULL);
    CHECK(recent_frame(r, 38) == NULL);
    recent_destroy(&r);
    CHECK(r == NULL);
    recent_destroy(&r);
}

static void frames_without_a_pose_stay_as_pictures(void)
{
    recent_frames *r = recent_create();
    for (uint64_t i = 0; i < 100; i++) {
        add(r, i, 64);
        if (i % 2)
            recent_set_posed(r, i);
    }
    CHECK(has_jpeg(r, 10));  /* old and without a pose: may still become a keyframe */
    CHECK(!has_jpeg(r, 11)); /* old and posed: gone */
    CHECK(has_jpeg(r, 99));
    recent_set_posed(r, 10);
    CHECK(!has_jpeg(r, 10));
    recent_destroy(&r);
}

static void memory_is_bounded(void)
{
    recent_frames *r = recent_create();
    for (uint64_t i = 0; i < 1000; i++)
        add(r, i, 32);
    CHECK(has_jpeg(r, 999));
    CHECK(has_jpeg(r, 650));
    CHECK(!has_jpeg(r, 590)); /* 400 in all */
    recent_destroy(&r);
    r = recent_create();
    for (uint64_t i = 0; i < 20; i++)
        add(r, i, 4096); /* 16 MiB each: eight at most */
    CHECK(recent_frame(r, 12) != NULL);
    CHECK(recent_frame(r, 11) == NULL);
    recent_destroy(&r);
}

static void a_picture_keeps_its_name(void)
{
    recent_frames *r = recent_create();
    omma_frame *f = frame_at(5, 64);
    char *name = NULL;

    omma_frame_set_name(f, "a.jpg");
    recent_add(r, f);
    omma_frame_unref(&f);
    omma_buffer *jpeg = recent_jpeg(r, 5, &name);
    CHECK(jpeg && jpeg->bytes > 100);
    CHECK_TEXT(name, "a.jpg");
    omma_buffer_unref(&jpeg);
    free(name);
    recent_destroy(&r);
}

int main(void)
{
    TEST(the_newest_frames_are_whole);
    TEST(frames_without_a_pose_stay_as_pictures);
    TEST(memory_is_bounded);
    TEST(a_picture_keeps_its_name);
    return check_done();
}
