/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The trajectory memory as bytes, so that another clip can go on with it: the words, and a vector
 * in eight bits for each keyframe. Descriptors are kept only as long as no words have been learnt:
 * with a memory that was kept, the first lesson may be the last.
 */
#pragma once

#include "recall.h"

void recall_put(omma_byte_list *b, const recall *r);

/**
 * Into an empty memory with the options of the one that was put.
 *
 * @return OMMA_OK; OMMA_FORMAT (not that, or damaged: the memory is good for recall_destroy alone);
 * OMMA_INVALID (it is not empty); OMMA_NO_MEMORY. Fuzzed.
 */
omma_error recall_take(recall *r, omma_byte_reader *b);
