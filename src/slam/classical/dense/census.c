/* SPDX-License-Identifier: Apache-2.0 */
#include "census.h"

/* Darker by no more than this is not darker: smooth walls would cost by chance. */
enum { NOISE = 1 };

/* All of the 5x5 square around, and four places further out. */
static const int8_t place[CENSUS_BITS][2] = {
    {-2, -2}, {-1, -2}, {0, -2}, {1, -2}, {2, -2}, {-2, -1}, {-1, -1}, {0, -1}, {1, -1}, {2, -1},
    {-2, 0},  {-1, 0},  {1, 0},  {2, 0},  {-2, 1}, {-1, 1},  {0, 1},   {1, 1},  {2, 1},  {-2, 2},
    {-1, 2},  {0, 2},   {1, 2},  {2, 2},  {-3, 0}, {3, 0},   {0, -3},  {0, 3}};

/* Mean of 2x2; the last row and column stay as they are: they are never used. */
static void blur_blocks(const canvas *c, uint8_t *to)
{
    for (int y = 0; y < c->height; y++) {
        const uint8_t *a = c->grey + (size_t)y * (size_t)c->stride;
        const uint8_t *b = y + 1 < c->height ? a + c->stride : a;
        uint8_t *out = to + (size_t)y * (size_t)c->stride;
        for (int x = 0; x + 1 < c->width; x++)
            out[x] = (uint8_t)((a[x] + a[x + 1] + b[x] + b[x + 1] + 2) >> 2);
        out[c->width - 1] = a[c->width - 1];
    }
}

void census_make(const canvas *c, int step, uint8_t *blur, const census *out)
{
    const int reach = CENSUS_REACH * step, stride = c->stride;
    const uint8_t *grey = c->grey;

    if (step == 2) {
        blur_blocks(c, blur);
        grey = blur;
    }
    for (int y = 0; y < c->height; y++) {
        uint32_t *restrict bits = out->bits + (size_t)y * (size_t)out->stride;
        for (int x = 0; x < c->width; x++)
            bits[x] = CENSUS_UNKNOWN;
        if (y < reach || y + reach + step > c->height)
            continue;
        const uint8_t *row = grey + (size_t)y * (size_t)stride;
        const uint8_t *known = c->known + (size_t)y * (size_t)stride;
        const int end = c->width - reach - step + 1;
        for (int x = reach; x < end; x++)
            bits[x] = 0;
        for (int i = 0; i < CENSUS_BITS; i++) {
            const uint8_t *other = row + place[i][1] * step * stride + place[i][0] * step;
            for (int x = reach; x < end; x++)
                bits[x] |= (uint32_t)(other[x] + NOISE < row[x]) << i;
        }
        /* Known everywhere if the farthest places and their blocks are: the known part has no holes
         * but at its border. */
        const uint8_t *left = known - reach, *right = known + reach + step - 1;
        const uint8_t *up = known - (ptrdiff_t)reach * stride;
        const uint8_t *down = known + (ptrdiff_t)(reach + step - 1) * stride;
        for (int x = reach; x < end; x++)
            if (!(left[x] & right[x] & up[x] & down[x]))
                bits[x] = CENSUS_UNKNOWN;
    }
}
