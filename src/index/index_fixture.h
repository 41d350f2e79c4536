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
