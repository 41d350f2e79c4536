/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled once per instruction set; whole numbers only, so all sets agree. */
#pragma once

#include "semiglobal.h"

#include <string.h>

static inline uint8_t least_of(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* Equation 13 for one pixel and one direction. from[-1] and from[planes] are readable and large. */
static inline uint8_t step_path(const uint8_t *from, uint8_t least, const uint8_t *restrict cost,
                                uint8_t p1, uint8_t p2, int planes, uint8_t *restrict to,
                                uint16_t *restrict sum)
{
    const uint8_t jump = (uint8_t)(least + p2);
    uint8_t smallest = 255;

    for (int d = 0; d < planes; d++) {
        const uint8_t side = (uint8_t)(least_of(from[d - 1], from[d + 1]) + p1);
        const uint8_t way = least_of(least_of(from[d], side), jump);
        const uint8_t l = (uint8_t)(cost[d] + (uint8_t)(way - least));
        to[d] = l;
        sum[d] = (uint16_t)(sum[d] + l);
        smallest = least_of(smallest, l);
    }
    return smallest;
}

static inline uint8_t grey_step(uint8_t a, uint8_t b)
{
    return (uint8_t)(a > b ? a - b : b - a);
}

static inline void step_row(const semiglobal_row *r)
{
    const int cell = r->planes + 2 * SEMIGLOBAL_PAD, way = r->backwards ? -1 : 1;

    for (int n = 0; n < r->width; n++) {
        const int x = r->backwards ? r->width - 1 - n : n;
        const uint8_t *cost = r->cost + (size_t)x * (size_t)r->planes;
        uint16_t *sum = r->sum + (size_t)x * (size_t)r->planes;
        for (int k = 0; k < SEMIGLOBAL_PATHS; k++) {
            /* cells before: along the row; x - way, x, x + way in the row before */
            const int before = k == 0 || k == 1 ? x - way : k == 2 ? x : x + way;
            const semiglobal_paths *from = k == 0 ? &r->to[0] : &r->from[k];
            const bool inside = before >= 0 && before < r->width;
            const uint8_t *grey = k == 0 ? r->grey : r->before;
            const uint8_t p2 = r->p2[inside && grey ? grey_step(r->grey[x], grey[before]) : 0];
            r->to[k].least[x + 1] =
                step_path(from->cost + (size_t)(before + 1) * (size_t)cell + SEMIGLOBAL_PAD,
                          from->least[before + 1], cost, r->p1, p2, r->planes,
                          r->to[k].cost + (size_t)(x + 1) * (size_t)cell + SEMIGLOBAL_PAD, sum);
        }
    }
}

static inline uint16_t least_sum(const uint16_t *sum, int n)
{
    uint16_t least = UINT16_MAX;
    for (int d = 0; d < n; d++)
        least = sum[d] < least ? sum[d] : least;
    return least;
}

static inline semiglobal_best best_of(const uint16_t *sum, int planes)
{
    const uint16_t least = least_sum(sum, planes);
    uint16_t plane = UINT16_MAX, second = UINT16_MAX;

    for (int d = 0; d < planes; d++) {
        const uint16_t here = sum[d] == least ? (uint16_t)d : UINT16_MAX;
        plane = here < plane ? here : plane;
    }
    for (int d = 0; d < planes; d++) {
        const uint16_t away = (uint16_t)(d + 2 - plane); /* 0 .. 4: near */
        const uint16_t s = away <= 4 ? UINT16_MAX : sum[d];
        second = s < second ? s : second;
    }
    return (semiglobal_best){
        (uint8_t)plane,
        least,
        second,
        {sum[plane > 0 ? plane - 1 : plane], sum[plane + 1 < planes ? plane + 1 : plane]}};
}

static inline void best_row(const uint16_t *sum, int width, int planes, semiglobal_best *out)
{
    for (int x = 0; x < width; x++)
        out[x] = best_of(sum + (size_t)x * (size_t)planes, planes);
}
