/* SPDX-License-Identifier: Apache-2.0 */
#include "localize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 2 degrees of freedom: 99 % of good residuals squared, in sigmas, are below it. */
static const double chi2_limit = 9.2;

typedef struct problem {
    size_t n;
    double *point;       /* n x 3 */
    double *px;          /* n x 2 */
    double *information; /* n x 3 */
    double *error;       /* n */
    uint32_t *index;     /* of the sight */
    double *memory;
} problem;

static problem problem_make(size_t capacity)
{
    problem p = {.memory = omma_new_array(double, capacity * 9 + 1)};
    p.point = p.memory;
    p.px = p.point + 3 * capacity;
    p.information = p.px + 2 * capacity;
    p.error = p.information + 3 * capacity;
    p.index = omma_new_array(uint32_t, capacity + 1);
    return p;
}

static void problem_free(problem *p)
{
    free(p->memory);
    free(p->index);
}

/* (I / w^2 + v v^T)^-1: noise of the sight and what an uncertain depth adds along its epipolar
 * line. */
static void weigh(double weight, const double v[2], double information[3])
{
    double s = 1 / (weight * weight);
    double xx = s + v[0] * v[0], xy = v[0] * v[1], yy = s + v[1] * v[1];
    double det = xx * yy - xy * xy;
    information[0] = yy / det;
    information[1] = -xy / det;
    information[2] = xx / det;
}

static void feature_point(const world *w, const feature *f, double x[3])
{
    double rho;
    feature_homogeneous(w, f, x, &rho);
    rho = fmax(rho, 1e-7);
    for (int i = 0; i < 3; i++)
        x[i] /= rho;
}

static void problem_fill(problem *p, const world *w, const sight *sights, size_t n,
                         const omma_se3 *pose, bool only_inliers)
{
    p->n = 0;
    for (size_t i = 0; i < n; i++) {
        const feature *f = &w->features[sights[i].feature];
        double px[2], v[2];
        if (f->state == FEATURE_DEAD || (only_inliers && sights[i].outlier))
            continue;
        if (!feature_project(w, f, pose, px, v, NULL))
            continue;
        size_t k = p->n;
        feature_point(w, f, p->point + 3 * k);
        p->px[2 * k] = sights[i].ux;
        p->px[2 * k + 1] = sights[i].uy;
        v[0] *= f->rho_sigma;
        v[1] *= f->rho_sigma;
        weigh(sights[i].inverse_sigma, v, p->information + 3 * k);
        p->index[k] = (uint32_t)i;
        p->n++;
    }
}

/* PnP on the mature features, for when there is no prediction or it failed. */
static bool search(const world *w, const sight *sights, size_t n, uint64_t seed, omma_se3 *pose)
{
    double *point = omma_new_array(double, 5 * n + 1), *x = point + 3 * n;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const feature *f = &w->features[sights[i].feature];
        const double px[2] = {sights[i].ux, sights[i].uy};
        if (f->state != FEATURE_MATURE || !feature_world(w, f, point + 3 * count) ||
            !omma_camera_unproject(&w->camera, px, x + 2 * count))
            continue;
        count++;
    }
    omma_ransac_result result = {0};
    omma_error err = count < 6 ? OMMA_INVALID
                               : omma_pnp_ransac(point, x, count,
                                                 &(omma_ransac_options){
                                                     .threshold = 4 / w->camera.fx,
                                                     .max_iterations = 800,
                                                     .seed = seed,
                                                 },
                                                 pose, NULL, &result);
    free(point);
    return !err && result.inliers >= 8 && result.inliers * 8 >= count;
}

/* Refines twice: robustly over all, then over what agrees. */
static bool refine(problem *p, const world *w, sight *sights, size_t n, const localize_options *o,
                   localization *out)
{
    omma_pose_options options = {.huber = 2, .iterations = 10, .information = p->information};

    if (o->position_sigma > 0) {
        options.prior = o->start;
        for (int i = 0; i < 3; i++)
            options.prior_information[i] = 1 / (o->position_sigma * o->position_sigma);
    }
    for (int round = 0; round < 3; round++) {
        problem_fill(p, w, sights, n, &out->camera_from_world, round > 0);
        if (p->n < 6 || omma_pose_refine(p->point, p->px, p->n, &w->camera, &options,
                                         &out->camera_from_world, p->error) != OMMA_OK)
            return false;
        /* Everything is judged anew each time: what was out may come back. */
        for (size_t i = 0; i < n; i++)
            sights[i].outlier = true;
        problem_fill(p, w, sights, n, &out->camera_from_world, false);
        out->mature = out->mature_inliers = out->inliers = 0;
        for (size_t k = 0; k < p->n; k++) {
            sight *s = &sights[p->index[k]];
            const feature *f = &w->features[s->feature];
            double px[2];
            if (!feature_project(w, f, &out->camera_from_world, px, NULL, NULL))
                continue;
            double dx = px[0] - s->ux, dy = px[1] - s->uy;
            const double *I = p->information + 3 * k;
            double chi2 = I[0] * dx * dx + 2 * I[1] * dx * dy + I[2] * dy * dy;
            bool agrees = chi2 < chi2_limit;
            out->mature += f->state == FEATURE_MATURE;
            out->mature_inliers += f->state == FEATURE_MATURE && agrees;
            out->inliers += agrees;
            s->outlier = !agrees;
        }
    }
    return true;
}

localization localize(const world *w, sight *sights, size_t n, const localize_options *o)
{
    localization out = {.camera_from_world = *o->start};
    problem p = problem_make(n);
    const uint32_t min_mature = o->min_mature ? o->min_mature : 15;
    bool ok = false;

    if (!o->search) {
        ok = refine(&p, w, sights, n, o, &out);
        ok = ok && (out.mature_inliers * 2 >= out.mature || out.inliers * 10 >= n * 6);
    }
    if (!ok) {
        localization again = {.camera_from_world = *o->start};
        if (search(w, sights, n, o->seed, &again.camera_from_world) &&
            refine(&p, w, sights, n, &(localize_options){.start = o->start}, &again)) {
            out = again;
            ok = true;
        } else if (!o->search) {
            refine(&p, w, sights, n, o, &out); /* the sights' verdicts belong to this pose */
        }
    }
    problem_free(&p);
    /* Searching, most matches are expected to be wrong; the caller must verify what was found. */
    out.good = ok && out.mature_inliers >= min_mature &&
               out.mature_inliers * (o->search ? 7 : 3) >= out.mature;
    if (!out.good && ok && !o->search && out.inliers >= 30 &&
        (double)out.inliers >= (o->min_share > 0 ? o->min_share : 0.6) * (double)n)
        out.rotation = true;
    return out;
}
