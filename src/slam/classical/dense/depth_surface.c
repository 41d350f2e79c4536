/* SPDX-License-Identifier: Apache-2.0 */
/* The surface through what the sweep is sure of, and its polish by the grey values. */
#include "dense_private.h"
#include "photometric.h"
#include "plane_fill.h"

#include <math.h>

/* Parabola through the three sums around the smallest. */
static float sub_plane(const semiglobal_best *b)
{
    const float a = (float)b->side[0] - (float)b->sum, c = (float)b->side[1] - (float)b->sum;
    return a + c > 0 ? 0.5f * (a - c) / (a + c) : 0;
}

bool depth_surface_room(dense *d)
{
    scene *s = &d->scene;
    const size_t n = (size_t)s->width * (size_t)s->height * sizeof(float);
    const size_t a = photometric_bytes(s), b = plane_fill_bytes(s->width, s->height);

    s->value = dense_room(d, SLOT_VALUE, n);
    s->weight = dense_room(d, SLOT_WEIGHT, n);
    s->surface = dense_room(d, SLOT_SURFACE, n);
    s->error = dense_room(d, SLOT_ERROR, n);
    return s->value && s->weight && s->surface && s->error && dense_room(d, SLOT_GREY_VALUE, n) &&
           dense_room(d, SLOT_GREY_WEIGHT, n) && dense_room(d, SLOT_WORK, a > b ? a : b);
}

static float share(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* How sure the sweep is: by how much the second best is worse (sums of eight paths; at a margin of
 * 30 a third of the pixels is right, at 130 nearly all). */
void depth_surface_read(scene *s, const dense_seed *seeds, size_t seed_count)
{
    const float chance = 24; /* unlike places cost about as much */

    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const semiglobal_best *b = &s->best[i];
        const float margin = share(((float)(b->second - b->sum) - 30) / 100);
        const float cost = (float)s->cost[i * (size_t)s->planes + b->plane];
        s->value[i] = (float)b->plane + sub_plane(b);
        s->weight[i] = margin * share((chance - cost) / 10);
        if (b->plane == 0 || b->plane == s->planes - 1)
            s->weight[i] = 0; /* the right one may lie beyond */
    }
    for (size_t i = 0; i < seed_count; i++) {
        const double x = floor((seeds[i].x * s->view.fx + s->view.cx) / s->step);
        const double y = floor((seeds[i].y * s->view.fy + s->view.cy) / s->step);
        if (seeds[i].sigma > 0 && x >= 0 && y >= 0 && x < s->width && y < s->height) {
            const size_t at = (size_t)y * (size_t)s->width + (size_t)x;
            s->value[at] = (float)((seeds[i].rho - s->rho[0]) / s->rho_step);
            s->weight[at] = 4;
        }
    }
}

static void fill(dense *d, const float *value, const float *weight)
{
    scene *s = &d->scene;
    plane_fill(value, weight, s->guide, s->width, s->height, s->surface, s->error,
               d->slot[SLOT_WORK]);
}

/* By iteratively reweighted least squares. */
void depth_surface_fit(dense *d)
{
    enum { ROUNDS = 2 };
    scene *s = &d->scene;
    const float tau = 2; /* planes */

    fill(d, s->value, s->weight);
    for (int k = 0; k < ROUNDS; k++) {
        for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
            const float r = (s->value[i] - s->surface[i]) / tau;
            s->weight[i] /= 1 + r * r;
        }
        fill(d, s->value, s->weight);
    }
}

void depth_surface_polish(dense *d)
{
    scene *s = &d->scene;
    const float sweep_share = 0.6f;
    float *value = d->slot[SLOT_GREY_VALUE], *weight = d->slot[SLOT_GREY_WEIGHT];

    photometric_data(s, s->surface, value, weight, d->slot[SLOT_WORK]);
    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const float r = value[i] - s->surface[i], q = s->value[i] - s->surface[i];
        const float p = weight[i] / (1 + r * r), c = sweep_share * s->weight[i] / (1 + q * q);
        value[i] = (p * value[i] + c * s->value[i]) / (p + c + 1e-9f);
        weight[i] = p + c;
    }
    fill(d, value, weight);
}
