/* SPDX-License-Identifier: Apache-2.0 */
#include "described.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 4096, PER_CELL = 6, MAX_DISTANCE = 64 };

described described_make(const world *w, const follower *f, const omma_pyramid *p)
{
    keypoint *points = omma_new_array(keypoint, CAPACITY);
    uint8_t *descriptors = omma_new_array(uint8_t, CAPACITY * DESCRIPTOR_BYTES);
    described d = {.n = describe_picture(f, p, PER_CELL, points, descriptors, CAPACITY)};

    d.places = omma_new_array(sight, d.n + 1);
    d.scale = omma_new_array(float, d.n + 1);
    d.descriptors = omma_new_array(uint8_t, d.n * DESCRIPTOR_BYTES + 1);
    d.ray = omma_new_array(double, 2 * d.n + 1);
    memcpy(d.descriptors, descriptors, d.n * DESCRIPTOR_BYTES);
    for (size_t i = 0; i < d.n; i++) {
        d.places[i] = (sight){.x = points[i].x,
                              .y = points[i].y,
                              .inverse_sigma = keypoint_inverse_sigma(&points[i]),
                              .drifting = true};
        d.scale[i] = points[i].scale;
        sight_unroll(w, &d.places[i]);
    }
    described_set_rays(&d, w);
    free(points);
    free(descriptors);
    return d;
}

void described_finish(described *d)
{
    free(d->places);
    free(d->scale);
    free(d->descriptors);
    free(d->ray);
    *d = (described){0};
}

void described_set_rays(described *d, const world *w)
{
    for (size_t i = 0; i < d->n; i++) {
        const double px[2] = {d->places[i].ux, d->places[i].uy};
        if (!omma_camera_unproject(&w->camera, px, d->ray + 2 * i))
            d->ray[2 * i] = d->ray[2 * i + 1] = NAN;
    }
}

/* The same corner found on another scale is the same corner. */
static bool same_corner(const described *d, uint32_t i, uint32_t j)
{
    const float reach = 2 * fminf(d->scale[i], d->scale[j]);
    return fabsf(d->places[i].x - d->places[j].x) < reach &&
           fabsf(d->places[i].y - d->places[j].y) < reach;
}

static int by_distance(const void *a, const void *b)
{
    const described_pair *p = a, *q = b;
    if (p->distance != q->distance)
        return p->distance < q->distance ? -1 : 1;
    return p->a < q->a ? -1 : p->a > q->a;
}

/* The best pairs first, each corner once. @return how many stay. */
static size_t keep_best(const described *a, const described *b, described_pair *pairs, size_t n)
{
    size_t kept = 0;

    qsort(pairs, n, sizeof(*pairs), by_distance);
    for (size_t i = 0; i < n; i++) {
        bool taken = false;
        for (size_t j = 0; j < kept && !taken; j++)
            taken =
                same_corner(a, pairs[i].a, pairs[j].a) || same_corner(b, pairs[i].b, pairs[j].b);
        if (!taken)
            pairs[kept++] = pairs[i];
    }
    return kept;
}

size_t described_match(const follower *f, const described *a, const described *b,
                       described_pair *out)
{
    descriptor_match *matches = omma_new_array(descriptor_match, a->n + 1);
    float *reach = omma_new_array(float, 3 * b->n + 1);
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        reach[3 * i] = b->places[i].x;
        reach[3 * i + 1] = b->places[i].y;
        reach[3 * i + 2] = 5 * b->scale[i];
    }
    f->descriptors.match(a->descriptors, a->n, b->descriptors, reach, b->n, matches);
    for (size_t i = 0; i < a->n; i++) {
        const descriptor_match *m = &matches[i];
        if (m->index >= 0 && m->best <= MAX_DISTANCE && m->best * 100 <= m->second * 85)
            out[n++] = (described_pair){(uint32_t)i, (uint32_t)m->index, m->best};
    }
    free(matches);
    free(reach);
    return keep_best(a, b, out, n);
}

/* The best corner of b on the epipolar line of corner i; distance > MAX_DISTANCE when none is. */
static described_pair match_line(const described *a, uint32_t i, const described *b,
                                 const double E[9], double reach, uint32_t *near)
{
    const double *x = a->ray + 2 * i;
    const double line[3] = {E[0] * x[0] + E[1] * x[1] + E[2], E[3] * x[0] + E[4] * x[1] + E[5],
                            E[6] * x[0] + E[7] * x[1] + E[8]};
    const double limit = reach * hypot(line[0], line[1]);
    described_pair best = {i, 0, 257};
    int second = 257;
    size_t n = 0;

    for (size_t j = 0; j < b->n; j++)
        if (fabs(line[0] * b->ray[2 * j] + line[1] * b->ray[2 * j + 1] + line[2]) <= limit)
            near[n++] = (uint32_t)j;
    for (size_t j = 0; j < n; j++) {
        int d = descriptor_distance(a->descriptors + i * DESCRIPTOR_BYTES,
                                    b->descriptors + near[j] * DESCRIPTOR_BYTES);
        if (d < best.distance) {
            if (best.distance < second &&
                hypotf(b->places[near[j]].x - b->places[best.b].x,
                       b->places[near[j]].y - b->places[best.b].y) > 5 * b->scale[near[j]])
                second = best.distance;
            best.distance = d;
            best.b = near[j];
        } else if (d < second &&
                   hypotf(b->places[near[j]].x - b->places[best.b].x,
                          b->places[near[j]].y - b->places[best.b].y) > 5 * b->scale[best.b]) {
            second = d;
        }
    }
    if (best.distance * 100 > second * 90)
        best.distance = 257;
    return best;
}

size_t described_match_along(const world *w, const described *a, const described *b,
                             const double E[9], double reach_px, described_pair *out)
{
    uint32_t *near = omma_new_array(uint32_t, b->n + 1);
    size_t n = 0;

    for (uint32_t i = 0; i < a->n; i++) {
        described_pair p = match_line(a, i, b, E, reach_px / w->camera.fx, near);
        if (p.distance <= MAX_DISTANCE)
            out[n++] = p;
    }
    free(near);
    return keep_best(a, b, out, n);
}
