/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the sweep, compiled once per instruction set. Plain loops over planes that the
 * compiler makes vectors of; integers and single float operations, so all sets agree to the bit. */
#pragma once

#include "sweep.h"

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

    for (int d = 0; d < planes; d++) {
        float u = x * n->scale[d] + n->shift_x[d];
        u = u > 0 ? u : 0;
        u = u < limit ? u : limit;
        const uint32_t other = bits[row[d] + (int32_t)u];
        const uint32_t count = count_bits((other ^ own) & (CENSUS_UNKNOWN - 1));
        cost[d] = (uint8_t)(other >> 31 ? SWEEP_COST_UNKNOWN / 2 : count);
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

static inline void mean_of_best(uint8_t (*restrict best)[DENSE_MAX_PLANES], int h, int planes,
                                uint8_t *restrict out)
{
    const uint16_t reciprocal = (uint16_t)(512 / h); /* 2 / h, 8 bits of fraction */
    uint16_t sum[DENSE_MAX_PLANES];

    for (int d = 0; d < planes; d++)
        sum[d] = best[0][d];
    for (int k = 1; k < h; k++)
        for (int d = 0; d < planes; d++)
            sum[d] = (uint16_t)(sum[d] + best[k][d]);
    for (int d = 0; d < planes; d++)
        out[d] = (uint8_t)((uint16_t)(sum[d] * reciprocal) >> 8);
}

static inline void sweep_one_row(const sweep_row *r)
{
    _Alignas(64) int32_t rows[DENSE_MAX_NEIGHBOURS][DENSE_MAX_PLANES];
    _Alignas(64) uint8_t best[DENSE_MAX_NEIGHBOURS][DENSE_MAX_PLANES];
    _Alignas(64) uint8_t cost[DENSE_MAX_PLANES];
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
        for (size_t n = 0; n < r->neighbours; n++) {
            match_planes(&r->neighbour[n], own, x, r->planes, rows[n], cost);
            keep_best(best, h, cost, r->planes);
        }
        mean_of_best(best, h, r->planes, out);
    }
}
