/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "dense_cholesky.h"

/* A = B B^T + n I for a lower band matrix B with full last rows, as a video's camera system is. */
static void banded(double *A, size_t n, size_t band, uint64_t seed)
{
    double *B = omma_new_array(double, n *n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 3 >= n ? 0 : i > band ? i - band : 0; j <= i; j++)
            B[i * n + j] = omma_random_normal(&seed);
        B[i * n + i] += (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t l = 0; l < n; l++)
                sum += B[i * n + l] * B[j * n + l];
            A[i * n + j] = sum;
        }
    }
    free(B);
}

static double *matrix(size_t n)
{
    return aligned_alloc(64, n * n * sizeof(double));
}

static void envelope(const double *A, size_t n, uint32_t *first)
{
    for (size_t i = 0; i < n; i += CHOLESKY_TILE) {
        first[i / CHOLESKY_TILE] = (uint32_t)(i / CHOLESKY_TILE);
        for (size_t r = i; r < i + CHOLESKY_TILE; r++) {
            for (size_t j = 0; j <= r; j++) {
                if (A[r * n + j] != 0 && j / CHOLESKY_TILE < first[i / CHOLESKY_TILE])
                    first[i / CHOLESKY_TILE] = (uint32_t)(j / CHOLESKY_TILE);
            }
        }
    }
}

static void solves(size_t n, size_t band)
{
    double *A = matrix(n), *L = matrix(n), *x = omma_new_array(double, n),
           *b = omma_new_array(double, n);
    double *work = aligned_alloc(64, cholesky_work_size(n) * sizeof(double));
    uint32_t *first = omma_new_array(uint32_t, n / CHOLESKY_TILE);
    uint64_t seed = 3;
    banded(A, n, band, n);
    envelope(A, n, first);
    for (size_t i = 0; i < n; i++)
        x[i] = omma_random_normal(&seed);
    for (int skip = 0; skip < 2; skip++) {
        memcpy(L, A, n * n * sizeof(double));
        for (size_t i = 0; i < n; i++) {
            b[i] = 0;
            for (size_t j = 0; j < n; j++)
                b[i] += A[i * n + j] * x[j];
            for (size_t j = i + 1; j < n; j++)
                L[i * n + j] = NAN; /* above the diagonal nothing is used */
        }
        CHECK(cholesky_factor(L, n, skip ? first : NULL, work));
        cholesky_solve(L, n, b);
        CHECK_ARRAY_CLOSE(b, x, n, .abs = 1e-11); /* worst: 6e-15 */
    }
    free(A), free(L), free(x), free(b), free(work), free(first);
}

static void solves_systems_of_every_shape(void)
{
    for (size_t n = 16; n <= 208; n += 16) {
        solves(n, n);
        solves(n, 20);
    }
}

static void every_cpu_gives_the_same_bits(void)
{
#ifdef __x86_64__
    const size_t n = 176;
    double *A = matrix(n), *L[2] = {matrix(n), matrix(n)};
    double *work = aligned_alloc(64, cholesky_work_size(n) * sizeof(double));
    banded(A, n, n, 5);
    memcpy(L[0], A, n * n * sizeof(double));
    CHECK(cholesky_factor_scalar(L[0], n, NULL, work));
    for (int wide = 0; wide < 2; wide++) {
        if (!(omma_cpu_flags() & (wide ? OMMA_CPU_AVX512 : OMMA_CPU_AVX2)))
            continue;
        memcpy(L[1], A, n * n * sizeof(double));
        CHECK((wide ? cholesky_factor_avx512 : cholesky_factor_avx2)(L[1], n, NULL, work));
        for (size_t i = 0; i < n; i++)
            CHECK(memcmp(L[0] + i * n, L[1] + i * n, (i + 1) * sizeof(double)) == 0);
    }
    free(A), free(L[0]), free(L[1]), free(work);
#endif
}

static void an_indefinite_matrix_is_refused(void)
{
    const size_t n = 96;
    double *A = matrix(n), *work = aligned_alloc(64, cholesky_work_size(n) * sizeof(double));
    for (int i = 0; i < 3; i++) {
        banded(A, n, n, 9);
        A[(n - 5) * n + n - 5] = i == 0 ? -1 : i == 1 ? NAN : 0;
        CHECK(!cholesky_factor(A, n, NULL, work));
    }
    free(A), free(work);
}

int main(void)
{
    TEST(solves_systems_of_every_shape);
    TEST(every_cpu_gives_the_same_bits);
    TEST(an_indefinite_matrix_is_refused);
    return check_done();
}
