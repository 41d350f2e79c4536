/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "sparse_cholesky.h"

/* A chain of n rows with loops, closed to a ring. */
static size_t chain(uint32_t (*pairs)[2], size_t n, size_t loops, uint64_t *seed)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++, count++) {
        pairs[count][0] = (uint32_t)i;
        pairs[count][1] = (uint32_t)((i + 1) % n);
    }
    for (size_t i = 0; i < loops; i++, count++) {
        pairs[count][0] = omma_random_below(seed, (uint32_t)n);
        pairs[count][1] = omma_random_below(seed, (uint32_t)n);
    }
    return count;
}

/* The block (i, j) of the matrix and of its dense copy, both symmetric and diagonally dominant. */
static void fill(sparse_cholesky *c, double *dense, size_t n, size_t w, uint32_t i, uint32_t j,
                 uint64_t *seed)
{
    bool transposed;
    double *block = sparse_cholesky_block(c, i, j, &transposed);
    for (size_t r = 0; r < w; r++) {
        for (size_t s = 0; s < w; s++) {
            if (i == j && s > r)
                continue;
            const double x = i == j && r == s ? 100 : omma_random_normal(seed);
            block[transposed ? s * w + r : r * w + s] = x;
            dense[(i * w + r) * n * w + j * w + s] = x;
            dense[(j * w + s) * n * w + i * w + r] = x;
        }
    }
}

static void solves(size_t n, int width, size_t loops, double lambda)
{
    const size_t w = (size_t)width, order = n * w;
    uint64_t seed = n;
    uint32_t(*pairs)[2] = omma_new_bytes(n + loops, sizeof *pairs);
    const size_t count = chain(pairs, n, loops, &seed);
    sparse_cholesky *c = sparse_cholesky_create(n, width, (const uint32_t(*)[2])pairs, count);
    double *dense = omma_new_array(double, order *order), *b = omma_new_array(double, order + 1);
    double *x = omma_new_array(double, order);
    for (int twice = 0; twice < 2; twice++) {
        sparse_cholesky_clear(c);
        memset(dense, 0, order * order * sizeof *dense);
        for (uint32_t i = 0; i < n; i++)
            fill(c, dense, n, w, i, i, &seed);
        for (size_t i = 0; i < count; i++) {
            if (pairs[i][0] != pairs[i][1])
                fill(c, dense, n, w, pairs[i][0], pairs[i][1], &seed);
        }
        for (size_t i = 0; i < order; i++) {
            x[i] = omma_random_normal(&seed);
            dense[i * order + i] *= 1 + lambda;
        }
        for (size_t i = 0; i < order; i++) {
            b[i] = 0;
            for (size_t j = 0; j < order; j++)
                b[i] += dense[i * order + j] * x[j];
        }
        b[order] = -7;
        CHECK(sparse_cholesky_factor(c, lambda));
        sparse_cholesky_solve(c, b);
        CHECK_ARRAY_CLOSE(b, x, order, .abs = 1e-11);
        CHECK(b[order] == -7);
    }
    free(pairs), free(dense), free(b), free(x);
    sparse_cholesky_destroy(&c);
    sparse_cholesky_destroy(&c);
    CHECK(c == NULL);
}

static void solves_what_the_dense_matrix_solves(void)
{
    for (int width = 1; width <= 7; width++) {
        solves(1, width, 0, 0);
        solves(2, width, 0, 0.1);
        solves(40, width, 10, 0.01);
    }
    solves(30, 7, 100, 0);
}

static void a_ring_fills_in_little(void)
{
    enum { N = 3000 };
    uint64_t seed = 1;
    uint32_t(*pairs)[2] = omma_new_bytes(N + 20, sizeof *pairs);
    size_t count = chain(pairs, N, 0, &seed);
    sparse_cholesky *c = sparse_cholesky_create(N, 1, (const uint32_t(*)[2])pairs, count);
    /* any order that starts with rows of degree 2 gives 2 blocks to each but the last two */
    CHECK(sparse_cholesky_block_count(c) == 3 * N - 3);
    sparse_cholesky_destroy(&c);
    count = chain(pairs, N, 20, &seed);
    c = sparse_cholesky_create(N, 1, (const uint32_t(*)[2])pairs, count);
    CHECK(sparse_cholesky_block_count(c) < 4 * N);
    sparse_cholesky_destroy(&c);
    free(pairs);
}

static void an_indefinite_matrix_is_refused(void)
{
    const uint32_t pairs[1][2] = {{0, 1}};
    sparse_cholesky *c = sparse_cholesky_create(2, 1, pairs, 1);
    bool transposed;
    *sparse_cholesky_block(c, 0, 0, &transposed) = 1;
    *sparse_cholesky_block(c, 1, 1, &transposed) = 1;
    *sparse_cholesky_block(c, 0, 1, &transposed) = 2;
    CHECK(!sparse_cholesky_factor(c, 0));
    CHECK(sparse_cholesky_factor(c, 2)); /* 3 * 3 > 2 * 2 */
    *sparse_cholesky_block(c, 0, 1, &transposed) = NAN;
    CHECK(!sparse_cholesky_factor(c, 0));
    sparse_cholesky_destroy(&c);
}

int main(void)
{
    TEST(solves_what_the_dense_matrix_solves);
    TEST(a_ring_fills_in_little);
    TEST(an_indefinite_matrix_is_refused);
    return check_done();
}
