/* SPDX-License-Identifier: Apache-2.0 */
/* One camera pose by Levenberg-Marquardt. The step is on the left, T <- exp(d) T, so that a point p
 * in the camera moves by d_translation + d_rotation x p. */
#include <omma/geometry.h>

#include "matrix.h"

#include <math.h>
#include <string.h>

/* A point that the pose does not show costs as much as a residual of so many sigmas: losing one
 * never pays, and comparing costs stays fair. */
static const double lost_sigmas = 1e3;

typedef struct problem {
    const double *world, *px, *information;
    size_t n;
    const omma_camera *camera;
    double huber;
    omma_se3 world_from_prior;       /* the prior's inverse */
    const double *prior_information; /* NULL = no prior */
} problem;

typedef struct equations {
    double H[36], g[6]; /* J^T W J, J^T W (observed - predicted) */
    double cost;
    double lost; /* the part of cost that stands for points not seen */
} equations;

static void information_of(const problem *p, size_t i, double W[3])
{
    if (p->information) {
        memcpy(W, p->information + 3 * i, 3 * sizeof(*W));
    } else {
        W[0] = W[2] = 1;
        W[1] = 0;
    }
}

static double residual(const problem *p, const omma_se3 *T, size_t i, double q[3], double e[2],
                       double J[6])
{
    double px[2], W[3];
    omma_se3_apply(T, p->world + 3 * i, q);
    if (!omma_camera_project(p->camera, q, px, J))
        return 1e30;
    information_of(p, i, W);
    e[0] = p->px[2 * i] - px[0];
    e[1] = p->px[2 * i + 1] - px[1];
    return W[0] * e[0] * e[0] + 2 * W[1] * e[0] * e[1] + W[2] * e[1] * e[1];
}

/* Huber's loss of a squared residual, and its weight. */
static double huber_loss(double e2, double huber, double *weight)
{
    double e = sqrt(e2);
    *weight = e <= huber ? 1 : huber / e;
    return e <= huber ? e2 : huber * (2 * e - huber);
}

static void add_point(const problem *p, const omma_se3 *T, size_t i, equations *out)
{
    double q[3], e[2], P[6], W[3], J[2][6], weight;
    double e2 = residual(p, T, i, q, e, P);
    if (e2 >= 1e30) {
        double loss = huber_loss(lost_sigmas * lost_sigmas, p->huber, &weight);
        out->cost += loss;
        out->lost += loss;
        return;
    }
    out->cost += huber_loss(e2, p->huber, &weight);
    information_of(p, i, W);
    for (int k = 0; k < 2; k++) {
        memcpy(J[k], P + 3 * k, 3 * sizeof(double));
        vec3_cross(q, P + 3 * k, J[k] + 3); /* P (d x q) = (q x P) d */
    }
    for (int a = 0; a < 6; a++) {
        double w0 = weight * (W[0] * J[0][a] + W[1] * J[1][a]);
        double w1 = weight * (W[1] * J[0][a] + W[2] * J[1][a]);
        out->g[a] += w0 * e[0] + w1 * e[1];
        for (int b = 0; b <= a; b++)
            out->H[6 * a + b] += w0 * J[0][b] + w1 * J[1][b];
    }
}

/* The adjoint action of the tangent xi = (rho, phi). */
static void small_adjoint(const double xi[6], double ad[36])
{
    double R[9], T[9];
    mat3_skew(xi, T);
    mat3_skew(xi + 3, R);
    memset(ad, 0, 36 * sizeof(*ad));
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            ad[6 * i + j] = ad[6 * (i + 3) + j + 3] = R[3 * i + j];
            ad[6 * i + j + 3] = T[3 * i + j];
        }
    }
}

/* The prior's residual is xi = log(T prior^-1); under a left step it changes by
 * (I - ad/2 + ad^2/12) d (Barfoot, 7.1.5; the next term is ad^4/720). */
static void add_prior(const problem *p, const omma_se3 *T, equations *out)
{
    double xi[6], ad[36], J[36];
    omma_se3 difference = omma_se3_mul(T, &p->world_from_prior);
    omma_se3_log(&difference, xi);
    small_adjoint(xi, ad);
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            double square = 0;
            for (int k = 0; k < 6; k++)
                square += ad[6 * i + k] * ad[6 * k + j];
            J[6 * i + j] = (i == j) - 0.5 * ad[6 * i + j] + square / 12;
        }
    }
    for (int r = 0; r < 6; r++) {
        double w = p->prior_information[r];
        out->cost += w * xi[r] * xi[r];
        for (int a = 0; a < 6; a++) {
            out->g[a] -= w * J[6 * r + a] * xi[r];
            for (int b = 0; b <= a; b++)
                out->H[6 * a + b] += w * J[6 * r + a] * J[6 * r + b];
        }
    }
}

static void linearize(const problem *p, const omma_se3 *T, equations *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < p->n; i++)
        add_point(p, T, i, out);
    if (p->prior_information)
        add_prior(p, T, out);
}

/* (H + lambda diag H) step = g */
static bool solve(const equations *e, double lambda, double step[6])
{
    double A[36];
    memcpy(A, e->H, sizeof(A));
    for (int i = 0; i < 6; i++)
        A[7 * i] += lambda * A[7 * i];
    if (!matrix_cholesky(A, 6))
        return false;
    memcpy(step, e->g, 6 * sizeof(*step));
    matrix_cholesky_solve(A, 6, step);
    return true;
}

/* Is every direction observed? With the diagonal scaled to 1 the Cholesky pivots are the shares of
 * each unknown that the ones before it do not explain. */
static bool is_determined(const equations *e)
{
    double A[36], scale[6];
    for (int i = 0; i < 6; i++) {
        if (!(e->H[7 * i] > 0) || !isfinite(e->H[7 * i]))
            return false;
        scale[i] = 1 / sqrt(e->H[7 * i]);
    }
    for (int i = 0; i < 36; i++)
        A[i] = e->H[i] * scale[i / 6] * scale[i % 6];
    if (!matrix_cholesky(A, 6))
        return false;
    for (int i = 0; i < 6; i++) {
        if (!(A[7 * i] > 1e-7)) /* squared: about 50 roundings */
            return false;
    }
    return true;
}

static void step_pose(const double step[6], const omma_se3 *T, omma_se3 *out)
{
    omma_se3 d = omma_se3_exp(step);
    *out = omma_se3_mul(&d, T);
}

/* Damping as in Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05. */
static void minimize(const problem *p, int iterations, omma_se3 *T, equations *at)
{
    double lambda = 1e-4, growth = 2;
    for (int i = 0; i < iterations; i++) {
        double step[6], predicted = 0;
        if (!solve(at, lambda, step)) {
            lambda = fmax(lambda, 1e-8) * growth;
            growth *= 2;
            continue;
        }
        omma_se3 trial;
        equations next;
        step_pose(step, T, &trial);
        linearize(p, &trial, &next);
        for (int k = 0; k < 6; k++)
            predicted += step[k] * (lambda * at->H[7 * k] * step[k] + at->g[k]);
        if (!(predicted > 1e-12 * (at->cost - at->lost)))
            break; /* nothing to gain */
        double gain = (at->cost - next.cost) / predicted;
        if (!(gain > 0)) {
            lambda *= growth;
            growth *= 2;
            continue;
        }
        bool settled = at->cost - next.cost <= 1e-9 * (at->cost - at->lost);
        *T = trial;
        *at = next;
        lambda *= fmax(1. / 3, 1 - pow(2 * gain - 1, 3));
        growth = 2;
        if (settled)
            break;
    }
}

omma_error omma_pose_refine(const double *world, const double *px, size_t n,
                            const omma_camera *camera, const omma_pose_options *options,
                            omma_se3 *camera_from_world, double *error)
{
    omma_pose_options o = options ? *options : (omma_pose_options){0};
    problem p = {.world = world,
                 .px = px,
                 .information = o.information,
                 .n = n,
                 .camera = camera,
                 .huber = o.huber > 0 ? o.huber : 1.5,
                 .prior_information = o.prior ? o.prior_information : NULL};
    if (n < 3 && !o.prior)
        return omma_fail(OMMA_INVALID, "pose: %zu points and no prior, at least 3 are needed", n);
    if (o.prior)
        p.world_from_prior = omma_se3_inverse(o.prior);
    omma_se3 T = *camera_from_world;
    equations at;
    linearize(&p, &T, &at);
    if (!isfinite(at.cost))
        return omma_fail(OMMA_INVALID, "pose: a point, a pixel or the start is not finite");
    minimize(&p, o.iterations > 0 ? o.iterations : 10, &T, &at);
    if (!is_determined(&at))
        return omma_fail(OMMA_DEGENERATE, "pose: %zu points do not determine it", n);
    omma_se3_normalize(&T);
    *camera_from_world = T;
    for (size_t i = 0; error && i < n; i++) {
        double q[3], e[2];
        error[i] = residual(&p, &T, i, q, e, NULL);
    }
    return OMMA_OK;
}
