/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Semi-global matching: the plane of every pixel such that the sum of all costs, of P1 where
 * neighbouring pixels differ by one plane and of P2 where they differ by more is small along eight
 * straight paths each. P2 falls where the grey value jumps, for depth jumps there too.
 *
 * Source: Hirschmueller, PAMI 2008, equations 13 and 14.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    SEMIGLOBAL_PATHS = 4, /* in one pass; the way back has as many */
    SEMIGLOBAL_PAD = 64,  /* bytes around a path's costs, so that plane -1 and plane n exist */
};

/** Path costs of one row of pixels, one direction: cell i + 1 belongs to pixel i; the cells before
 *  the first and after the last pixel are all zero: a path that begins. */
typedef struct semiglobal_paths {
    uint8_t *cost;  /* (width + 2) cells of planes + 2 pads */
    uint8_t *least; /* (width + 2): the smallest of each cell */
} semiglobal_paths;

typedef struct semiglobal_row {
    int width, planes; /* planes: a multiple of 32 */
    bool backwards;    /* from the last pixel to the first */
    uint8_t p1;
    const uint8_t *p2;     /* 256, by grey difference; > p1; p2 + the largest cost below 190 */
    const uint8_t *cost;   /* width * planes */
    const uint8_t *grey;   /* the row's */
    const uint8_t *before; /* grey of the row that was treated before, or NULL for the first */
    const semiglobal_paths *from;
    semiglobal_paths *to; /* [0] along the row, then from x - 1, x, x + 1 of the row before */
    uint16_t *sum;        /* width * planes: grows */
} semiglobal_row;

/** Where a pixel's sum is smallest. */
typedef struct semiglobal_best {
    uint8_t plane;
    uint16_t sum;
    uint16_t second;  /* smallest sum more than 2 planes away */
    uint16_t side[2]; /* sums one plane below and above; those of plane at the ends */
} semiglobal_best;

typedef struct semiglobal_kernels {
    void (*row)(const semiglobal_row *row);
    void (*best)(const uint16_t *sum, int width, int planes, semiglobal_best *out);
} semiglobal_kernels;

void semiglobal_kernels_init(semiglobal_kernels *k, unsigned cpu);

void semiglobal_row_scalar(const semiglobal_row *row);
void semiglobal_row_avx2(const semiglobal_row *row);
void semiglobal_row_avx512(const semiglobal_row *row);
void semiglobal_best_scalar(const uint16_t *sum, int width, int planes, semiglobal_best *out);
void semiglobal_best_avx2(const uint16_t *sum, int width, int planes, semiglobal_best *out);
void semiglobal_best_avx512(const uint16_t *sum, int width, int planes, semiglobal_best *out);
