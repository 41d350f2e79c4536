/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Census: which of 28 places around a pixel are darker than the pixel itself, one bit each. Blind
 * to gain and bias, and an outlier among the places costs one bit. Made from a picture averaged
 * over blocks of step x step, at every pixel of the finer grid, so that a place between two blocks
 * has a census of its own.
 *
 * Source: Zabih, Woodfill, ECCV 1994.
 */
#pragma once

#include "canvas.h"

enum {
    CENSUS_BITS = 28,
    CENSUS_REACH = 3, /* steps from the pixel to the farthest place */
};
#define CENSUS_UNKNOWN (1u << 31)

typedef struct census {
    int width, height, stride; /* words from row to row */
    uint32_t *bits;            /* CENSUS_UNKNOWN, and only that, where a place is not known */
} census;

/**
 * @param step 1 or 2; element (x, y) is about the block x .. x + step - 1, y .. y + step - 1
 * @param blur width * height bytes of working memory
 * @param out  of c's size; bits allocated by the caller
 */
void census_make(const canvas *c, int step, uint8_t *blur, const census *out);
