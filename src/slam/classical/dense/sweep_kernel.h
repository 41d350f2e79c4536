/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the sweep, compiled once per instruction set. Plain loops over planes that the
 * compiler makes vectors of; integers and single float operations, so all sets agree to the bit. */
#pragma once

#include "sweep.h"

enum { UNSEEN = 255 };

static inline uint32_t count_bits(uint32_t v)
{
    v -= (v >> 1) & 0x55555555u;
    v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
    return (((v + (v >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
}

static inline void match_planes(const sweep_neighbour *n, uint32_t own, float x, int planes,
                                const int32_t *restrict row, uint8_t *restrict cost)
{
    const float limit = (float)(n->census->width - 1);
    const uint32_t *restrict bits = n->census->bits;

    _Alignas(64) int32_t at[DENSE_MAX_PLANES];
    _Alignas(64) uint32_t other[DENSE_MAX_PLANES];

    /* Three loops: the first and the last become vectors, the loads between them do not. */
    for (int d = 0; d < planes; d++) {
        float u = x * n->scale[d] + n->shift_x[d];
        u = u > 0 ? u : 0;
        u = u < limit ? u : limit;
        at[d] = row[d] + (int32_t)u;
    }
    for (int d = 0; d < planes; d++)
        other[d] = bits[at[d]];
    for (int d = 0; d < planes; d++) {
        const uint32_t count = count_bits((other[d] ^ own) & (CENSUS_UNKNOWN - 1));
        cost[d] = (uint8_t)(other[d] >> 31 ? UNSEEN : count);
    }
}

/* Keeps the h smallest of what comes, sorted. */
static inline void keep_best(uint8_t (*restrict best)[DENSE_MAX_PLANES], int h,
                             uint8_t *restrict cost, int planes)
{
    for (int k = 0; k < h; k++)
        for (int d = 0; d < planes; d++) {
            const uint8_t a = best[k][d], b = cost[d];
            best[k][d] = a < b ? a : b;
            cost[d] = a < b ? b : a;
        }
}

/* Twice the mean of the better half of those that see the plane; UNSEEN where none does. */
static inline void mean_of_best(uint8_t (*restrict best)[DENSE_MAX_PLANES], int h, int planes,
                                const uint8_t *restrict seen, uint8_t *restrict out)
{
    uint16_t sum[DENSE_MAX_PLANES];

    for (int d = 0; d < planes; d++)
        sum[d] = best[0][d];
    for (int k = 1; k < h; k++)
        for (int d = 0; d < planes; d++)
            sum[d] = (uint16_t)(sum[d] + (seen[d] > 2 * k ? best[k][d] : 0));
    for (int d = 0; d < planes; d++) {
        const uint8_t n = seen[d]; /* 1, 2: one counts; 3, 4: two ... */
        const uint16_t by = n < 3 ? 512 : n < 5 ? 256 : n < 7 ? 171 : 128;
        out[d] = (uint8_t)(n == 0 ? UNSEEN : (uint16_t)(sum[d] * by) >> 8);
    }
}

/* A plane that no neighbour sees may be the right one: it costs as much as the best that is seen,
 * so that being out of the picture speaks neither for nor against a depth. */
static inline void fill_unseen(uint8_t *restrict cost, int planes)
{
    uint8_t least = UNSEEN;
    for (int d = 0; d < planes; d++)
        least = cost[d] < least ? cost[d] : least;
    least = least == UNSEEN ? SWEEP_COST_UNKNOWN : least;
    for (int d = 0; d < planes; d++)
        cost[d] = cost[d] == UNSEEN ? least : cost[d];
}

static inline void sweep_one_row(const sweep_row *r)
{
    _Alignas(64) int32_t rows[DENSE_MAX_NEIGHBOURS][DENSE_MAX_PLANES];
    _Alignas(64) uint8_t best[DENSE_MAX_NEIGHBOURS][DENSE_MAX_PLANES];
    _Alignas(64) uint8_t cost[DENSE_MAX_PLANES], seen[DENSE_MAX_PLANES];
    const int h = ((int)r->neighbours + 1) / 2;

    for (size_t n = 0; n < r->neighbours; n++) {
        const sweep_neighbour *k = &r->neighbour[n];
        const float limit = (float)(k->census->height - 1);
        for (int d = 0; d < r->planes; d++) {
            float v = r->y * k->scale_y[d] + k->shift_y[d];
            v = v > 0 ? v : 0;
            v = v < limit ? v : limit;
            rows[n][d] = (int32_t)v * k->census->stride;
        }
    }
    for (int i = 0; i < r->width; i++) {
        const uint32_t own = r->census[i * r->step];
        uint8_t *out = r->cost + (size_t)i * (size_t)r->planes;
        if (own & CENSUS_UNKNOWN) {
            for (int d = 0; d < r->planes; d++)
                out[d] = SWEEP_COST_UNKNOWN;
            continue;
        }
        const float x = r->x0 + (float)i * r->dx;
        for (int k = 0; k < h; k++)
            for (int d = 0; d < r->planes; d++)
                best[k][d] = 255;
        for (int d = 0; d < r->planes; d++)
            seen[d] = 0;
        for (size_t n = 0; n < r->neighbours; n++) {
            match_planes(&r->neighbour[n], own, x, r->planes, rows[n], cost);
            for (int d = 0; d < r->planes; d++)
                seen[d] = (uint8_t)(seen[d] + (cost[d] != UNSEEN));
            keep_best(best, h, cost, r->planes);
        }
        mean_of_best(best, h, r->planes, seen, out);
        fill_unseen(out, r->planes);
    }
}
