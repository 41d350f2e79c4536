/* SPDX-License-Identifier: Apache-2.0 */
/* One camera pose by Levenberg-Marquardt. The step is on the left, T <- exp(d) T, so that a point p
 * in the camera moves by d_translation + d_rotation x p. */
#include <omma/geometry.h>

#include "levenberg.h"
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

static void add_point(const problem *p, const omma_se3 *T, size_t i, levenberg_equations *out)
{
    double q[3], e[2], P[6], W[3], J[2][6], weight;
    double e2 = residual(p, T, i, q, e, P);
    if (e2 >= 1e30) {
        double loss = huber_loss(lost_sigmas * lost_sigmas, p->huber, &weight);
        out->cost += loss;
        out->constant += loss;
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
static void add_prior(const problem *p, const omma_se3 *T, levenberg_equations *out)
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
    for (int r = 0; r < 6; r++)
        levenberg_add(out, 6, J + 6 * r, -xi[r], p->prior_information[r]);
}

static void linearize(const void *data, const double *state, levenberg_equations *out)
{
    const problem *p = data;
    omma_se3 T;
    memcpy(&T, state, sizeof(T));
    for (size_t i = 0; i < p->n; i++)
        add_point(p, &T, i, out);
    if (p->prior_information)
        add_prior(p, &T, out);
}

static void step_pose(const void *data, const double *state, const double *step, double *out)
{
    (void)data;
    omma_se3 T, d = omma_se3_exp(step);
    memcpy(&T, state, sizeof(T));
    T = omma_se3_mul(&d, &T);
    memcpy(out, &T, sizeof(T));
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
    levenberg_problem lm = {.unknowns = 6,
                            .state_bytes = sizeof(omma_se3),
                            .linearize = linearize,
                            .step = step_pose,
                            .data = &p};
    levenberg_equations at;
    double state[LEVENBERG_STATE];
    memcpy(state, camera_from_world, sizeof(*camera_from_world));
    if (!levenberg_minimize(&lm, o.iterations > 0 ? o.iterations : 10, state, &at))
        return omma_fail(OMMA_INVALID, "pose: a point, a pixel or the start is not finite");
    if (!levenberg_is_determined(&at, 6))
        return omma_fail(OMMA_DEGENERATE, "pose: %zu points do not determine it", n);
    omma_se3 T;
    memcpy(&T, state, sizeof(T));
    omma_se3_normalize(&T);
    *camera_from_world = T;
    for (size_t i = 0; error && i < n; i++) {
        double q[3], e[2];
        error[i] = residual(&p, &T, i, q, e, NULL);
    }
    return OMMA_OK;
}
