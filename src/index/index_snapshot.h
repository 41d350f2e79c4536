/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A store as sections of a checkpoint: a column each, node after node, as they lie in memory, and
 * the entries in the order of their nodes. What a reader of the store relies on (links within the
 * nodes, entries within the pool, numbers that are numbers) is checked when it is opened.
 */
#pragma once

#include "checkpoint.h"
#include "store.h"

/** Beside readers, not beside changes. */
void index_snapshot_write(const store *s, checkpoint_writer *w);

/**
 * The store of a checkpoint. Vectors stay in the file until they are looked at, and their checksum
 * is not compared; all else is.
 *
 * @return OMMA_OK (*out given: store_destroy); OMMA_FORMAT; OMMA_NO_MEMORY.
 */
omma_error index_snapshot_open(store **out, const checkpoint *c);
