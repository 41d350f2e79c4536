/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

static void memory_is_aligned_and_readable_behind(void)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100001};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        omma_buffer *b = NULL;
        CHECK_OK(omma_buffer_create(&b, sizes[i]));
        CHECK((uintptr_t)b->data % 64 == 0);
        CHECK(b->bytes == sizes[i] && b->memory == OMMA_MEMORY_HOST);
        memset(b->data, 0xff, b->bytes);
        int sum = 0;
        for (size_t j = 0; j < 64; j++)
            sum |= ((uint8_t *)b->data)[b->bytes + j];
        CHECK(sum == 0);
        omma_buffer_unref(&b);
        CHECK(b == NULL);
    }
}

static void impossible_sizes_are_refused(void)
{
    omma_buffer *b = NULL;
    CHECK(omma_buffer_create(&b, SIZE_MAX) == OMMA_NO_MEMORY);
    CHECK(omma_buffer_create(&b, SIZE_MAX - 70) == OMMA_NO_MEMORY);
    CHECK(b == NULL);
}

static void count_release(omma_buffer *b, void *user)
{
    (void)b;
    __atomic_fetch_add((int *)user, 1, __ATOMIC_RELAXED);
}

static void the_last_reference_releases(void)
{
    int released = 0;
    char bytes[8];
    omma_buffer *a = omma_buffer_wrap(bytes, 8, OMMA_MEMORY_SHARED, count_release, &released);
    omma_buffer *b = omma_buffer_ref(a);

    CHECK(a == b && a->data == bytes && a->memory == OMMA_MEMORY_SHARED);
    CHECK(!omma_buffer_is_unique(a));
    omma_buffer_unref(&a);
    CHECK(released == 0);
    CHECK(omma_buffer_is_unique(b));
    omma_buffer_unref(&b);
    CHECK(released == 1);
    omma_buffer_unref(&b);
    omma_buffer_unref(NULL);
    CHECK(omma_buffer_ref(NULL) == NULL);
    CHECK(released == 1);
}

static void ref_and_unref_often(void *user)
{
    omma_buffer *mine = user;
    for (int i = 0; i < 10000; i++) {
        omma_buffer *again = omma_buffer_ref(mine);
        omma_buffer_unref(&again);
    }
    omma_buffer_unref(&mine);
}

static void threads_count_together(void)
{
    int released = 0;
    omma_buffer *b = omma_buffer_wrap(NULL, 0, OMMA_MEMORY_HOST, count_release, &released);
    omma_thread *thread[4];

    for (int i = 0; i < 4; i++)
        CHECK_OK(omma_thread_start(&thread[i], "ref", ref_and_unref_often, omma_buffer_ref(b)));
    omma_buffer_unref(&b);
    for (int i = 0; i < 4; i++)
        omma_thread_join(&thread[i]);
    CHECK(released == 1);
}

int main(void)
{
    TEST(memory_is_aligned_and_readable_behind);
    TEST(impossible_sizes_are_refused);
    TEST(the_last_reference_releases);
    TEST(threads_count_together);
    return check_done();
}
