/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Vectors as the index compares them: floats padded with zeros, and eight-bit codes with a step of
 * their own each. The product of a query and a node is, but for rounding,
 *
 *     query.step * scale * (code_product - 128 * query.sum) + bias
 *
 * where code_product is of distance.h; by L2, with bias = minus half the node's squared length,
 * this is half of query^2 - |query - node|^2. It is called the key: larger is nearer.
 */
#pragma once

#include "distance.h"
#include "store.h"

typedef struct query {
    float *vector; /* vector_floats of it, at length one by cosine */
    int8_t *code;  /* code_bytes */
    float step;
    int32_t sum;  /* of the code */
    float square; /* squared length */
} query;

/** Memory for queries of s. @return false without. */
bool query_init(query *q, const store *s);
void query_finish(query *q);

/** @return OMMA_OK; OMMA_INVALID (dim, not finite, no direction). */
omma_error query_set(query *q, const distance_kernels *k, const store *s, const float *vector,
                     uint32_t dim);
/** The node itself asks; its vector is not set. */
void query_set_node(query *q, const distance_kernels *k, const store *s, uint32_t node);

/** The node becomes what the query is. */
void code_put(const store *s, uint32_t node, const query *q);
/** The other way: dim components, from the vector or, without it, from the code. */
void code_get(const store *s, uint32_t node, float *vector);
