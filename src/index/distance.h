/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Products of vectors and of their codes. All twins give the same bits: the codes' products are
 * whole numbers, and sums of floats are made in 16 lanes in the same order everywhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DISTANCE_BATCH = 4 };

typedef struct distance_kernels {
    /** out[i] = sum of query times codes[i], for four codes of bytes (a multiple of 64) each:
     *  |out| < 2^31 as bytes <= 65,536 and |query| <= 127. */
    void (*code_products)(const int8_t *query, const uint8_t *const codes[DISTANCE_BATCH],
                          size_t bytes, int32_t out[DISTANCE_BATCH]);
    /** n a multiple of 16. */
    float (*product)(const float *a, const float *b, size_t n);
    float (*square)(const float *a, const float *b, size_t n); /* of the difference */
} distance_kernels;

/** @param cpu omma_cpu_flags() */
void distance_kernels_init(distance_kernels *k, unsigned cpu);
