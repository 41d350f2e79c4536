/* SPDX-License-Identifier: Apache-2.0 */
/* Similarities y = s R x + t, with the tangent (rho, phi, lambda = ln s).
 * Source: Eade, "Lie groups for computer vision", 2013; Strasdat, "Local accuracy and global
 * consistency for efficient visual SLAM", PhD thesis 2012, section 2.4.5. */
#include <omma/geometry.h>

#include "matrix.h"

#include <math.h>
#include <string.h>

omma_sim3 omma_sim3_identity(void)
{
    return (omma_sim3){.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .s = 1};
}

omma_sim3 omma_sim3_from_se3(const omma_se3 *T, double s)
{
    omma_sim3 out = {.s = s};
    memcpy(out.R, T->R, sizeof(out.R));
    memcpy(out.t, T->t, sizeof(out.t));
    return out;
}

omma_sim3 omma_sim3_mul(const omma_sim3 *c_from_b, const omma_sim3 *b_from_a)
{
    omma_sim3 out = {.s = c_from_b->s * b_from_a->s};
    mat3_mul(c_from_b->R, b_from_a->R, out.R);
    omma_sim3_apply(c_from_b, b_from_a->t, out.t);
    return out;
}

omma_sim3 omma_sim3_inverse(const omma_sim3 *b_from_a)
{
    omma_sim3 out = {.s = 1 / b_from_a->s};
    mat3_transpose(b_from_a->R, out.R);
    mat3_apply(out.R, b_from_a->t, out.t);
    for (int i = 0; i < 3; i++)
        out.t[i] *= -out.s;
    return out;
}

void omma_sim3_apply(const omma_sim3 *b_from_a, const double x[3], double out[3])
{
    mat3_apply(b_from_a->R, x, out);
    for (int i = 0; i < 3; i++)
        out[i] = b_from_a->s * out[i] + b_from_a->t[i];
}

/*
 * t = W rho with W = integral over u in [0, 1] of e^(lambda u) exp(u [phi]x)
 *                  = A I + B [phi]x + C [phi]x^2,
 *     A = int e^(lambda u),  B = int e^(lambda u) sin(u theta) / theta,
 *     C = int e^(lambda u) (1 - cos(u theta)) / theta^2.
 * The closed forms have four removable singularities (lambda or theta or both near 0), so near the
 * origin the integrals are simply taken by 12-point Gauss-Legendre quadrature: its error, about
 * |lambda + i theta|^24 (12!)^4 / (25 (24!)^3), is below 1e-22 for |lambda + i theta| <= 4.
 */
static void quadrature(double lambda, double theta, double *A, double *B, double *C)
{
    static const double node[6] = {0.125233408511468915, 0.367831498998180194,
                                   0.587317954286617447, 0.769902674194304687,
                                   0.904117256370474857, 0.981560634246719251};
    static const double weight[6] = {0.249147045813402785, 0.233492536538354809,
                                     0.203167426723065922, 0.160078328543346226,
                                     0.106939325995318431, 0.0471753363865118272};
    *A = *B = *C = 0;
    for (int i = 0; i < 12; i++) {
        double u = 0.5 * (i < 6 ? 1 - node[i] : 1 + node[i - 6]);
        double e = 0.5 * weight[i % 6] * exp(lambda * u);
        double half = 0.5 * u * theta;
        double s = half < 1e-8 ? 1 : sin(half) / half; /* sinc of u theta / 2 */
        *A += e;
        *B += e * u * s * cos(half);   /* sin(2h) = 2 sin h cos h */
        *C += e * 0.5 * u * u * s * s; /* 1 - cos(2h) = 2 sin^2 h */
    }
}

static void closed_form(double lambda, double theta, double *A, double *B, double *C)
{
    double e = exp(lambda), norm2 = lambda * lambda + theta * theta;
    double s = sin(theta), c = cos(theta);
    double sinc = theta < 1e-8 ? 1 : s / theta;
    *A = fabs(lambda) < 1e-8 ? 1 : expm1(lambda) / lambda;
    *B = (e * (lambda * sinc - c) + 1) / norm2;
    /* C is multiplied by theta^2: below 1e-8 it cannot be seen. */
    *C =
        theta < 1e-8 ? 0 : (*A - (e * (lambda * c + theta * s) - lambda) / norm2) / (theta * theta);
}

static void translation_matrix(const double phi[3], double lambda, double W[9])
{
    double A, B, C, theta = vec3_norm(phi), theta2 = theta * theta;
    if (lambda * lambda + theta2 < 16)
        quadrature(lambda, theta, &A, &B, &C);
    else
        closed_form(lambda, theta, &A, &B, &C);
    mat3_skew(phi, W);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            W[3 * i + j] = B * W[3 * i + j] + C * phi[i] * phi[j];
        W[4 * i] += A - C * theta2;
    }
}

omma_sim3 omma_sim3_exp(const double xi[7])
{
    omma_sim3 out = {.s = exp(xi[6])};
    double W[9];
    omma_so3_exp(xi + 3, out.R);
    translation_matrix(xi + 3, xi[6], W);
    mat3_apply(W, xi, out.t);
    return out;
}

void omma_sim3_log(const omma_sim3 *S, double xi[7])
{
    double W[9], W_inverse[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    omma_so3_log(S->R, xi + 3);
    xi[6] = log(S->s);
    translation_matrix(xi + 3, xi[6], W);
    mat3_inverse(W, W_inverse); /* never singular: that needs |phi| = 2 pi */
    mat3_apply(W_inverse, S->t, xi);
}
