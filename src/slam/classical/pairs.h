/* SPDX-License-Identifier: Apache-2.0 */
/** Features that a start keyframe and the newest frame both saw, and where frames in between saw
 * them. */
#pragma once

#include "world.h"

enum {
    MIN_PAIRS = 50,
    MAX_BETWEEN = 6, /* frames between start and end that join the verification */
};

typedef struct pair_set {
    uint32_t start; /* keyframe */
    size_t n;
    uint32_t *feature;    /* n */
    double *a, *b;        /* n x 2 px: in the start keyframe, now */
    float *inverse_sigma; /* n, of the newest sight */
    double readout;       /* for which the pixels are unrolled */
    double roll;          /* mean px per s by which the two sights of a pair roll apart */
} pair_set;

typedef struct between {
    int count;
    double *px[MAX_BETWEEN]; /* n x 2 */
    uint8_t *seen[MAX_BETWEEN];
} between;

/** What keyframe start and a record share, unrolled for a readout. */
pair_set pairs_make(const world *w, uint32_t start, const record *now, double readout);
void pairs_free(pair_set *p);

/** Rays of pixels, n x 2; 0 where there is none. */
void pairs_normalize(const omma_camera *c, const double *px, size_t n, double *x);
/** How far the pairs' rays are apart once the camera's turn is taken out: median, rad; 0 of few. */
double pairs_parallax(const world *w, const pair_set *p);

/** Records between first and last, spread evenly. */
between between_make(const world *w, const pair_set *p, uint32_t first, uint32_t last);
void between_free(between *b);
