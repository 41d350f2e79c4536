/* SPDX-License-Identifier: Apache-2.0 */
/** Sums of weighted squared distances from planes as a function of a point p: p'Ap + 2 b'p + c.
 * Source: Garland & Heckbert, "Surface simplification using quadric error metrics", SIGGRAPH 1997.
 */
#pragma once

#include <math.h>
#include <stdbool.h>

typedef struct quadric {
    double a[6]; /* xx xy xz yy yz zz */
    double b[3], c;
} quadric;

static inline void quadric_add(quadric *to, const quadric *q)
{
    for (int k = 0; k < 6; k++)
        to->a[k] += q->a[k];
    for (int k = 0; k < 3; k++)
        to->b[k] += q->b[k];
    to->c += q->c;
}

/* The plane n . p + d = 0, |n| = 1. */
static inline void quadric_add_plane(quadric *q, const double n[3], double d, double weight)
{
    quadric_add(q, &(quadric){{weight * n[0] * n[0], weight * n[0] * n[1], weight * n[0] * n[2],
                               weight * n[1] * n[1], weight * n[1] * n[2], weight * n[2] * n[2]},
                              {weight * d * n[0], weight * d * n[1], weight * d * n[2]},
                              weight * d * d});
}

/* The squared distance from a point. */
static inline void quadric_add_point(quadric *q, const double p[3], double weight)
{
    quadric_add(q, &(quadric){{weight, 0, 0, weight, 0, weight},
                              {-weight * p[0], -weight * p[1], -weight * p[2]},
                              weight * (p[0] * p[0] + p[1] * p[1] + p[2] * p[2])});
}

static inline double quadric_at(const quadric *q, const double p[3])
{
    const double *a = q->a;

    return p[0] * (a[0] * p[0] + 2 * (a[1] * p[1] + a[2] * p[2] + q->b[0])) +
           p[1] * (a[3] * p[1] + 2 * (a[4] * p[2] + q->b[1])) + p[2] * (a[5] * p[2] + 2 * q->b[2]) +
           q->c;
}

/* Where it is least. @return false when that is no single point. */
static inline bool quadric_minimum(const quadric *q, double p[3])
{
    const double *a = q->a;
    double m[3] = {a[3] * a[5] - a[4] * a[4], a[2] * a[4] - a[1] * a[5], a[1] * a[4] - a[2] * a[3]};
    double det = a[0] * m[0] + a[1] * m[1] + a[2] * m[2], trace = a[0] + a[3] + a[5];

    if (!(fabs(det) > 1e-10 * trace * trace * trace))
        return false;
    double n11 = a[0] * a[5] - a[2] * a[2], n12 = a[1] * a[2] - a[0] * a[4],
           n22 = a[0] * a[3] - a[1] * a[1];

    p[0] = -(m[0] * q->b[0] + m[1] * q->b[1] + m[2] * q->b[2]) / det;
    p[1] = -(m[1] * q->b[0] + n11 * q->b[1] + n12 * q->b[2]) / det;
    p[2] = -(m[2] * q->b[0] + n12 * q->b[1] + n22 * q->b[2]) / det;
    return true;
}
