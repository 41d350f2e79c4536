/* SPDX-License-Identifier: Apache-2.0 */
/** Keys (code.h) of many nodes at once, their codes fetched ahead. */
#pragma once

#include "code.h"
#include "distance.h"

enum { KEY_BATCH = 64 };

typedef struct key_batch {
    uint32_t n; /* at most KEY_BATCH */
    uint32_t nodes[KEY_BATCH];
    float keys[KEY_BATCH];
    const uint8_t *codes[KEY_BATCH + DISTANCE_GROUP];
    int32_t products[KEY_BATCH + DISTANCE_GROUP];
} key_batch;

/** Its code will be wanted, if it is among the first. */
static inline void key_batch_push(key_batch *b, const store *s, uint32_t node)
{
    const uint8_t *code = store_code(s, node);

    if (b->n < DISTANCE_AHEAD)
        prefetch(code, s->code_bytes);
    __builtin_prefetch(store_scale(s, node));
    b->codes[b->n] = code;
    b->nodes[b->n++] = node;
}

static inline void key_batch_compute(key_batch *b, const distance_kernels *k, const store *s,
                                     const query *q)
{
    if (!b->n)
        return;
    for (int i = 0; i < DISTANCE_GROUP; i++)
        b->codes[b->n + i] = b->codes[0];
    k->code_products(q->code, s->code_bytes, b->codes, b->n, b->products);
    const float zero = 128.0F * (float)q->sum;
    for (uint32_t i = 0; i < b->n; i++)
        b->keys[i] = ((float)b->products[i] - zero) * (*store_scale(s, b->nodes[i]) * q->step);
    for (uint32_t i = 0; s->metric == OMMA_INDEX_L2 && i < b->n; i++)
        b->keys[i] += *store_bias(s, b->nodes[i]);
}
