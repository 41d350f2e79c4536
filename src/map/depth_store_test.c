/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_store.h"

#include <string.h>

static omma_buffer *blob_of(uint32_t id, size_t bytes)
{
    omma_buffer *b;

    CHECK_OK(omma_buffer_create(&b, bytes));
    memset(b->data, (int)(id % 251), bytes);
    return b;
}

static bool is_there(const depth_store *s, uint32_t id, uint32_t content, size_t bytes)
{
    omma_buffer *b;
    bool same = true;

    CHECK_OK(depth_store_get(s, id, &b));
    if (!b || b->bytes != bytes)
        same = false;
    for (size_t i = 0; same && i < bytes; i++)
        same = ((uint8_t *)b->data)[i] == content % 251;
    omma_buffer_unref(&b);
    return same;
}

static void everything_is_found_and_memory_is_bounded(void)
{
    depth_store *s = depth_store_create(10000);

    for (uint32_t i = 0; i < 100; i++) {
        uint32_t id = i * 37 % 100; /* in no order */

        depth_store_put(s, id, blob_of(id, 500 + id));
        CHECK(depth_store_memory_bytes(s) <= 10000);
    }
    for (uint32_t id = 0; id < 100; id++)
        CHECK(is_there(s, id, id, 500 + id));
    CHECK(!is_there(s, 100, 100, 600));
    depth_store_destroy(&s);
    depth_store_destroy(&s);
}

static void what_is_replaced_or_removed_is_gone(void)
{
    depth_store *s = depth_store_create(2000);

    for (uint32_t id = 0; id < 10; id++)
        depth_store_put(s, id, blob_of(id, 1000));
    depth_store_put(s, 0, blob_of(77, 900)); /* was in the file */
    depth_store_put(s, 9, blob_of(78, 800)); /* was in memory */
    depth_store_remove(s, 4);
    depth_store_remove(s, 4);
    CHECK(is_there(s, 0, 77, 900));
    CHECK(is_there(s, 9, 78, 800));
    CHECK(!is_there(s, 4, 4, 1000));
    CHECK(is_there(s, 5, 5, 1000));
    for (uint32_t id = 0; id < 10; id++)
        depth_store_remove(s, id);
    CHECK(depth_store_memory_bytes(s) == 0);
    depth_store_destroy(&s);
}

static void without_a_file_everything_stays_in_memory(void)
{
    char *before = getenv("TMPDIR") ? omma_text("%s", getenv("TMPDIR")) : NULL;
    depth_store *s = depth_store_create(1000);

    setenv("TMPDIR", "/nonexistent", 1);
    for (uint32_t id = 0; id < 10; id++)
        depth_store_put(s, id, blob_of(id, 1000));
    CHECK(depth_store_memory_bytes(s) == 10000);
    CHECK(is_there(s, 0, 0, 1000));
    depth_store_destroy(&s);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

int main(void)
{
    TEST(everything_is_found_and_memory_is_bounded);
    TEST(what_is_replaced_or_removed_is_gone);
    TEST(without_a_file_everything_stays_in_memory);
    return check_done();
}
