/* SPDX-License-Identifier: Apache-2.0 */
/** Vectors to measure an index with, as a camera or as nobody would make them; unit length. */
#pragma once

#include <omma/base.h>

typedef enum index_data_kind {
    INDEX_DATA_TRAJECTORY, /* of poses along a path that comes back, with noise */
    INDEX_DATA_UNIFORM,    /* of all directions: nothing to find */
} index_data_kind;

typedef struct index_data {
    uint32_t dim;
    size_t count, extra, query_count;
    float *vectors; /* (count + extra) x dim: count in the order of time or shuffled, then extra */
    float *queries; /* query_count x dim, of places near the path of the first count */
} index_data;

/** @return OMMA_OK (index_data_finish); OMMA_NO_MEMORY. The same seed gives the same numbers. */
omma_error index_data_make(index_data *out, index_data_kind kind, size_t count, size_t extra,
                           size_t query_count, uint32_t dim, bool shuffled, uint64_t seed);
void index_data_finish(index_data *d);
