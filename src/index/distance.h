/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Products of vectors and of their codes. All twins give the same bits: the codes' products are
 * whole numbers, and sums of floats are made in 16 lanes in the same order everywhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    DISTANCE_GROUP = 4, /* codes side by side: their sums are independent */
    DISTANCE_AHEAD = 8, /* codes fetched before they are needed */
};

typedef struct distance_kernels {
    /** out[i] = sum of query times codes[i], for n codes of bytes (a multiple of 64) each. Behind
     *  the n codes are DISTANCE_GROUP pointers more that can be read, and room for as many
     *  products. |out| < 2^31 as bytes <= 65,536 and |query| <= 127. */
    void (*code_products)(const int8_t *query, size_t bytes, const uint8_t *const *codes, size_t n,
                          int32_t *out);
    /** Of a code, 1 to 255, a query: less 128. @return the sum. */
    int32_t (*recode)(const uint8_t *code, size_t bytes, int8_t *query);
    /** n a multiple of 16. */
    float (*product)(const float *a, const float *b, size_t n);
    float (*square)(const float *a, const float *b, size_t n); /* of the difference */
    /** The largest component without its sign. */
    float (*largest)(const float *v, size_t n);
    double (*length)(const float *v, size_t n); /* squared, in double */
    /** query[i] = v[i] * per_step, rounded. @return the sum. */
    int32_t (*encode)(const float *v, size_t n, float per_step, int8_t *query);
} distance_kernels;

/** @param cpu omma_cpu_flags() */
void distance_kernels_init(distance_kernels *k, unsigned cpu);

/** Begins to fetch what is at p, bytes of it; the processor sees by itself how long ones go on. */
static inline void prefetch(const void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes && i < 1024; i += 64)
        __builtin_prefetch((const char *)p + i);
}
