/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Increment relaxed, decrement acquire-release: whoever frees sees all that others wrote before
 * they let go. The count is a plain int in a public header that C++ reads too, hence the builtins.
 */
#include <omma/base.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line, and one AVX-512 register */

static void release_host(omma_buffer *buffer, void *user)
{
    (void)user;
    free(buffer->data);
}

omma_error omma_buffer_create(omma_buffer **out, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - 2 * ALIGNMENT)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a buffer of %zu bytes", bytes);
    size_t room = (bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint8_t *data = aligned_alloc(ALIGNMENT, room);
    if (!data)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a buffer of %zu bytes", bytes);
    memset(data + bytes, 0, room - bytes); /* kernels may read it, so it has a value */
    *out = omma_buffer_wrap(data, bytes, OMMA_MEMORY_HOST, release_host, NULL);
    return OMMA_OK;
}

omma_buffer *omma_buffer_wrap(void *data, size_t bytes, omma_memory memory,
                              void (*release)(omma_buffer *buffer, void *user), void *user)
{
    omma_buffer *b = omma_new(omma_buffer);
    *b = (omma_buffer){data, bytes, memory, release, user, 1};
    return b;
}

omma_buffer *omma_buffer_ref(omma_buffer *b)
{
    if (b) {
        int before = __atomic_fetch_add(&b->references, 1, __ATOMIC_RELAXED);
        assert(before > 0);
        (void)before;
    }
    return b;
}

void omma_buffer_unref(omma_buffer **b)
{
    if (!b || !*b)
        return;
    omma_buffer *buffer = *b;
    *b = NULL;
    int before = __atomic_fetch_sub(&buffer->references, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before != 1)
        return;
    if (buffer->release)
        buffer->release(buffer, buffer->user);
    free(buffer);
}

bool omma_buffer_is_unique(const omma_buffer *b)
{
    return __atomic_load_n(&b->references, __ATOMIC_ACQUIRE) == 1;
}
