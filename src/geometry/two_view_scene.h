/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic pairs of normalised points with known motion, for the tests of this folder. */
#pragma once

#include <omma/geometry.h>

#include <math.h>

typedef enum scene_kind { SCENE_DEEP, SCENE_PLANE, SCENE_LINE } scene_kind;

/* n points before both views, noise added to each coordinate; the first outliers of them are pairs
 * that have nothing to do with each other. */
static inline void scene_make(uint64_t *seed, scene_kind kind, const omma_se3 *b_from_a, size_t n,
                              size_t outliers, double noise, double *xa, double *xb)
{
    for (size_t i = 0; i < n; i++) {
        double x = omma_random_unit(seed) - 0.5, y = omma_random_unit(seed) - 0.5;
        double z = 2 + 4 * omma_random_unit(seed), p[3];
        if (kind == SCENE_PLANE)
            z = 3 / (1 + 0.3 * x - 0.4 * y); /* 0.3 X - 0.4 Y + Z = 3 */
        if (kind == SCENE_LINE)
            y = 0.2;
        const double point[3] = {x * z, y * z, z};
        omma_se3_apply(b_from_a, point, p);
        xa[2 * i] = x + noise * omma_random_normal(seed);
        xa[2 * i + 1] = y + noise * omma_random_normal(seed);
        xb[2 * i] = p[0] / p[2] + noise * omma_random_normal(seed);
        xb[2 * i + 1] = p[1] / p[2] + noise * omma_random_normal(seed);
        if (i < outliers) {
            xb[2 * i] = omma_random_unit(seed) - 0.5;
            xb[2 * i + 1] = omma_random_unit(seed) - 0.5;
        }
    }
}

static inline omma_se3 scene_motion(uint64_t *seed, double length, double angle)
{
    double xi[6], t2 = 0, r2 = 0;
    for (int i = 0; i < 6; i++) {
        xi[i] = omma_random_normal(seed);
        *(i < 3 ? &t2 : &r2) += xi[i] * xi[i];
    }
    for (int i = 0; i < 6; i++)
        xi[i] *= i < 3 ? length / sqrt(t2) : angle / sqrt(r2);
    omma_se3 T = omma_se3_exp(xi);
    for (int i = 0; i < 3; i++)
        T.t[i] = xi[i];
    return T;
}

/* xb' M xa */
static inline double scene_epipolar(const double M[9], const double *xa, const double *xb)
{
    double sum = 0;
    const double a[3] = {xa[0], xa[1], 1}, b[3] = {xb[0], xb[1], 1};
    for (int i = 0; i < 9; i++)
        sum += b[i / 3] * M[i] * a[i % 3];
    return sum;
}

/* Angle between directions, rad. */
static inline double scene_angle(const double a[3], const double b[3])
{
    double dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    double c[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
    return atan2(sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]), dot);
}

/* [t]x R, with |E| = sqrt 2 */
static inline void scene_essential(const omma_se3 *T, double E[9])
{
    double n = sqrt(T->t[0] * T->t[0] + T->t[1] * T->t[1] + T->t[2] * T->t[2]);
    for (int j = 0; j < 3; j++) {
        const double *r0 = T->R, *r1 = T->R + 3, *r2 = T->R + 6;
        E[j] = (T->t[1] * r2[j] - T->t[2] * r1[j]) / n;
        E[3 + j] = (T->t[2] * r0[j] - T->t[0] * r2[j]) / n;
        E[6 + j] = (T->t[0] * r1[j] - T->t[1] * r0[j]) / n;
    }
}

/* Largest difference of two matrices of equal norm, sign left free. */
static inline double scene_difference(const double A[9], const double B[9])
{
    double plus = 0, minus = 0;
    for (int i = 0; i < 9; i++) {
        plus = fmax(plus, fabs(A[i] - B[i]));
        minus = fmax(minus, fabs(A[i] + B[i]));
    }
    return fmin(plus, minus);
}
