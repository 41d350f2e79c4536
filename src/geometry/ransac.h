/* SPDX-License-Identifier: Apache-2.0 */
/* One LO-RANSAC with MSAC scores for all models; what differs is behind these three functions. */
#pragma once

#include <omma/geometry.h>

enum { RANSAC_MODELS = 10, RANSAC_MODEL = 18 }; /* solutions of one sample, doubles of one model */

typedef struct ransac_problem {
    const char *name;
    size_t n;
    size_t sample;     /* points of a minimal sample */
    size_t at_least;   /* points without which nothing is tried */
    int model_doubles; /* at most RANSAC_MODEL */
    /* Models through a minimal sample; returns how many. */
    int (*solve)(const void *data, const uint32_t *sample, double *models);
    /* Squared distances of points [from, to); NaN and INFINITY are outliers. */
    void (*distances)(const void *data, const double *model, size_t from, size_t to, double *d2);
    /* Improves model on the listed points; false leaves it. */
    bool (*refine)(const void *data, const uint32_t *points, size_t n, double *model);
    const void *data;
} ransac_problem;

/* Puts the best model into model (untouched on failure). */
omma_error ransac_run(const ransac_problem *p, const omma_ransac_options *options, double *model,
                      uint8_t *inlier, omma_ransac_result *result);
