/* SPDX-License-Identifier: Apache-2.0 */
/* Row kernels of the pyramid. */
#pragma once

#include <omma/frame.h>

typedef struct pyramid_kernels {
    /* width pixels, each the mean of 2 x 2 in the rows top and bottom (2 * width pixels) */
    void (*halve_row)(uint8_t *to, const uint8_t *top, const uint8_t *bottom, int width);
} pyramid_kernels;

/* The fastest that cpu (OMMA_CPU_...) allows. */
void pyramid_kernels_init(pyramid_kernels *k, unsigned cpu);

void pyramid_kernels_avx2(pyramid_kernels *k);
void pyramid_kernels_avx512(pyramid_kernels *k);

void halve_row_scalar(uint8_t *to, const uint8_t *top, const uint8_t *bottom, int width);
