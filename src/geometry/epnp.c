/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every point is a weighted mean of four control points, so the pose follows from where these stand
 * in the camera: a vector in the null space of a 12 x 12 matrix, fixed by the distances between
 * them. Source: Lepetit, Moreno-Noguer, Fua, "EPnP: an accurate O(n) solution to the PnP problem",
 * IJCV 2009; equation numbers are theirs.
 */
#include "epnp.h"

#include "matrix.h"

#include <math.h>
#include <string.h>

typedef struct controls {
    double c[4][3];    /* control points in the world: centroid, then one along each main axis */
    double inverse[9]; /* from a vector to its weights along those axes */
} controls;

static bool choose_controls(const double *world, size_t n, controls *k)
{
    double covariance[9] = {0}, values[3], axes[9], A[9];
    memset(k->c, 0, sizeof(k->c));
    for (size_t i = 0; i < 3 * n; i++)
        k->c[0][i % 3] += world[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d[3];
        for (int j = 0; j < 3; j++)
            d[j] = world[3 * i + j] - k->c[0][j];
        for (int j = 0; j < 9; j++)
            covariance[j] += d[j / 3] * d[j % 3] / (double)n;
    }
    matrix_symmetric_eigen(3, covariance, values, axes);
    if (!(values[0] > 1e-10 * values[2]))
        return false; /* flat: the fourth control point would coincide with the first */
    for (int i = 0; i < 3; i++) {
        double length = sqrt(values[i]);
        for (int j = 0; j < 3; j++) {
            k->c[1 + i][j] = k->c[0][j] + length * axes[3 * i + j];
            A[3 * j + i] = length * axes[3 * i + j];
        }
    }
    return mat3_inverse(A, k->inverse);
}

static void weights_of(const controls *k, const double point[3], double a[4])
{
    double d[3] = {point[0] - k->c[0][0], point[1] - k->c[0][1], point[2] - k->c[0][2]};
    mat3_apply(k->inverse, d, a + 1);
    a[0] = 1 - a[1] - a[2] - a[3];
}

/* The four eigenvectors with the smallest eigenvalues of M'M, where M c = 0 says (5) and (6) of
 * every point: sum a_j (c_jx - x c_jz) = 0, sum a_j (c_jy - y c_jz) = 0. */
static void null_vectors(const controls *k, const double *world, const double *x, size_t n,
                         double v[4][12])
{
    double A[144] = {0}, values[12], vectors[144];
    for (size_t i = 0; i < n; i++) {
        double a[4], rows[2][12] = {{0}};
        weights_of(k, world + 3 * i, a);
        for (int j = 0; j < 4; j++) {
            for (int r = 0; r < 2; r++) {
                rows[r][3 * j + r] = a[j];
                rows[r][3 * j + 2] = -a[j] * x[2 * i + r];
            }
        }
        for (int p = 0; p < 144; p++)
            A[p] += rows[0][p / 12] * rows[0][p % 12] + rows[1][p / 12] * rows[1][p % 12];
    }
    matrix_symmetric_eigen(12, A, values, vectors);
    memcpy(v, vectors, 48 * sizeof(double));
}

/* The products of two of the four betas, and where each stands. */
static const unsigned char products[10][2] = {{0, 0}, {0, 1}, {1, 1}, {0, 2}, {1, 2},
                                              {2, 2}, {0, 3}, {1, 3}, {2, 3}, {3, 3}};

/* (13): the six squared distances between control points, linear in the ten products. */
typedef struct distances {
    double L[6][10], rho[6];
} distances;

static void distance_equations(const controls *k, double v[4][12], distances *out)
{
    int row = 0;
    for (int i = 0; i < 4; i++) {
        for (int j = i + 1; j < 4; j++, row++) {
            double d[4][3], world[3];
            for (int b = 0; b < 4; b++) {
                for (int m = 0; m < 3; m++)
                    d[b][m] = v[b][3 * i + m] - v[b][3 * j + m];
            }
            for (int m = 0; m < 3; m++)
                world[m] = k->c[i][m] - k->c[j][m];
            out->rho[row] = vec3_dot(world, world);
            for (int p = 0; p < 10; p++) {
                int a = products[p][0], b = products[p][1];
                out->L[row][p] = (a == b ? 1 : 2) * vec3_dot(d[a], d[b]);
            }
        }
    }
}

/* Least squares for some of the ten products, the others being 0. */
static bool solve_products(const distances *e, const int *which, int count, double *out)
{
    double A[25] = {0}, b[5] = {0};
    for (int r = 0; r < 6; r++) {
        for (int i = 0; i < count; i++) {
            b[i] += e->L[r][which[i]] * e->rho[r];
            for (int j = 0; j < count; j++)
                A[count * i + j] += e->L[r][which[i]] * e->L[r][which[j]];
        }
    }
    if (!matrix_gauss_solve(A, count, b, 1))
        return false;
    memcpy(out, b, (size_t)count * sizeof(*b));
    return true;
}

/* Starts for the betas (section 3.3): with the products of the first alone with all (0), of the
 * first two (1) and of the first three without the last square (2). */
static bool start_betas(const distances *e, int start, double beta[4])
{
    static const int which[3][5] = {{0, 1, 3, 6}, {0, 1, 2}, {0, 1, 2, 3, 4}};
    static const int counts[3] = {4, 3, 5};
    double p[5];
    memset(beta, 0, 4 * sizeof(*beta));
    if (!solve_products(e, which[start], counts[start], p))
        return false;
    double sign = p[0] < 0 ? -1 : 1; /* all betas may change their sign together */
    beta[0] = sqrt(fabs(p[0]));
    if (!(beta[0] > 0))
        return false;
    if (start == 0) {
        for (int i = 1; i < 4; i++)
            beta[i] = sign * p[i] / beta[0];
        return true;
    }
    beta[1] = copysign(sqrt(fmax(sign * p[2], 0)), sign * p[1]);
    if (start == 2)
        beta[2] = sign * p[3] / beta[0];
    return true;
}

/* Gauss-Newton on the six distances (15), with a little damping. */
static void improve_betas(const distances *e, double beta[4])
{
    for (int round = 0; round < 8; round++) {
        double A[16] = {0}, b[4] = {0}, trace = 0;
        for (int r = 0; r < 6; r++) {
            double J[4] = {0}, residual = e->rho[r];
            for (int p = 0; p < 10; p++) {
                int i = products[p][0], j = products[p][1];
                residual -= e->L[r][p] * beta[i] * beta[j];
                J[i] += e->L[r][p] * beta[j];
                J[j] += e->L[r][p] * beta[i];
            }
            for (int i = 0; i < 4; i++) {
                b[i] += J[i] * residual;
                for (int j = 0; j < 4; j++)
                    A[4 * i + j] += J[i] * J[j];
            }
        }
        for (int i = 0; i < 4; i++)
            trace += A[5 * i];
        for (int i = 0; i < 4; i++)
            A[5 * i] += 1e-9 * trace;
        if (!matrix_cholesky(A, 4))
            return;
        matrix_cholesky_solve(A, 4, b);
        for (int i = 0; i < 4; i++)
            beta[i] += b[i];
    }
}

/* The control points in the camera, on the side where the scene is, aligned with those in the
 * world. */
static bool pose_from_betas(const controls *k, double v[4][12], const double beta[4],
                            omma_se3 *camera_from_world)
{
    double camera[12] = {0};
    omma_sim3 S;
    for (int i = 0; i < 12; i++) {
        for (int b = 0; b < 4; b++)
            camera[i] += beta[b] * v[b][i];
    }
    if (camera[2] < 0) { /* the centroid */
        for (int i = 0; i < 12; i++)
            camera[i] = -camera[i];
    }
    if (omma_umeyama(k->c[0], camera, 4, false, &S))
        return false;
    memcpy(camera_from_world->R, S.R, sizeof(S.R));
    memcpy(camera_from_world->t, S.t, sizeof(S.t));
    return true;
}

int epnp_solve(const double *world, const double *x, size_t n, omma_se3 *camera_from_world)
{
    controls k;
    double v[4][12], beta[4];
    distances e;
    int count = 0;
    if (!choose_controls(world, n, &k))
        return 0;
    null_vectors(&k, world, x, n, v);
    distance_equations(&k, v, &e);
    for (int start = 0; start < 3; start++) {
        if (!start_betas(&e, start, beta))
            continue;
        improve_betas(&e, beta);
        count += pose_from_betas(&k, v, beta, &camera_from_world[count]);
    }
    return count;
}
