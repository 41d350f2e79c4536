/* SPDX-License-Identifier: Apache-2.0 */
#include "code.h"

#include <float.h>
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

static void quantise(query *q, const distance_kernels *k, size_t floats)
{
    q->step = k->largest(q->vector, floats) / STEPS;
    const float per_step = q->step >= FLT_MIN ? 1 / q->step : 0;
    q->sum = k->encode(q->vector, floats, per_step, q->code);
}

/* The components as they are compared. Squares are added in double: those of 65,536 floats neither
 * overflow nor vanish. */
static omma_error normalise(query *q, const distance_kernels *k, const store *s, size_t floats)
{
    double square = k->length(q->vector, floats);

    if (!isfinite(square))
        return omma_fail(OMMA_INVALID, "index: a component is not a finite number");
    q->square = 1;
    if (s->metric != OMMA_INDEX_COSINE) {
        q->square = (float)square;
        return square <= MAX_SQUARE
                   ? OMMA_OK
                   : omma_fail(OMMA_INVALID, "index: a vector of length %g is too long",
                               sqrt(square));
    }
    if (square == 0)
        return omma_fail(OMMA_INVALID, "index: all components are 0: no direction");
    const double scale = 1 / sqrt(square);
    for (size_t i = 0; i < floats; i++)
        q->vector[i] = (float)(q->vector[i] * scale);
    return OMMA_OK;
}

omma_error query_set(query *q, const distance_kernels *k, const store *s, const float *vector,
                     uint32_t dim)
{
    const size_t floats = (s->dim + 15) / 16 * 16;

    if (dim != s->dim)
        return omma_fail(OMMA_INVALID, "index: a vector of %u components, not of %u", dim, s->dim);
    memcpy(q->vector, vector, dim * sizeof(float));
    omma_error err = normalise(q, k, s, floats);
    if (!err)
        quantise(q, k, floats);
    return err;
}

void query_set_node(query *q, const distance_kernels *k, const store *s, uint32_t node)
{
    q->step = *store_scale(s, node);
    q->sum = k->recode(store_code(s, node), s->code_bytes, q->code);
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
