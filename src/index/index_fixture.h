/* SPDX-License-Identifier: Apache-2.0 */
/** Vectors and the truth about them. Stands behind check.h. */
#pragma once

#include <omma/index.h>

/* n x dim. Given: free(). */
static CHECK_UNUSED float *gaussian_vectors(size_t n, uint32_t dim, uint64_t seed)
{
    float *v = omma_new_array(float, n *dim);

    for (size_t i = 0; i < n * dim; i++)
        v[i] = (float)omma_random_normal(&seed);
    return v;
}

static double true_score(omma_index_metric metric, const float *a, const float *b, uint32_t dim)
{
    double product = 0, aa = 0, bb = 0;

    for (uint32_t i = 0; i < dim; i++) {
        product += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return metric == OMMA_INDEX_COSINE ? product / sqrt(aa * bb)
           : metric == OMMA_INDEX_L2   ? 2 * product - aa - bb
                                       : product;
}

/* The k nearest of n, in double. */
static CHECK_UNUSED void brute_force(omma_index_metric metric, const float *vectors, size_t n,
                                     uint32_t dim, const float *query, uint32_t k, uint32_t *truth,
                                     double *scores)
{
    uint32_t found = 0;

    for (size_t i = 0; i < n; i++) {
        double score = true_score(metric, query, vectors + i * dim, dim);
        uint32_t at = found < k ? found++ : k - 1;
        if (i >= k && !(score > scores[at]))
            continue;
        for (; at > 0 && score > scores[at - 1]; at--) {
            scores[at] = scores[at - 1];
            truth[at] = truth[at - 1];
        }
        scores[at] = score;
        truth[at] = (uint32_t)i;
    }
}

/* A path through a box of five dimensions that comes back to where it was, seen through random
 * Fourier features (Rahimi, Recht, NIPS 2007) with noise: n + extra x dim at length one. The extra
 * ones are near the path, in no order. Given: free(). */
static CHECK_UNUSED float *path_vectors(size_t n, size_t extra, uint32_t dim, uint64_t seed)
{
    enum { D = 5 };
    const double box = 3, step = 0.03;
    double *wave = omma_new_array(double, (size_t)dim *(D + 1)), place[D], speed[D] = {0};
    double *places = omma_new_array(double, n *D);
    float *v = omma_new_array(float, (n + extra) * dim);

    for (size_t i = 0; i < (size_t)dim * (D + 1); i++)
        wave[i] = i % (D + 1) < D ? omma_random_normal(&seed) : 6.28 * omma_random_unit(&seed);
    for (int d = 0; d < D; d++)
        place[d] = box * omma_random_unit(&seed);
    for (size_t i = 0; i < n + extra; i++) {
        for (int d = 0; d < D && i < n; d++) {
            speed[d] = 0.95 * speed[d] + 0.31 * step * omma_random_normal(&seed);
            place[d] += speed[d];
            if (place[d] < 0 || place[d] > box)
                speed[d] = -speed[d];
            places[i * D + (size_t)d] = place[d];
        }
        const double *at = places + (i < n ? i : omma_random_below(&seed, (uint32_t)n)) * D;
        double square = 0;
        for (uint32_t j = 0; j < dim; j++) {
            const double *w = wave + j * (D + 1);
            double angle = w[D];
            for (int d = 0; d < D; d++)
                angle += w[d] * at[d];
            double x = cos(angle) + 0.15 * omma_random_normal(&seed);
            v[i * dim + j] = (float)x;
            square += x * x;
        }
        for (uint32_t j = 0; j < dim; j++)
            v[i * dim + j] = (float)(v[i * dim + j] / sqrt(square));
    }
    free(wave);
    free(places);
    return v;
}
