/* SPDX-License-Identifier: Apache-2.0 */
/** Many vectors at once, on several threads. */
#pragma once

#include "index_inside.h"

typedef struct import import;

/** Threads' room for adding to x until it has so many nodes. @param threads 0 = as many as cores
 *  @return NULL without memory. */
import *import_create(const omma_index *x, uint32_t nodes, unsigned threads);
void import_destroy(import **m);

/** Adds n that were found right, for which there is room. */
void import_run(import *m, omma_index *x, const float *vectors, size_t n, uint32_t dim,
                const omma_index_entry *entries);
