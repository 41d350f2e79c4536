/* SPDX-License-Identifier: Apache-2.0 */
/** Which block stands where: a hash of integer places with open addressing. Numbers are given in
 * the order of arrival, 0, 1, 2 ..., and nothing is ever taken out. */
#pragma once

#include <omma/base.h>

#define NO_BLOCK UINT32_MAX

typedef struct block_index {
    int32_t (*place)[3]; /* by number */
    size_t count;
    size_t capacity; /* of place */
    uint32_t *slot;  /* number + 1, 0 = free; a power of two of them, at most half taken */
    size_t slots;
} block_index;

void block_index_finish(block_index *b);
/* Forgets everything and keeps the memory. */
void block_index_clear(block_index *b);
/* NO_BLOCK when there is none. */
uint32_t block_index_find(const block_index *b, const int32_t place[3]);
/* Finds or adds. @return OMMA_OK; OMMA_NO_MEMORY (nothing is changed). */
omma_error block_index_add(block_index *b, const int32_t place[3], uint32_t *number);
