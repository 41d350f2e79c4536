/* SPDX-License-Identifier: Apache-2.0 */
#include "hypothesis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double COST_LIMIT = 9.2; /* 99 % of good sights, 2 degrees of freedom */

static void hypothesis_free(hypothesis *h)
{
    free(h->rho);
    free(h->quality);
    free(h->cost);
    h->rho = h->quality = h->cost = NULL;
}

static bool pose_between(const hypothesis *h, const pair_set *p, const double *px,
                         const uint8_t *seen, const double *xa, omma_se3 *pose)
{
    double *point = omma_new_array(double, 5 * p->n + 1), *image = point + 3 * p->n;
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (!seen[i] || !(h->rho[i] > 0))
            continue;
        point[3 * n] = xa[2 * i] / h->rho[i];
        point[3 * n + 1] = xa[2 * i + 1] / h->rho[i];
        point[3 * n + 2] = 1 / h->rho[i];
        image[2 * n] = px[2 * i];
        image[2 * n + 1] = px[2 * i + 1];
        n++;
    }
    omma_error err = n < 12 ? OMMA_INVALID
                            : omma_pose_refine(point, image, n, &h->camera,
                                               &(omma_pose_options){.iterations = 15}, pose, NULL);
    free(point);
    return !err;
}

/* The bundle adjustment that judges a hypothesis. */
typedef struct trial {
    omma_se3 pose[MAX_POSES];
    int frame[MAX_POSES]; /* of the frames between */
    int poses;
    omma_bundle_point *point;
    uint32_t *pair; /* per point */
    size_t points;
    omma_bundle_observation *sight;
    size_t sights;
    double *error;       /* per sight, squared, in sigmas */
    double *information; /* per point */
} trial;

/* The start, the frames between that can be placed, each starting from the one before, and the
 * newest. */
static void trial_place(trial *t, const hypothesis *h, const pair_set *p, const between *middle)
{
    double *xa = omma_new_array(double, 2 * p->n + 1);
    omma_se3 guess = h->pose[0];

    pairs_normalize(&h->camera, p->a, p->n, xa);
    t->pose[t->poses++] = guess;
    for (int i = 0; i < middle->count; i++) {
        omma_se3 T = guess;
        if (!pose_between(h, p, middle->px[i], middle->seen[i], xa, &T))
            continue;
        t->frame[t->poses] = i;
        t->pose[t->poses++] = guess = T;
    }
    t->pose[t->poses++] = h->pose[h->poses - 1];
    free(xa);
}

static void trial_fill(trial *t, const hypothesis *h, const pair_set *p, const between *middle)
{
    t->point = omma_new_array(omma_bundle_point, p->n + 1);
    t->sight = omma_new_array(omma_bundle_observation, p->n * MAX_POSES + 1);
    t->pair = omma_new_array(uint32_t, p->n + 1);
    t->error = omma_new_array(double, p->n *MAX_POSES + 1);
    t->information = omma_new_array(double, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        if (!(h->rho[i] > 0))
            continue;
        t->pair[t->points] = (uint32_t)i;
        t->point[t->points] = (omma_bundle_point){
            .anchor = 0, .anchor_px = {p->a[2 * i], p->a[2 * i + 1]}, .inverse_depth = h->rho[i]};
        for (int k = 1; k < t->poses; k++) {
            const bool last = k == t->poses - 1;
            const double *px = last ? p->b : middle->px[t->frame[k]];
            if (!last && !middle->seen[t->frame[k]][i])
                continue;
            t->sight[t->sights++] =
                (omma_bundle_observation){(uint32_t)k,
                                          (uint32_t)t->points,
                                          {(float)px[2 * i], (float)px[2 * i + 1]},
                                          p->inverse_sigma[i]};
        }
        t->points++;
    }
}

/* What the adjustment leaves of a hypothesis: pairs whose sights agree on a depth before the
 * camera. */
static void trial_judge(const trial *t, const pair_set *p, const between *middle, hypothesis *h)
{
    double *sorted = omma_new_array(double, t->points + 1), squares = 0;
    size_t good_sights = 0;

    memset(h->rho, 0, p->n * sizeof(double));
    for (size_t i = 0; i < p->n; i++) {
        h->cost[i] = COST_LIMIT;
        for (int k = 0; k < middle->count; k++)
            h->cost[i] += middle->seen[k][i] * COST_LIMIT;
    }
    for (size_t i = 0, o = 0; i < t->points; i++) {
        double sum = 0, saved = 0;
        size_t first = o, bad = 0;
        for (; o < t->sights && t->sight[o].point == i; o++) {
            bad += t->error[o] > 9.2;
            sum += fmin(t->error[o], 20);
            saved += fmax(COST_LIMIT - t->error[o], 0);
        }
        double rho = t->point[i].inverse_depth;
        if (bad * 4 > o - first || !(rho > 0) || !(t->information[i] > 0))
            continue;
        uint32_t k = t->pair[i];
        h->rho[k] = rho;
        h->cost[k] -= saved;
        h->quality[k] = 1 / (sqrt(t->information[i]) * rho);
        sorted[h->good++] = h->quality[k];
        squares += sum;
        good_sights += o - first;
    }
    h->median_quality = h->good ? omma_median(sorted, h->good) : 1e9;
    h->rms = good_sights ? sqrt(squares / (double)good_sights) : 1e9;
    h->poses = t->poses;
    memcpy(h->pose, t->pose, sizeof(t->pose));
    free(sorted);
}

static void trial_free(trial *t)
{
    free(t->point);
    free(t->pair);
    free(t->sight);
    free(t->error);
    free(t->information);
}

/* Bundle adjustment of the two views and those between; fills the hypothesis' verdict. */
static bool verify(hypothesis *h, const pair_set *p, const between *middle, bool free_focal)
{
    trial t = {.poses = 0};

    trial_place(&t, h, p, middle);
    trial_fill(&t, h, p, middle);
    omma_bundle_problem problem = {.camera = &h->camera,
                                   .camera_from_world = t.pose,
                                   .pose_count = (size_t)t.poses,
                                   .points = t.point,
                                   .point_count = t.points,
                                   .observations = t.sight,
                                   .observation_count = t.sights};
    omma_bundle_result result = {0};
    omma_error err = OMMA_INVALID;
    if (t.points >= 30)
        err = omma_bundle_adjust(&problem,
                                 &(omma_bundle_options){
                                     .iterations = free_focal ? 30 : 20,
                                     .huber = 1.5,
                                     .free_camera = free_focal ? OMMA_BUNDLE_FOCAL : 0,
                                     .focal_prior = h->camera.fx,
                                     .focal_prior_sigma = free_focal ? 0.2 : 0,
                                 },
                                 t.error, &result);
    h->good = 0;
    if (!err) {
        omma_bundle_point_information(&problem, t.information);
        h->focal_sigma = result.focal_sigma_px;
        trial_judge(&t, p, middle, h);
    }
    trial_free(&t);
    return !err && h->good >= 30;
}

/* Depths of the pairs for a motion, in the start camera. */
static void depths_of_motion(hypothesis *h, const pair_set *p, const double *xa, const double *xb,
                             const omma_se3 *motion)
{
    double *points = omma_new_array(double, 3 * p->n + 1);
    uint8_t *good = omma_new_array(uint8_t, p->n + 1);
    size_t count;

    omma_motion_choose(motion, 1, xa, xb, p->n, 3 / h->camera.fx, points, good, &count);
    for (size_t i = 0; i < p->n; i++)
        h->rho[i] = good[i] && points[3 * i + 2] > 1e-3 ? 1 / points[3 * i + 2] : 0;
    h->pose[0] = omma_se3_identity();
    h->pose[1] = *motion;
    h->poses = 2;
    free(points);
    free(good);
}

static bool is_better(const hypothesis *a, const hypothesis *b)
{
    double x = (double)a->good / (1 + a->rms * a->rms);
    double y = (double)b->good / (1 + b->rms * b->rms);
    return x > y;
}

/* @return whether h is the best now; it is taken. */
static bool contend(contest *c, const pair_set *p, hypothesis *h)
{
    const bool wins = is_better(h, &c->best) && c->entries < MAX_ENTRIES;

    c->pairs = p->n;
    if (c->entries < MAX_ENTRIES) {
        memcpy(c->entry[c->entries].t, h->pose[h->poses - 1].t, 3 * sizeof(double));
        c->entry[c->entries].cost = h->cost;
        h->cost = NULL;
        if (wins)
            c->winner = c->entries;
        c->entries++;
    }
    if (wins) {
        const hypothesis swap = c->best;
        c->best = *h;
        *h = swap;
    }
    hypothesis_free(h);
    return wins;
}

/* The camera goes the same way. */
static bool is_same_way(const double x[3], const double y[3])
{
    const double xx = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
    const double yy = y[0] * y[0] + y[1] * y[1] + y[2] * y[2];
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2] > 0.98 * sqrt(xx * yy); /* 11 degrees */
}

/* Vuong's statistic: pairs speak for or against, each as a whole, for its sights share errors. */
static double likelier(const double *cost, const double *other, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = other[i] - cost[i];
        sum += d;
        squares += d * d;
    }
    double variance = squares - sum * sum / (double)n;
    return variance > 0 ? sum / sqrt(variance) : 0;
}

double contest_margin(const contest *c)
{
    double least = INFINITY;

    for (int i = 0; i < c->entries; i++)
        if (!is_same_way(c->entry[c->winner].t, c->entry[i].t))
            least = fmin(least, likelier(c->entry[c->winner].cost, c->entry[i].cost, c->pairs));
    return least;
}

void contest_finish(contest *c)
{
    hypothesis_free(&c->best);
    for (int i = 0; i < c->entries; i++)
        free(c->entry[i].cost);
}

bool contest_try(contest *c, const omma_camera *camera, const pair_set *p, const between *middle,
                 bool free_focal, uint64_t seed)
{
    double *xa = omma_new_array(double, 4 * p->n + 1), *xb = xa + 2 * p->n;
    omma_se3 motion[8];
    int motions = 0;
    bool wins = false;
    double model[9], normal[4][3];
    const omma_ransac_options ransac = {
        .threshold = 1.5 / camera->fx, .max_iterations = 200, .seed = seed};

    pairs_normalize(camera, p->a, p->n, xa);
    pairs_normalize(camera, p->b, p->n, xb);
    if (omma_essential_ransac(xa, xb, p->n, &ransac, model, NULL, NULL) == OMMA_OK) {
        omma_se3 four[4];
        size_t count;
        omma_essential_decompose(model, four);
        int i = omma_motion_choose(four, 4, xa, xb, p->n, 3 / camera->fx, NULL, NULL, &count);
        motion[motions++] = four[i];
    }
    const omma_ransac_options planar = {
        .threshold = 3 / camera->fx, .max_iterations = 200, .seed = seed};
    if (omma_homography_ransac(xa, xb, p->n, &planar, model, NULL, NULL) == OMMA_OK) {
        omma_se3 four[4];
        int n = omma_homography_decompose(model, four, normal);
        for (int i = 0; i < n; i++) {
            double length = sqrt(four[i].t[0] * four[i].t[0] + four[i].t[1] * four[i].t[1] +
                                 four[i].t[2] * four[i].t[2]);
            if (!(length > 1e-6))
                continue;
            for (int k = 0; k < 3; k++)
                four[i].t[k] /= length;
            motion[motions++] = four[i];
        }
    }
    for (int i = 0; i < motions; i++) {
        hypothesis h = {.camera = *camera,
                        .rho = omma_new_array(double, p->n + 1),
                        .quality = omma_new_array(double, p->n + 1),
                        .cost = omma_new_array(double, p->n + 1)};
        depths_of_motion(&h, p, xa, xb, &motion[i]);
        /* Twice: the second time without what disagreed. */
        bool good = verify(&h, p, middle, free_focal) && verify(&h, p, middle, free_focal);
        if (good)
            wins |= contend(c, p, &h);
        else
            hypothesis_free(&h);
    }
    free(xa);
    return wins;
}
