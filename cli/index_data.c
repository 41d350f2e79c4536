/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trajectory: a pose (three positions, yaw, pitch) walks with momentum in a box whose walls throw
 * it back, so it comes past the same places again and again. What is seen there is a smooth
 * function of the pose, random Fourier features (Rahimi, Recht, "Random features for large-scale
 * kernel machines", NIPS 2007), plus what changes from picture to picture: noise. Neighbours in
 * time have a cosine of about 0.95, places apart none.
 */
#include "index_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POSE = 5 };

#define NOISE    0.15 /* per component; the features have a deviation of 0.71 */
#define BOX      4.0  /* each side of the box, in lengths over which a place changes */
#define MOMENTUM 0.97
#define STEP     0.03 /* deviation of a step, in each coordinate */
#define BESIDE   0.05 /* how far from the path a query is */

typedef struct walk {
    double at[POSE], speed[POSE];
} walk;

typedef struct features {
    uint32_t dim;
    float *frequency; /* dim x POSE */
    float *phase;     /* dim */
} features;

static void normalise(float *v, uint32_t dim)
{
    double square = 0;

    for (uint32_t i = 0; i < dim; i++)
        square += (double)v[i] * v[i];
    for (uint32_t i = 0; i < dim; i++)
        v[i] = (float)(v[i] / sqrt(square));
}

static void uniform_vector(float *v, uint32_t dim, uint64_t *seed)
{
    for (uint32_t i = 0; i < dim; i++)
        v[i] = (float)omma_random_normal(seed);
    normalise(v, dim);
}

static void step(walk *w, uint64_t *seed)
{
    for (int i = 0; i < POSE; i++) {
        w->speed[i] = MOMENTUM * w->speed[i] +
                      STEP * sqrt(1 - MOMENTUM * MOMENTUM) * omma_random_normal(seed);
        w->at[i] += w->speed[i];
        if (fabs(w->at[i]) > BOX / 2) {
            w->at[i] = copysign(BOX, w->at[i]) - w->at[i];
            w->speed[i] = -w->speed[i];
        }
    }
}

/* What is seen at a pose. */
static void observe(const features *f, const double *pose, float *v, uint64_t *seed)
{
    for (uint32_t i = 0; i < f->dim; i++) {
        float angle = f->phase[i];

        for (int k = 0; k < POSE; k++)
            angle += f->frequency[i * POSE + (uint32_t)k] * (float)pose[k];
        v[i] = cosf(angle) + (float)(NOISE * omma_random_normal(seed));
    }
    normalise(v, f->dim);
}

static features features_make(uint32_t dim, uint64_t *seed)
{
    features f = {.dim = dim,
                  .frequency = omma_new_array(float, (size_t)dim *POSE),
                  .phase = omma_new_array(float, dim)};

    for (size_t i = 0; i < (size_t)dim * POSE; i++)
        f.frequency[i] = (float)omma_random_normal(seed);
    for (uint32_t i = 0; i < dim; i++)
        f.phase[i] = (float)(2 * M_PI * omma_random_unit(seed));
    return f;
}

/* Queries are near poses of all times. */
static void walk_along(index_data *d, uint64_t *seed)
{
    features f = features_make(d->dim, seed);
    walk w = {0};
    size_t asked = 0;

    for (size_t i = 0; i < d->count + d->extra; i++) {
        step(&w, seed);
        observe(&f, w.at, d->vectors + i * d->dim, seed);
        while (asked < d->query_count && asked * d->count / d->query_count <= i) {
            double beside[POSE];

            for (int k = 0; k < POSE; k++)
                beside[k] = w.at[k] + BESIDE * omma_random_normal(seed);
            observe(&f, beside, d->queries + asked++ * d->dim, seed);
        }
    }
    free(f.frequency);
    free(f.phase);
}

/* Fisher and Yates' shuffle. */
static void shuffle(index_data *d, uint64_t *seed)
{
    float *spare = omma_new_array(float, d->dim);
    size_t bytes = d->dim * sizeof(float);

    for (size_t i = d->count; i > 1; i--) {
        float *a = d->vectors + (i - 1) * d->dim;
        float *b = d->vectors + omma_random_below(seed, (uint32_t)i) * (size_t)d->dim;

        memcpy(spare, a, bytes);
        memmove(a, b, bytes);
        memcpy(b, spare, bytes);
    }
    free(spare);
}

omma_error index_data_make(index_data *out, index_data_kind kind, size_t count, size_t extra,
                           size_t query_count, uint32_t dim, bool shuffled, uint64_t seed)
{
    *out = (index_data){.dim = dim, .count = count, .extra = extra, .query_count = query_count};
    out->vectors = calloc((count + extra) * dim + 1, sizeof(float));
    out->queries = calloc(query_count * dim + 1, sizeof(float));
    if (!out->vectors || !out->queries) {
        index_data_finish(out);
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu vectors", count + extra + query_count);
    }
    if (kind == INDEX_DATA_TRAJECTORY) {
        walk_along(out, &seed);
    } else {
        for (size_t i = 0; i < count + extra; i++)
            uniform_vector(out->vectors + i * dim, dim, &seed);
        for (size_t i = 0; i < query_count; i++)
            uniform_vector(out->queries + i * dim, dim, &seed);
    }
    if (shuffled)
        shuffle(out, &seed);
    return OMMA_OK;
}

void index_data_finish(index_data *d)
{
    free(d->vectors);
    free(d->queries);
    *d = (index_data){0};
}
