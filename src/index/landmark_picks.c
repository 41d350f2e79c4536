/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes become landmarks: equal parts of the way, not of the time, so that a camera that
 * stands still for an hour does not take the landmarks of all that it saw before. */
#include "landmarks.h"

#include <math.h>
#include <stdlib.h>

enum {
    SAMPLES_EACH = 4, /* for one landmark */
    STILL_SHARE = 16, /* of the mean step a step counts at least: nothing is left out */
};

/* Any one of the i-th of count parts of the past. */
static uint32_t sample(uint32_t i, uint32_t count, uint32_t nodes)
{
    uint32_t from = (uint32_t)((uint64_t)i * nodes / count);
    uint32_t to = (uint32_t)((uint64_t)(i + 1) * nodes / count);
    uint64_t seed = i;
    return from + omma_random_below(&seed, to - from);
}

/* How far it is from what asks to another node; by inner product something like it. */
static float step_to(const distance_kernels *k, const store *s, const query *q, uint32_t self,
                     uint32_t other)
{
    key_batch b = {0};

    key_batch_push(&b, s, self);
    key_batch_push(&b, s, other);
    key_batch_compute(&b, k, s, q);
    return sqrtf(fabsf(b.keys[0] - b.keys[1]));
}

/* steps[i] is the way from sample i to the next, for all but the last. @return their sum. */
static double measure(const distance_kernels *k, const store *s, query *q, uint32_t nodes,
                      uint32_t samples, float *steps)
{
    double way = 0;

    for (uint32_t i = 0; i + 1 < samples; i++) {
        uint32_t node = sample(i, samples, nodes);
        query_set_node(q, k, s, node);
        steps[i] = step_to(k, s, q, node, sample(i + 1, samples, nodes));
        way += (double)steps[i];
    }
    steps[samples - 1] = 0;
    return way;
}

/* One sample for each of count parts of the way. */
static void divide(const float *steps, uint32_t samples, double way, uint32_t nodes, uint32_t count,
                   uint32_t *picked)
{
    const double least = way > 0 ? way / samples / STILL_SHARE : 1;
    const double part = (way + least * samples) / count;
    double done = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < samples && n < count; i++) {
        const uint32_t left = samples - i;
        if (done >= part * n || left <= count - n)
            picked[n++] = sample(i, samples, nodes);
        done += (double)steps[i] + least;
    }
}

bool landmarks_pick(const distance_kernels *k, const store *s, uint32_t nodes, uint32_t count,
                    uint32_t *picked)
{
    uint32_t samples = nodes / SAMPLES_EACH > count ? count * SAMPLES_EACH : nodes;
    float *steps = malloc(samples * sizeof(*steps));
    query q = {0};
    bool there = steps && query_init(&q, s);

    if (there) {
        double way = measure(k, s, &q, nodes, samples, steps);
        divide(steps, samples, way, nodes, count, picked);
    }
    query_finish(&q);
    free(steps);
    return there;
}
