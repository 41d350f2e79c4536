/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "matrix.h"

#include <math.h>
#include <string.h>

/*
 * Moves xa and xb the shortest way to where their rays meet, to second order.
 * Source: Lindstrom, "Triangulation made easy", CVPR 2010, listing 3 (niter2), with x = xb, x' =
 * xa.
 */
static bool correct_pair(const double E[9], double xa[2], double xb[2])
{
    double nb[2], na[2], Ea[3];
    for (int i = 0; i < 3; i++)
        Ea[i] = E[3 * i] * xa[0] + E[3 * i + 1] * xa[1] + E[3 * i + 2];
    for (int i = 0; i < 2; i++) {
        nb[i] = Ea[i];
        na[i] = E[i] * xb[0] + E[3 + i] * xb[1] + E[6 + i];
    }
    double a = nb[0] * (E[0] * na[0] + E[1] * na[1]) + nb[1] * (E[3] * na[0] + E[4] * na[1]);
    double b = 0.5 * (nb[0] * nb[0] + nb[1] * nb[1] + na[0] * na[0] + na[1] * na[1]);
    double c = xb[0] * Ea[0] + xb[1] * Ea[1] + Ea[2];
    double d = sqrt(fmax(b * b - a * c, 0));
    if (!(b + d > 0))
        return false; /* both points are epipoles, or there is no baseline */
    double lambda = c / (b + d), da[2], db[2];
    for (int i = 0; i < 2; i++) {
        da[i] = lambda * na[i];
        db[i] = lambda * nb[i];
    }
    for (int i = 0; i < 2; i++) {
        nb[i] -= E[3 * i] * da[0] + E[3 * i + 1] * da[1];
        na[i] -= E[i] * db[0] + E[3 + i] * db[1];
    }
    double norm2 = nb[0] * nb[0] + nb[1] * nb[1] + na[0] * na[0] + na[1] * na[1];
    if (!(norm2 > 0))
        return false;
    lambda *= 2 * d / norm2;
    for (int i = 0; i < 2; i++) {
        xa[i] -= lambda * na[i];
        xb[i] -= lambda * nb[i];
    }
    return true;
}

bool omma_triangulate_two(const omma_se3 *b_from_a, const double xa[2], const double xb[2],
                          double point[3])
{
    double T[9], E[9], a[3] = {xa[0], xa[1], 1}, b[3] = {xb[0], xb[1], 1};
    mat3_skew(b_from_a->t, T);
    mat3_mul(T, b_from_a->R, E);
    if (!correct_pair(E, a, b))
        return false;
    /* b is parallel to depth R a + t; both sides times b, along their common normal. */
    double ray[3], normal[3], moment[3];
    mat3_apply(b_from_a->R, a, ray);
    vec3_cross(b, ray, normal);
    vec3_cross(b, b_from_a->t, moment);
    double norm2 = vec3_dot(normal, normal);
    if (!(norm2 > 1e-20 * vec3_dot(b, b) * vec3_dot(ray, ray)))
        return false; /* 1e-10 rad */
    double depth = -vec3_dot(normal, moment) / norm2;
    double depth_b = depth * ray[2] + b_from_a->t[2];
    if (!(depth > 0) || !(depth_b > 0) || !isfinite(depth))
        return false;
    point[0] = depth * a[0];
    point[1] = depth * a[1];
    point[2] = depth;
    return true;
}

/* View i from view 0 with the longest baseline as unit. */
static omma_se3 relative_view(const omma_se3 *camera_from_world, size_t i, double unit)
{
    omma_se3 world_from_first = omma_se3_inverse(&camera_from_world[0]);
    omma_se3 T = omma_se3_mul(&camera_from_world[i], &world_from_first);
    for (int j = 0; j < 3; j++)
        T.t[j] /= unit;
    return T;
}

/* Adds J^T J and J^T r of two rows of three unknowns. */
static void add_rows(const double J[6], const double r[2], double A[9], double b[3])
{
    for (int i = 0; i < 3; i++) {
        b[i] += J[i] * r[0] + J[3 + i] * r[1];
        for (int j = 0; j < 3; j++)
            A[3 * i + j] += J[i] * J[j] + J[3 + i] * J[3 + j];
    }
}

/*
 * The point is q = (u, v, 1, w) in view 0: direction and inverse depth, which stay well conditioned
 * for far points. In view i it is p = R (u, v, 1) + w t. The linear start asks for p_z x = p_xy,
 * the refinement for p_xy / p_z = x.
 */
static bool linear_start(const omma_se3 *camera_from_world, const double *x, size_t n, double unit,
                         double q[3])
{
    double A[9] = {0}, b[3] = {0};
    for (size_t i = 0; i < n; i++) {
        omma_se3 T = relative_view(camera_from_world, i, unit);
        double J[6], r[2];
        for (int k = 0; k < 2; k++) {
            const double *row = T.R + 3 * k, *z = T.R + 6;
            J[3 * k] = row[0] - x[2 * i + k] * z[0];
            J[3 * k + 1] = row[1] - x[2 * i + k] * z[1];
            J[3 * k + 2] = T.t[k] - x[2 * i + k] * T.t[2];
            r[k] = x[2 * i + k] * z[2] - row[2];
        }
        add_rows(J, r, A, b);
    }
    if (!matrix_cholesky(A, 3))
        return false;
    matrix_cholesky_solve(A, 3, b);
    memcpy(q, b, sizeof(b));
    return true;
}

/* Squared error, and the normal equations if A is not NULL; INFINITY when behind a camera. */
static double reprojection(const omma_se3 *camera_from_world, const double *x, size_t n,
                           double unit, const double q[3], double *A, double *b)
{
    double cost = 0;
    for (size_t i = 0; i < n; i++) {
        omma_se3 T = relative_view(camera_from_world, i, unit);
        double p[3], J[6], r[2];
        for (int k = 0; k < 3; k++)
            p[k] = T.R[3 * k] * q[0] + T.R[3 * k + 1] * q[1] + T.R[3 * k + 2] + q[2] * T.t[k];
        if (!(p[2] > 1e-12))
            return INFINITY;
        for (int k = 0; k < 2; k++) {
            double y = p[k] / p[2];
            r[k] = x[2 * i + k] - y;
            J[3 * k] = (T.R[3 * k] - y * T.R[6]) / p[2];
            J[3 * k + 1] = (T.R[3 * k + 1] - y * T.R[7]) / p[2];
            J[3 * k + 2] = (T.t[k] - y * T.t[2]) / p[2];
        }
        cost += r[0] * r[0] + r[1] * r[1];
        if (A)
            add_rows(J, r, A, b);
    }
    return cost;
}

omma_error omma_triangulate(const omma_se3 *camera_from_world, const double *x, size_t n,
                            double point[3])
{
    double q[3], unit = 0;
    if (n < 2)
        return omma_fail(OMMA_INVALID, "triangulation: %zu views, at least 2 are needed", n);
    for (size_t i = 1; i < n; i++) {
        omma_se3 T = relative_view(camera_from_world, i, 1);
        unit = fmax(unit, vec3_norm(T.t));
    }
    if (!(unit > 0) || !isfinite(unit))
        return omma_fail(OMMA_DEGENERATE, "triangulation: the views have no baseline");
    if (!linear_start(camera_from_world, x, n, unit, q))
        return omma_fail(OMMA_DEGENERATE, "triangulation: the rays are parallel");
    double cost = reprojection(camera_from_world, x, n, unit, q, NULL, NULL);
    for (int iteration = 0; iteration < 10 && isfinite(cost); iteration++) {
        double A[9] = {0}, b[3] = {0};
        reprojection(camera_from_world, x, n, unit, q, A, b);
        if (!matrix_cholesky(A, 3))
            break;
        matrix_cholesky_solve(A, 3, b);
        double next[3] = {q[0] + b[0], q[1] + b[1], q[2] + b[2]};
        double next_cost = reprojection(camera_from_world, x, n, unit, next, NULL, NULL);
        if (!(next_cost < cost))
            break;
        bool settled = cost - next_cost <= 1e-12 * cost;
        memcpy(q, next, sizeof(q));
        cost = next_cost;
        if (settled)
            break;
    }
    if (!isfinite(cost))
        return omma_fail(OMMA_DEGENERATE, "triangulation: the point is behind a camera");
    if (!(q[2] > 1e-10))
        return omma_fail(OMMA_DEGENERATE, "triangulation: the rays are parallel");
    omma_se3 world_from_first = omma_se3_inverse(&camera_from_world[0]);
    double in_first[3] = {q[0] / q[2] * unit, q[1] / q[2] * unit, unit / q[2]};
    omma_se3_apply(&world_from_first, in_first, point);
    return OMMA_OK;
}
