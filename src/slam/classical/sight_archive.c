/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of the file are mapped one after the other and never moved. Each is allocated on the disk
 * before it is touched: writing to a page that the disk has no room for would end the program.
 */
#include "sight_archive.h"

#include "world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)4 << 20)

struct sight_archive {
    int file; /* -1: none, or full */
    void **block;
    size_t count, capacity;
    size_t used; /* bytes of the last block */
};

sight_archive *sight_archive_create(void)
{
    sight_archive *a = omma_new(sight_archive);
    a->file = omma_file_nameless();
    a->used = BLOCK_BYTES;
    return a;
}

void sight_archive_destroy(sight_archive **a)
{
    if (!*a)
        return;
    for (size_t i = 0; i < (*a)->count; i++)
        munmap((*a)->block[i], BLOCK_BYTES);
    if ((*a)->file >= 0)
        close((*a)->file);
    free((*a)->block);
    free(*a);
    *a = NULL;
}

static bool add_block(sight_archive *a)
{
    const off_t offset = (off_t)(a->count * BLOCK_BYTES);
    void *block = MAP_FAILED;

    if (a->file >= 0 && posix_fallocate(a->file, offset, (off_t)BLOCK_BYTES) == 0)
        block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, a->file, offset);
    if (block == MAP_FAILED) {
        if (a->file >= 0)
            close(a->file); /* what is mapped stays; there are no more attempts */
        a->file = -1;
        return false;
    }
    sight_archive_rest(a);
    omma_grow((void **)&a->block, &a->capacity, a->count + 1, sizeof(*a->block));
    a->block[a->count++] = block;
    a->used = 0;
    return true;
}

sight *sight_archive_put(sight_archive *a, const sight *sights, uint32_t n)
{
    const size_t bytes = n * sizeof(sight);

    if (bytes > BLOCK_BYTES || (bytes > BLOCK_BYTES - a->used && !add_block(a)))
        return NULL;
    sight *copy = (sight *)((char *)a->block[a->count - 1] + a->used);
    memcpy(copy, sights, bytes);
    a->used += bytes;
    return copy;
}

/* Of a shared mapping MADV_DONTNEED takes the pages out of the process only: the file has them. */
void sight_archive_rest(sight_archive *a)
{
    for (size_t i = 0; a && i < a->count; i++)
        madvise(a->block[i], BLOCK_BYTES, MADV_DONTNEED);
}
