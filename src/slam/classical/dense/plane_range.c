/* SPDX-License-Identifier: Apache-2.0 */
/* Where the planes of the sweep stand. */
#include "dense_private.h"

#include <math.h>
#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

omma_error plane_range_find(const dense_seed *seeds, size_t n, int least, double *low, double *high)
{
    float *rho = omma_new_array(float, n + 1);
    size_t good = 0;

    for (size_t i = 0; i < n; i++)
        if (seeds[i].rho > 0)
            rho[good++] = seeds[i].rho;
    if (good >= (size_t)least) {
        qsort(rho, good, sizeof *rho, compare_floats);
        const double a = rho[good / 50], b = rho[good - 1 - good / 50];
        *high = 1.4 * b;
        *low = fmax(0.6 * a, 0.01 * *high);
    }
    free(rho);
    if (good < (size_t)least)
        return omma_fail(OMMA_DEGENERATE,
                         "depth: %zu sparse points before the camera; it takes %d to bound it",
                         good, least);
    return OMMA_OK;
}

void plane_range_place(scene *s, double low, double high, int most)
{
    double spread = 0;
    for (size_t i = 0; i < s->neighbours; i++)
        spread = fmax(spread, scene_spread_px(&s->view, s->neighbour[i].C, low, high) / s->step);
    int planes = (int)(spread / 0.75) + 1;
    planes = planes < SWEEP_GROUP ? SWEEP_GROUP : planes > most ? most : planes;
    s->planes = (planes + SWEEP_GROUP - 1) / SWEEP_GROUP * SWEEP_GROUP;
    s->rho_step = (high - low) / (s->planes - 1);
    for (int d = 0; d < s->planes; d++)
        s->rho[d] = low + d * s->rho_step;
}
