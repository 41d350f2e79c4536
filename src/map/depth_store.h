/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Encoded depth maps (depth_codec.h) by the ids of their keyframes. At most a budget of bytes stays
 * in memory; what came first goes to a nameless file in $TMPDIR, and is read from there. Where that
 * fails everything stays in memory. Thread-safe: one thread at a time.
 */
#pragma once

#include <omma/base.h>

typedef struct depth_store depth_store;

/** @param budget_bytes 0 = 128 MiB */
depth_store *depth_store_create(size_t budget_bytes);
void depth_store_destroy(depth_store **s);
/** blob is taken; it replaces what was there. */
void depth_store_put(depth_store *s, uint32_t keyframe, omma_buffer *blob);
bool depth_store_has(const depth_store *s, uint32_t keyframe);
void depth_store_remove(depth_store *s, uint32_t keyframe);
/** @return OMMA_OK (given: omma_buffer_unref; NULL when there is none); OMMA_IO, OMMA_NO_MEMORY. */
omma_error depth_store_get(const depth_store *s, uint32_t keyframe, omma_buffer **blob);
size_t depth_store_memory_bytes(const depth_store *s);
