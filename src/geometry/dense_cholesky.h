/* SPDX-License-Identifier: Apache-2.0 */
/* Dense Cholesky factorisation for the reduced camera systems of bundle adjustment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Orders are padded to a multiple of this with a unit diagonal, so that no kernel has a remainder.
 */
enum { CHOLESKY_TILE = 16 };

/**
 * A = L L^T in place, row-major, lower triangle (what stands above the diagonal is neither used nor
 * kept). All kernels add in the same order, so every CPU gives the same bits.
 *
 * @param n     order, also the row stride; a multiple of CHOLESKY_TILE
 * @param first for each tile of rows its first tile that is not all zero (the envelope, in which
 * all fill-in stays), or NULL = dense
 * @param work  cholesky_work_size(n) doubles, 64-byte aligned, as A is
 * @return false when A is not positive definite
 */
bool cholesky_factor(double *A, size_t n, const uint32_t *first, double *work);
size_t cholesky_work_size(size_t n);

/** Solves L L^T x = b in place. */
void cholesky_solve(const double *L, size_t n, double *b);

bool cholesky_factor_scalar(double *A, size_t n, const uint32_t *first, double *work);
bool cholesky_factor_avx2(double *A, size_t n, const uint32_t *first, double *work);
bool cholesky_factor_avx512(double *A, size_t n, const uint32_t *first, double *work);
