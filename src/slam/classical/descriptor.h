/* SPDX-License-Identifier: Apache-2.0 */
/**
 * 256-bit binary descriptors of corners: orientation by the intensity centroid, then 256
 * comparisons of smoothed pixels in a pattern turned with it; compared by Hamming distance.
 *
 * Source: Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011. The
 * comparisons are our own choice (descriptor_table.h).
 */
#pragma once

#include <omma/frame.h>

enum { DESCRIPTOR_BYTES = 32, DESCRIPTOR_TURNS = 32, DESCRIPTOR_REACH = 15 };

/** The comparison pattern in every turned position; made once, then read-only. */
typedef struct descriptor_pattern {
    int8_t point[DESCRIPTOR_TURNS][256][4]; /* xa, ya, xb, yb */
} descriptor_pattern;

void descriptor_pattern_init(descriptor_pattern *p);

/** Smooths every level for descriptor_extract (Gaussian, sigma 2); out has the geometry of in. */
omma_error descriptor_smooth(omma_pyramid *out, const omma_pyramid *in, int levels);

/** Angle of the intensity centroid around (x, y), rad. */
float descriptor_angle(const omma_level *level, float x, float y);

/** @param smooth a level of descriptor_smooth's result
 *  @param angle  descriptor_angle of the unsmoothed level */
void descriptor_extract(const descriptor_pattern *p, const omma_level *smooth, float x, float y,
                        float angle, uint8_t out[DESCRIPTOR_BYTES]);

/** Number of different bits, 0 .. 256. */
static inline int descriptor_distance(const uint8_t *a, const uint8_t *b)
{
    int d = 0;
    for (int i = 0; i < DESCRIPTOR_BYTES; i += 8) {
        uint64_t u, v;
        __builtin_memcpy(&u, a + i, 8);
        __builtin_memcpy(&v, b + i, 8);
        d += __builtin_popcountll(u ^ v);
    }
    return d;
}

typedef struct descriptor_match {
    int index;  /* of the best candidate, -1 = none */
    int best;   /* its distance */
    int second; /* distance of the next best, 257 = none */
} descriptor_match;

typedef struct descriptor_kernels {
    /* Best and second best of n candidates (n x 32 bytes) for each of m queries (m x 32 bytes).
       With places (n x 3: x, y, radius) a candidate within the best one's radius is the same corner
       found twice and no second. */
    void (*match)(const uint8_t *query, size_t m, const uint8_t *candidate, const float *places,
                  size_t n, descriptor_match *out);
} descriptor_kernels;

void descriptor_kernels_init(descriptor_kernels *k, unsigned cpu);
void descriptor_match_scalar(const uint8_t *query, size_t m, const uint8_t *candidate,
                             const float *places, size_t n, descriptor_match *out);
void descriptor_match_avx2(const uint8_t *query, size_t m, const uint8_t *candidate,
                           const float *places, size_t n, descriptor_match *out);
