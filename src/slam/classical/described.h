/* SPDX-License-Identifier: Apache-2.0 */
/** A picture as its described corners of all scales, and matching two of them: by likeness alone,
 * or along the epipolar lines of a known motion. */
#pragma once

#include "follow.h"

typedef struct described {
    size_t n;
    sight *places; /* feature means nothing */
    float *scale;  /* px of level 0 per px of the picture it was found in */
    uint8_t *descriptors;
    double *ray; /* n x 2, normalised; NAN where there is none */
} described;

/** Corners of the picture, unrolled by the world's newest turn. described_finish() releases. */
described described_make(const world *w, const follower *f, const omma_pyramid *p);
void described_finish(described *d);
/** The camera may have changed since. */
void described_set_rays(described *d, const world *w);

typedef struct described_pair {
    uint32_t a, b;
    int distance;
} described_pair;

/** Corners that resemble each other and nothing else. @param out room for a->n. @return how many */
size_t described_match(const follower *f, const described *a, const described *b,
                       described_pair *out);

/**
 * The same among what the motion allows: |xb' E xa| within reach_px, and before both cameras.
 * @param E essential matrix in normalised coordinates
 */
size_t described_match_along(const world *w, const described *a, const described *b,
                             const double E[9], double reach_px, described_pair *out);
