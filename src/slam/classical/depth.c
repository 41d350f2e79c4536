/* SPDX-License-Identifier: Apache-2.0 */
#include "depth.h"

#include <math.h>
#include <stdlib.h>

double depth_typical(const world *w, const sight *sights, size_t n, const omma_se3 *pose)
{
    double *rho = omma_new_array(double, n + 1), median = 1;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const feature *f = &w->features[sights[i].feature];
        double px[2], depth;
        if (f->state == FEATURE_MATURE && !sights[i].outlier &&
            feature_project(w, f, pose, px, NULL, &depth))
            rho[count++] = 1 / depth;
    }
    if (count)
        median = omma_median(rho, count);
    free(rho);
    return median;
}

void depth_update(const world *w, feature *f, const omma_se3 *pose, const sight *s)
{
    /* Sights in neighbouring frames share their errors: each counts as a part of one. */
    const double share = 0.3;
    double px[2], v[2];

    if (!feature_project(w, f, pose, px, v, NULL))
        return;
    double r[2] = {s->ux - px[0], s->uy - px[1]},
           weight = s->inverse_sigma * s->inverse_sigma * share;
    double squared = v[0] * v[0] + v[1] * v[1];
    double information = 1 / (f->rho_sigma * f->rho_sigma);
    if (squared * f->rho_sigma * f->rho_sigma < 0.01)
        return; /* less than a tenth of a pixel to learn from */
    double across = (r[0] * v[1] - r[1] * v[0]) / sqrt(squared);
    if (fabs(across) * s->inverse_sigma > 4)
        return;
    information += weight * squared;
    double step = weight * (v[0] * r[0] + v[1] * r[1]) / information;
    step = fmax(-1.5 * f->rho_sigma, fmin(1.5 * f->rho_sigma, step));
    f->rho = fmax(f->rho + step, 0.02 * f->rho);
    f->rho_sigma = 1 / sqrt(information);
    if (f->rho_sigma < 0.5 * DEPTH_MATURE * f->rho)
        f->state = FEATURE_MATURE;
}

typedef struct depth_sum {
    double information, gradient, cost;
    int count;
} depth_sum;

static depth_sum accumulate(const world *w, const feature *f, double huber)
{
    depth_sum sum = {0};

    for (uint32_t i = 0; i < f->seen_count; i++) {
        const observation *o = &f->seen[i];
        const keyframe *k = &w->keyframes[o->keyframe];
        double px[2], v[2];
        if (!k->posed || k->culled)
            continue;
        sum.count++;
        if (!feature_project(w, f, &k->camera_from_world, px, v, NULL)) {
            sum.cost += 100;
            continue;
        }
        double r[2] = {o->x - px[0], o->y - px[1]};
        double e = sqrt(r[0] * r[0] + r[1] * r[1]) * o->inverse_sigma;
        double weight = o->inverse_sigma * o->inverse_sigma * (e > huber ? huber / e : 1);
        sum.cost += e > huber ? huber * (2 * e - huber) : e * e;
        sum.information += weight * (v[0] * v[0] + v[1] * v[1]);
        sum.gradient += weight * (v[0] * r[0] + v[1] * r[1]);
    }
    return sum;
}

bool depth_solve(const world *w, feature *f)
{
    const double prior = f->rho, prior_information = 0.1 / (f->rho_sigma * f->rho_sigma);
    depth_sum s = accumulate(w, f, 2);

    if (!s.count)
        return true;
    for (int i = 0; i < 8; i++) {
        double before = f->rho;
        double information = s.information + prior_information;
        double step = (s.gradient + prior_information * (prior - f->rho)) / information;
        f->rho = fmax(f->rho + step, 0.1 * f->rho);
        depth_sum next = accumulate(w, f, 2);
        if (next.cost > s.cost * 1.5 + 1) { /* overshot: half way back */
            f->rho = 0.5 * (f->rho + before);
            next = accumulate(w, f, 2);
        }
        s = next;
        if (fabs(f->rho - before) < 1e-4 * fabs(before))
            break;
    }
    f->rho_sigma = 1.5 / sqrt(s.information + prior_information);
    if (s.cost > 9.0 * s.count + 9)
        return false;
    if (f->rho > 1e-6 && f->rho_sigma < (s.count >= 2 ? DEPTH_MATURE : 0.5 * DEPTH_MATURE) * f->rho)
        f->state = FEATURE_MATURE;
    return true;
}
