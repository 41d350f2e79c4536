/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of cholesky_factor, included once for each width of a vector (LANES doubles).
 *
 * Right-looking and blocked (Golub, Van Loan, "Matrix computations", 4th ed., 4.2.6): a panel of at
 * most 64 columns is factored, its transpose P^T is packed, and the trailing matrix is lowered by
 * P P^T in pieces of 4 rows by 2 vectors, which keep their sums in registers. Only tiles of rows
 * whose envelope reaches the panel take part. Each element sees the same operations in the same
 * order whatever LANES is, and none is fused.
 */
#pragma once

#include "dense_cholesky.h"

#include <math.h>
#include <string.h>

enum { TILE = CHOLESKY_TILE, PANEL = 4 * CHOLESKY_TILE };

typedef double vector __attribute__((vector_size(LANES * 8)));

/* Tile of rows i, packed: transposed[c * TILE + r] = A[i + r][k + c]. */
static void pack(const double *A, size_t n, size_t i, size_t k, size_t width, double *transposed)
{
    for (size_t r = 0; r < TILE; r++) {
        for (size_t c = 0; c < width; c++)
            transposed[c * TILE + r] = A[(i + r) * n + k + c];
    }
}

static void unpack(double *A, size_t n, size_t i, size_t k, size_t width, const double *transposed)
{
    for (size_t r = 0; r < TILE; r++) {
        for (size_t c = 0; c < width; c++)
            A[(i + r) * n + k + c] = transposed[c * TILE + r];
    }
}

/* The diagonal block of the panel, unblocked. */
static bool factor_diagonal(double *A, size_t n, size_t k, size_t width)
{
    for (size_t c = 0; c < width; c++) {
        double *row = A + (k + c) * n + k;
        for (size_t j = 0; j < c; j++) {
            const double *other = A + (k + j) * n + k;
            double sum = row[j];
            for (size_t l = 0; l < j; l++)
                sum -= row[l] * other[l];
            row[j] = sum / other[j];
        }
        double pivot = row[c];
        for (size_t l = 0; l < c; l++)
            pivot -= row[l] * row[l];
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        row[c] = sqrt(pivot);
    }
    return true;
}

/* X L^T = B for one packed tile of rows: forward substitution on TILE right-hand sides at once. */
static void solve_tile(const double *A, size_t n, size_t k, size_t width, double *x)
{
    for (size_t c = 0; c < width; c++) {
        const double *row = A + (k + c) * n + k;
        vector sum[TILE / LANES];
        memcpy(sum, x + c * TILE, sizeof sum);
        for (size_t j = 0; j < c; j++) {
            const vector *other = (const vector *)(x + j * TILE);
            for (size_t v = 0; v < TILE / LANES; v++)
                sum[v] -= row[j] * other[v];
        }
        const double scale = 1 / row[c];
        for (size_t v = 0; v < TILE / LANES; v++)
            sum[v] *= scale;
        memcpy(x + c * TILE, sum, sizeof sum);
    }
}

/* C (TILE x TILE of A) -= P Q^T, both packed. */
static void lower_tile(double *C, size_t n, const double *p, const double *q, size_t width)
{
    for (size_t r = 0; r < TILE; r += 4) {
        for (size_t v = 0; v < TILE; v += 2 * LANES) {
            vector sum[4][2] = {0};
            for (size_t c = 0; c < width; c++) {
                const vector q0 = *(const vector *)(q + c * TILE + v);
                const vector q1 = *(const vector *)(q + c * TILE + v + LANES);
                for (size_t i = 0; i < 4; i++) {
                    const double a = p[c * TILE + r + i];
                    sum[i][0] += a * q0;
                    sum[i][1] += a * q1;
                }
            }
            for (size_t i = 0; i < 4; i++) {
                vector *out = (vector *)(C + (r + i) * n + v);
                out[0] -= sum[i][0];
                out[1] -= sum[i][1];
            }
        }
    }
}

static bool factor(double *A, size_t n, const uint32_t *first, double *work)
{
    for (size_t k = 0; k < n; k += PANEL) {
        const size_t width = n - k < PANEL ? n - k : PANEL, end = k + width;
        if (!factor_diagonal(A, n, k, width))
            return false;
        for (size_t i = end; i < n; i += TILE) {
            double *packed = work + (i - end) * PANEL;
            if (first && first[i / TILE] * (size_t)TILE >= end)
                continue;
            pack(A, n, i, k, width, packed);
            solve_tile(A, n, k, width, packed);
            unpack(A, n, i, k, width, packed);
            for (size_t j = end; j <= i; j += TILE) {
                if (!first || first[j / TILE] * (size_t)TILE < end)
                    lower_tile(A + i * n + j, n, packed, work + (j - end) * PANEL, width);
            }
        }
    }
    return true;
}
