/* SPDX-License-Identifier: Apache-2.0 */
#include "code.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 127, ZERO = 128 }; /* a code is 1 to 255 */
#define MAX_SQUARE 1e37           /* sums of few such are floats */

bool query_init(query *q, const store *s)
{
    size_t floats = (s->dim + 15) / 16 * 16;

    q->vector = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    q->code = aligned_alloc(64, s->code_bytes);
    if (!q->vector || !q->code) {
        query_finish(q);
        return false;
    }
    memset(q->vector, 0, floats * sizeof(float));
    memset(q->code, 0, s->code_bytes);
    return true;
}

void query_finish(query *q)
{
    free(q->vector);
    free(q->code);
    *q = (query){0};
}

/* In double: a sum of 65,536 squares of floats neither overflows nor vanishes. */
static double square_length(const float *v, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)v[i] * (double)v[i];
    return sum;
}

static void quantise(query *q, uint32_t dim)
{
    float largest = 0;

    for (uint32_t i = 0; i < dim; i++)
        largest = fmaxf(largest, fabsf(q->vector[i]));
    q->step = largest / STEPS;
    q->sum = 0;
    const float per_step = q->step > 0 ? 1 / q->step : 0;
    for (uint32_t i = 0; i < dim; i++) {
        float steps = rintf(q->vector[i] * per_step);
        q->code[i] = (int8_t)fmaxf(-STEPS, fminf(STEPS, steps));
        q->sum += q->code[i];
    }
}

omma_error query_set(query *q, const store *s, const float *vector, uint32_t dim)
{
    double square = 0, scale = 1;

    if (dim != s->dim)
        return omma_fail(OMMA_INVALID, "index: a vector of %u components, not of %u", dim, s->dim);
    square = square_length(vector, dim);
    if (!isfinite(square))
        return omma_fail(OMMA_INVALID, "index: a component is not a finite number");
    if (s->metric != OMMA_INDEX_COSINE && square > MAX_SQUARE)
        return omma_fail(OMMA_INVALID, "index: a vector of length %g is too long", sqrt(square));
    if (s->metric == OMMA_INDEX_COSINE) {
        if (square == 0)
            return omma_fail(OMMA_INVALID, "index: all components are 0: no direction");
        scale = 1 / sqrt(square);
        square = 1;
    }
    for (uint32_t i = 0; i < dim; i++)
        q->vector[i] = (float)(vector[i] * scale);
    q->square = (float)square;
    quantise(q, dim);
    return OMMA_OK;
}

void query_set_node(query *q, const store *s, uint32_t node)
{
    const uint8_t *code = store_code(s, node);

    q->step = *store_scale(s, node);
    q->sum = 0;
    for (uint32_t i = 0; i < s->code_bytes; i++) {
        q->code[i] = (int8_t)(code[i] - ZERO);
        q->sum += q->code[i];
    }
}

void code_put(const store *s, uint32_t node, const query *q)
{
    uint8_t *code = store_code(s, node);

    for (uint32_t i = 0; i < s->code_bytes; i++)
        code[i] = (uint8_t)(q->code[i] + ZERO);
    *store_scale(s, node) = q->step;
    if (s->metric == OMMA_INDEX_L2)
        *store_bias(s, node) = -q->square / 2;
    if (s->vector_floats)
        memcpy(store_vector(s, node), q->vector, s->vector_floats * sizeof(float));
}

void code_get(const store *s, uint32_t node, float *vector)
{
    if (s->vector_floats) {
        memcpy(vector, store_vector(s, node), s->dim * sizeof(float));
        return;
    }
    const uint8_t *code = store_code(s, node);
    for (uint32_t i = 0; i < s->dim; i++)
        vector[i] = *store_scale(s, node) * (float)(code[i] - ZERO);
}
