/* SPDX-License-Identifier: Apache-2.0 */
/** Vectors out of a .npy file, one per row. */
#pragma once

#include <omma/base.h>

typedef struct index_vectors {
    float *rows; /* count x dim */
    size_t count;
    uint32_t dim;
} index_vectors;

/** @return OMMA_OK (index_vectors_finish); as omma_file_read and omma_npy_parse, and OMMA_FORMAT
 * (no rows of numbers); the reason names the file. */
omma_error index_vectors_read(index_vectors *out, const char *path);
void index_vectors_finish(index_vectors *v);
