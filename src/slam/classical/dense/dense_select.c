/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "dense.h"

#include <math.h>
#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double median_rho(const dense_seed *seeds, size_t n)
{
    float *rho = omma_new_array(float, n);
    for (size_t i = 0; i < n; i++)
        rho[i] = seeds[i].rho;
    qsort(rho, n, sizeof *rho, compare_floats);
    const double median = rho[n / 2];
    free(rho);
    return median;
}

typedef struct candidate {
    double C[3]; /* centre in the view, in median depths */
    double score;
} candidate;

/* Parallax of 6 degrees is best; less carries less depth, more looks different. */
static double parallax_score(double degrees)
{
    const double ideal = 6, width = degrees < ideal ? 3 : 7;
    const double x = (degrees - ideal) / width;
    return degrees < 0.5 ? 0 : exp(-0.5 * x * x);
}

/* Share of the seeds that fall into the candidate's picture. */
static double overlap(const omma_se3 *candidate_from_view, const omma_camera *camera,
                      const dense_seed *seeds, size_t n)
{
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        const double rho = seeds[i].rho;
        double p[3], px[2];
        for (int j = 0; j < 3; j++)
            p[j] = candidate_from_view->R[3 * j] * seeds[i].x +
                   candidate_from_view->R[3 * j + 1] * seeds[i].y +
                   candidate_from_view->R[3 * j + 2] + rho * candidate_from_view->t[j];
        seen += p[2] > 0.05 && omma_camera_project(camera, p, px, NULL) && px[0] >= 0 &&
                px[1] >= 0 && px[0] <= camera->width - 1 && px[1] <= camera->height - 1;
    }
    return (double)seen / (double)n;
}

static candidate judge(const omma_se3 *view, const omma_camera *camera, const omma_se3 *other,
                       const dense_seed *seeds, size_t n, double rho)
{
    const omma_se3 inverse = omma_se3_inverse(view);
    const omma_se3 other_from_view = omma_se3_mul(other, &inverse);
    const omma_se3 view_from_other = omma_se3_inverse(&other_from_view);
    const double *t = view_from_other.t;
    candidate c = {.C = {t[0] * rho, t[1] * rho, t[2] * rho}};
    const double turn = omma_so3_angle(view->R, other->R) * 57.29578;
    /* Towards the scene nothing moves in the middle of the picture: it counts half. */
    const double across = hypot(hypot(c.C[0], c.C[1]), 0.5 * c.C[2]);

    c.score = parallax_score(atan(across) * 57.29578);
    if (turn > 45 || fabs(c.C[2]) > 0.6 || c.score <= 0)
        c.score = 0;
    else
        c.score *=
            exp(-turn * turn / (2 * 20 * 20)) * pow(overlap(&other_from_view, camera, seeds, n), 2);
    return c;
}

size_t dense_select(const omma_se3 *view, const omma_camera *camera, const omma_se3 *others,
                    size_t n, const dense_seed *seeds, size_t seed_count, size_t max,
                    size_t *chosen)
{
    const double rho = seed_count > 0 ? median_rho(seeds, seed_count) : 0;
    size_t count = 0;

    if (n == 0 || !(rho > 0))
        return 0;
    candidate *c = omma_new_array(candidate, n);
    for (size_t i = 0; i < n; i++)
        c[i] = judge(view, camera, &others[i], seeds, seed_count, rho);
    while (count < max) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            if (c[i].score > c[best].score)
                best = i;
        if (c[best].score < 0.02)
            break;
        chosen[count++] = best;
        c[best].score = 0;
        /* What stands beside it adds little: another side of the view is worth more. */
        for (size_t i = 0; i < n; i++) {
            double apart = 0, near = 0;
            for (int j = 0; j < 3; j++) {
                apart += (c[i].C[j] - c[best].C[j]) * (c[i].C[j] - c[best].C[j]);
                near += c[best].C[j] * c[best].C[j];
            }
            c[i].score *= 1 - 0.9 * exp(-apart / (0.18 * near + 1e-12));
        }
    }
    free(c);
    return count;
}
