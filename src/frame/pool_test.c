/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_fixture.h"

static void a_frame_comes_back_clean(void)
{
    omma_pool *p = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_pool_create(&p, OMMA_FORMAT_NV12, 33, 17));
    CHECK_OK(omma_pool_get(p, &f));
    uint8_t *pixels = f->plane[0];
    f->time_ns = 5;
    f->index = 6;
    f->limited_range = true;
    f->matrix = OMMA_MATRIX_BT709;
    f->truth = omma_new(omma_truth);
    CHECK_OK(omma_buffer_create(&f->truth->depth, 33 * 17 * sizeof(float)));
    omma_frame_set_name(f, "x");
    omma_frame_unref(&f);
    CHECK_OK(omma_pool_get(p, &f));
    CHECK(f->plane[0] == pixels);
    CHECK(f->time_ns == 0 && f->index == 0 && !f->truth && !f->name);
    CHECK(!f->limited_range && f->matrix == OMMA_MATRIX_BT601);
    CHECK(f->format == OMMA_FORMAT_NV12 && f->width == 33 && f->height == 17);
    omma_frame_unref(&f);
    omma_pool_destroy(&p);
    CHECK(p == NULL);
    omma_pool_destroy(&p);
}

static void frames_out_at_once_are_different(void)
{
    omma_pool *p = NULL;
    omma_frame *f[5] = {NULL};

    CHECK_OK(omma_pool_create(&p, OMMA_FORMAT_GRAY8, 20, 20));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5; i++) {
            CHECK_OK(omma_pool_get(p, &f[i]));
            for (int j = 0; j < i; j++)
                CHECK(f[i]->plane[0] != f[j]->plane[0]);
        }
        for (int i = 0; i < 5; i++)
            omma_frame_unref(&f[i]);
    }
    omma_pool_destroy(&p);
}

static void frames_outlive_their_pool(void)
{
    omma_pool *p = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_pool_create(&p, OMMA_FORMAT_GRAY8, 20, 20));
    CHECK_OK(omma_pool_get(p, &f));
    omma_pool_destroy(&p);
    memset(f->plane[0], 1, 20);
    omma_frame_unref(&f);
    CHECK(f == NULL);
}

/* A viewer that holds the bytes but not the frame must not see the next picture in them. */
static void bytes_that_are_read_are_not_reused(void)
{
    omma_pool *p = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_pool_create(&p, OMMA_FORMAT_GRAY8, 20, 20));
    CHECK_OK(omma_pool_get(p, &f));
    omma_buffer *read = omma_buffer_ref(f->buffer[0]);
    omma_frame_unref(&f);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(omma_pool_get(p, &f));
        CHECK(f->plane[0] != read->data);
        omma_frame_unref(&f);
    }
    omma_buffer_unref(&read);
    omma_pool_destroy(&p);
}

static void impossible_pools_are_refused(void)
{
    omma_pool *p = NULL;

    CHECK(omma_pool_create(&p, OMMA_FORMAT_NONE, 20, 20) == OMMA_INVALID);
    CHECK(omma_pool_create(&p, OMMA_FORMAT_GRAY8, 0, 20) == OMMA_INVALID);
    CHECK(p == NULL);
}

typedef struct worker {
    omma_pool *pool;
    omma_thread *thread;
    int torn;
} worker;

static void fill_and_look(void *user)
{
    worker *w = user;
    for (int i = 0; i < 2000; i++) {
        omma_frame *f = NULL;
        if (omma_pool_get(w->pool, &f))
            continue;
        memset(f->plane[0], i, 16);
        omma_frame *again = omma_frame_ref(f);
        omma_frame_unref(&f);
        for (int x = 0; x < 16; x++)
            w->torn += again->plane[0][x] != (uint8_t)i;
        omma_frame_unref(&again);
    }
}

static void threads_share_a_pool(void)
{
    worker w[4] = {0};
    omma_pool *p = NULL;

    CHECK_OK(omma_pool_create(&p, OMMA_FORMAT_GRAY8, 16, 16));
    for (int i = 0; i < 4; i++) {
        w[i].pool = p;
        CHECK_OK(omma_thread_start(&w[i].thread, "pool", fill_and_look, &w[i]));
    }
    for (int i = 0; i < 4; i++) {
        omma_thread_join(&w[i].thread);
        CHECK(w[i].torn == 0);
    }
    omma_pool_destroy(&p);
}

int main(void)
{
    TEST(a_frame_comes_back_clean);
    TEST(frames_out_at_once_are_different);
    TEST(frames_outlive_their_pool);
    TEST(bytes_that_are_read_are_not_reused);
    TEST(impossible_pools_are_refused);
    TEST(threads_share_a_pool);
    return check_done();
}
