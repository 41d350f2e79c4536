/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cholesky factorisation A = L L^T of a sparse symmetric matrix of square blocks, for graphs of
 * poses. Rows are reordered by minimum degree, so that a chain with few loops fills in little.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARSE_BLOCK_MAX = 7 };

typedef struct sparse_cholesky sparse_cholesky;

/** @param n     block rows
 *  @param width of a block, at most SPARSE_BLOCK_MAX
 *  @param pairs count pairs of rows whose block is not 0 (any order, repeats are fine); borrowed */
sparse_cholesky *sparse_cholesky_create(size_t n, int width, const uint32_t (*pairs)[2],
                                        size_t count);
void sparse_cholesky_destroy(sparse_cholesky **c);

/** Blocks of L, diagonals included. */
size_t sparse_cholesky_block_count(const sparse_cholesky *c);

/** A = 0. */
void sparse_cholesky_clear(sparse_cholesky *c);
/** A's block (i, j), row-major, of a pair or a diagonal. For one of (i, j) and (j, i) the transpose
 *  is stored: then *transposed, and the block is that of (j, i). Diagonal: the lower triangle
 * counts. */
double *sparse_cholesky_block(sparse_cholesky *c, uint32_t i, uint32_t j, bool *transposed);

/** Factors A with each diagonal element raised by the share lambda (0 becomes 1); A stays.
 *  @return false when not positive definite. */
bool sparse_cholesky_factor(sparse_cholesky *c, double lambda);
/** Solves in place; n x width. */
void sparse_cholesky_solve(const sparse_cholesky *c, double *b);
