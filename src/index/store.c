/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    HUGE_PAGE = 2 << 20,
    SMALL_NODES = 4096, /* an index of few vectors shall not take huge pages */
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

store *store_create(uint32_t dim, omma_index_metric metric, bool codes_only)
{
    store *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->dim = dim;
    s->metric = metric;
    s->code_bytes = (uint32_t)round_up(dim, 64);
    s->vector_floats = codes_only ? 0 : (uint32_t)round_up(dim, 16);
    s->column_bytes[COLUMN_LINKS] = LINK_WORDS * sizeof(uint32_t);
    s->column_bytes[COLUMN_CODES] = s->code_bytes;
    s->column_bytes[COLUMN_SCALES] = sizeof(float);
    s->column_bytes[COLUMN_BIASES] = metric == OMMA_INDEX_L2 ? sizeof(float) : 0;
    s->column_bytes[COLUMN_STATES] = sizeof(node_state);
    s->column_bytes[COLUMN_VECTORS] = s->vector_floats * sizeof(float);
    return s;
}

void store_destroy(store **s)
{
    if (!s || !*s)
        return;
    for (size_t i = 0; i < SEGMENTS && (*s)->segments[i].mapped; i++)
        munmap((*s)->segments[i].mapped, (*s)->segments[i].mapped_bytes);
    entry_pool_finish(&(*s)->entries);
    free(atomic_load_explicit(&(*s)->landmarks, memory_order_relaxed));
    free(*s);
    *s = NULL;
}

size_t store_column_at(const store *s, store_column c)
{
    size_t at = 0;
    for (unsigned i = 0; i < c; i++)
        at += round_up(s->column_bytes[i] * SEGMENT_NODES, HUGE_PAGE);
    return at;
}

size_t store_segment_bytes(const store *s)
{
    return store_column_at(s, COLUMNS);
}

/* Address space that begins with a huge page; memory comes with the first touch. */
static void *map_aligned(size_t bytes)
{
    uint8_t *all = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    size_t before = round_up((uintptr_t)all, HUGE_PAGE) - (uintptr_t)all;
    if (before)
        munmap(all, before);
    if (before < HUGE_PAGE)
        munmap(all + before + bytes, HUGE_PAGE - before);
    return all + before;
}

void store_adopt(store *s, void *mapped, size_t bytes)
{
    segment *g = &s->segments[s->capacity >> SEGMENT_BITS];

    for (unsigned c = 0; c < COLUMNS; c++)
        g->column[c] = (uint8_t *)mapped + store_column_at(s, (store_column)c);
    g->mapped = mapped;
    g->mapped_bytes = bytes;
    s->capacity += SEGMENT_NODES;
}

static omma_error add_segment(store *s)
{
    size_t bytes = store_segment_bytes(s);

    if (s->capacity >> SEGMENT_BITS == SEGMENTS)
        return omma_fail(OMMA_FULL, "index: %u vectors, and no number for more", s->capacity);
    void *mapped = map_aligned(bytes);
    if (!mapped)
        return omma_fail(OMMA_NO_MEMORY, "index: no room for a segment of %zu bytes", bytes);
    if (s->capacity)
        madvise(mapped, bytes, MADV_HUGEPAGE);
    store_adopt(s, mapped, bytes);
    return OMMA_OK;
}

/* From here on the first segment is touched in huge pages, too. */
static void use_huge_pages(store *s)
{
    madvise(s->segments[0].mapped, s->segments[0].mapped_bytes, MADV_HUGEPAGE);
}

omma_error store_reserve(store *s, size_t n)
{
    size_t count = store_count(s), want = count + n;
    omma_error err = OMMA_OK;

    if (want > (size_t)SEGMENTS * SEGMENT_NODES)
        return omma_fail(OMMA_FULL, "index: no room for %zu vectors more", n);
    while (!err && s->capacity < want)
        err = add_segment(s);
    if (!err && count < SMALL_NODES && want >= SMALL_NODES)
        use_huge_pages(s);
    return err ? err : entry_pool_reserve(&s->entries, n);
}
