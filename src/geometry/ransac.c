/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: Fischler, Bolles, CACM 1981; Torr, Zisserman, "MLESAC", CVIU 2000 (the score);
 * Chum, Matas, Kittler, "Locally optimized RANSAC", DAGM 2003.
 */
#include "ransac.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 64,
    LOCAL_POINTS = 48, /* near the model, for a refit on the way */
    FINAL_ROUNDS = 5,
    VAIN_CLIMBS = 20, /* climbs that led nowhere new, until only new bests may climb */
};

/* A sample's best model may climb if it scores at least this share of the best. */
static const double climb_share = 0.5;

typedef struct search {
    const ransac_problem *p;
    double threshold2;
    uint64_t seed;
    double best[RANSAC_MODEL];
    double score;
    size_t inliers;
    uint32_t *list; /* n indices of scratch */
} search;

/* Gives up (and returns less than floor) as soon as the rest cannot lift the score above floor. */
static double score_of(const search *s, const double *model, double floor, size_t *inliers)
{
    double sum = 0;
    size_t n = s->p->n, count = 0;
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t to = from + CHUNK < n ? from + CHUNK : n;
        double d2[CHUNK];
        s->p->distances(s->p->data, model, from, to, d2);
        for (size_t i = 0; i < to - from; i++) {
            if (d2[i] < s->threshold2) {
                sum += 1 - d2[i] / s->threshold2;
                count++;
            }
        }
        if (sum + (double)(n - to) <= floor)
            return -1;
    }
    *inliers = count;
    return sum;
}

/* Points within factor thresholds. */
static size_t list_inliers(const search *s, const double *model, double factor)
{
    size_t n = s->p->n, count = 0;
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t to = from + CHUNK < n ? from + CHUNK : n;
        double d2[CHUNK];
        s->p->distances(s->p->data, model, from, to, d2);
        for (size_t i = from; i < to; i++) {
            if (d2[i - from] < factor * factor * s->threshold2)
                s->list[count++] = (uint32_t)i;
        }
    }
    return count;
}

static bool keep_if_better(search *s, const double *model)
{
    size_t inliers = 0;
    double score = score_of(s, model, s->score, &inliers);
    if (!(score > s->score))
        return false;
    memcpy(s->best, model, (size_t)s->p->model_doubles * sizeof(double));
    s->score = score;
    s->inliers = inliers;
    return true;
}

/* The first most of the list become a random part of it. */
static void shuffle(search *s, size_t n, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        size_t j = i + omma_random_below(&s->seed, (uint32_t)(n - i));
        uint32_t swap = s->list[i];
        s->list[i] = s->list[j];
        s->list[j] = swap;
    }
}

static bool refit(search *s, double factor, size_t most, double *model)
{
    size_t n = list_inliers(s, model, factor);
    if (n > most)
        shuffle(s, n, most);
    return n >= s->p->sample && s->p->refine(s->p->data, s->list, n < most ? n : most, model);
}

/*
 * Refits a model to the points near it, ever nearer, and keeps what is better than the best. A
 * model from a minimal sample is too noisy to have all inliers within the threshold, hence the
 * wider start.
 */
static void climb(search *s, double *model, size_t most)
{
    static const double factors[] = {3, 2, 1.5, 1, 1};
    for (int i = 0; i < 5; i++) {
        if (!refit(s, factors[i], most, model))
            break;
        keep_if_better(s, model);
    }
}

/* Refits the best model to all its inliers as long as that helps. */
static void finish(search *s)
{
    double model[RANSAC_MODEL];
    memcpy(model, s->best, sizeof(model));
    climb(s, model, s->p->n);
    for (int round = 0; round < FINAL_ROUNDS; round++) {
        memcpy(model, s->best, sizeof(model));
        if (!refit(s, 1, s->p->n, model) || !keep_if_better(s, model))
            break;
    }
}

static void draw_sample(search *s, uint32_t *sample)
{
    for (size_t i = 0; i < s->p->sample; i++) {
        bool again = true;
        while (again) {
            sample[i] = omma_random_below(&s->seed, (uint32_t)s->p->n);
            again = false;
            for (size_t j = 0; j < i; j++)
                again |= sample[j] == sample[i];
        }
    }
}

/* Samples until one without outliers has been drawn with the wanted confidence. */
static double samples_needed(const search *s, double confidence)
{
    double share = (double)s->inliers / (double)s->p->n;
    double clean = pow(share, (double)s->p->sample);
    return clean >= 1 ? 1 : log(1 - confidence) / log1p(-clean);
}

/* Of the models of one sample the best, if it is worth a climb: even a good sample's models are so
 * noisy that the one that leads to the top need not be the one that scores best at first. */
static double *promising(const search *s, double *models, int count)
{
    double *chosen = NULL, floor = climb_share * s->score;
    for (int i = 0; i < count; i++) {
        double *model = models + i * s->p->model_doubles;
        size_t inliers = 0;
        double score = score_of(s, model, floor, &inliers);
        if (score > floor) {
            floor = score;
            chosen = model;
        }
    }
    return chosen;
}

static int sample_models(search *s, int max_iterations, double confidence)
{
    double models[RANSAC_MODELS * RANSAC_MODEL];
    int iteration = 0, vain = 0;
    double needed = max_iterations;
    while (iteration < max_iterations && iteration < needed) {
        uint32_t sample[8];
        iteration++;
        draw_sample(s, sample);
        int count = s->p->solve(s->p->data, sample, models);
        double *model = promising(s, models, count), before = s->score;
        if (!model)
            continue;
        bool better = keep_if_better(s, model);
        if (better || vain < VAIN_CLIMBS)
            climb(s, model, LOCAL_POINTS);
        vain += s->score > before ? 0 : 1;
        needed = samples_needed(s, confidence);
    }
    return iteration;
}

omma_error ransac_run(const ransac_problem *p, const omma_ransac_options *options, double *model,
                      uint8_t *inlier, omma_ransac_result *result)
{
    omma_ransac_options o = options ? *options : (omma_ransac_options){0};
    double confidence = o.confidence > 0 ? o.confidence : 0.999;
    if (p->n < p->at_least)
        return omma_fail(OMMA_INVALID, "%s: %zu points, at least %zu are needed", p->name, p->n,
                         p->at_least);
    if (!(o.threshold > 0) || !(confidence < 1) || p->n > UINT32_MAX)
        return omma_fail(OMMA_INVALID, "%s: threshold %g must be above 0, confidence %g below 1",
                         p->name, o.threshold, confidence);
    search s = {.p = p, .threshold2 = o.threshold * o.threshold, .seed = o.seed};
    s.list = malloc(p->n * sizeof(*s.list));
    if (!s.list)
        return omma_fail(OMMA_NO_MEMORY, "%s: %zu points", p->name, p->n);
    int iterations = sample_models(&s, o.max_iterations > 0 ? o.max_iterations : 1000, confidence);
    if (s.inliers >= p->sample)
        finish(&s);
    bool found = s.inliers >= p->sample;
    if (found) {
        memcpy(model, s.best, (size_t)p->model_doubles * sizeof(double));
        size_t count = list_inliers(&s, s.best, 1);
        if (inlier)
            memset(inlier, 0, p->n);
        for (size_t i = 0; inlier && i < count; i++)
            inlier[s.list[i]] = 1;
    }
    if (result)
        *result = (omma_ransac_result){s.inliers, iterations, s.score};
    free(s.list);
    return found ? OMMA_OK
                 : omma_fail(OMMA_DEGENERATE, "%s: no model in %d samples of %zu points", p->name,
                             iterations, p->n);
}
