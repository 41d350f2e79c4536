/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five points leave a 4-dimensional space E = x X + y Y + z Z + W; that E has two equal singular
 * values and one 0 gives ten cubics in x, y, z; eliminating x and y leaves a polynomial of degree
 * 10 in z. Source: Nister, "An efficient solution to the five-point relative pose problem", PAMI
 * 2004.
 */
#include <omma/geometry.h>

#include "matrix.h"
#include "polynomial.h"

#include <math.h>
#include <string.h>

/* Polynomials in x, y, z are coefficient lists:
 * linear x y z 1; quadratic xx xy xz x yy yz y zz z 1; cubic in Nister's order
 * xxx yyy xxy xyy xxz xx yyz yy xyz xy | xzz xz x yzz yz y zzz zz z 1. */
typedef double linear[4];
typedef double quadratic[10];
typedef double cubic[20];

/* clang-format off */
static const unsigned char linear_linear[4][4] = {
    {0, 1, 2, 3}, {1, 4, 5, 6}, {2, 5, 7, 8}, {3, 6, 8, 9}};
static const unsigned char quadratic_linear[10][4] = {
    {0, 2, 4, 5},    {2, 3, 8, 9},    {4, 8, 10, 11},  {5, 9, 11, 12},  {3, 1, 6, 7},
    {8, 6, 13, 14},  {9, 7, 14, 15},  {10, 13, 16, 17}, {11, 14, 17, 18}, {12, 15, 18, 19}};
/* clang-format on */

/* out += k a b */
static void add_product(double k, const linear a, const linear b, quadratic out)
{
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++)
            out[linear_linear[i][j]] += k * a[i] * b[j];
    }
}

static void add_cubic(const quadratic a, const linear b, cubic out)
{
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 4; j++)
            out[quadratic_linear[i][j]] += a[i] * b[j];
    }
}

/* E[entry] as a linear polynomial, from the four basis matrices. */
static void constraints(const double *basis, cubic rows[10])
{
    linear E[9];
    quadratic L[9] = {{0}}, minor;
    memset(rows, 0, 10 * sizeof(*rows));
    for (int i = 0; i < 36; i++)
        E[i / 4][i % 4] = basis[9 * (i % 4) + i / 4];
    /* Rows 0 to 8: L E = 0 with L = E E^T - trace(E E^T) / 2 (equation 6). */
    for (int i = 0; i < 3; i++) {
        for (int j = i; j < 3; j++) {
            for (int k = 0; k < 3; k++)
                add_product(1, E[3 * i + k], E[3 * j + k], L[3 * i + j]);
        }
    }
    for (int k = 0; k < 10; k++) {
        double half_trace = 0.5 * (L[0][k] + L[4][k] + L[8][k]);
        for (int i = 0; i < 3; i++)
            L[4 * i][k] -= half_trace;
        L[3][k] = L[1][k];
        L[6][k] = L[2][k];
        L[7][k] = L[5][k];
    }
    for (int i = 0; i < 9; i++) {
        for (int k = 0; k < 3; k++)
            add_cubic(L[i / 3 * 3 + k], E[3 * k + i % 3], rows[i]);
    }
    /* Row 9: det E = 0. */
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        memset(minor, 0, sizeof(minor));
        add_product(1, E[3 + j], E[6 + k], minor);
        add_product(-1, E[3 + k], E[6 + j], minor);
        add_cubic(minor, E[i], rows[9]);
    }
}

/* out += sign a b for polynomials in z of degrees m and n. */
static void add_polynomials(double sign, const double *a, int m, const double *b, int n,
                            double *out)
{
    for (int i = 0; i <= m; i++) {
        for (int j = 0; j <= n; j++)
            out[i + j] += sign * a[i] * b[j];
    }
}

/* x B[.][0] + y B[.][1] + B[.][2] = 0, with degrees 3, 3, 4 in z. */
typedef struct hidden {
    double p[3][3][5]; /* [row][x, y, 1][power of z] */
} hidden;

/* Equations (10) to (15): e - z f, where e and f are the rows led by xxz and xx, and so on. */
static void hide_z(const double right[100], hidden *B)
{
    memset(B, 0, sizeof(hidden));
    for (int r = 0; r < 3; r++) {
        const double *e = right + 10 * (4 + 2 * r), *f = e + 10;
        int k = 0;
        for (int c = 0; c < 3; c++) {
            int degree = c < 2 ? 2 : 3;
            for (int d = degree; d >= 0; d--, k++) {
                B->p[r][c][d] += e[k];
                B->p[r][c][d + 1] -= f[k];
            }
        }
    }
}

/* det B, of degree 10 in z. */
static void hidden_determinant(const hidden *B, double out[11])
{
    memset(out, 0, 11 * sizeof(*out));
    for (int r = 0; r < 3; r++) {
        int s = (r + 1) % 3, t = (r + 2) % 3;
        double minor[7] = {0};
        add_polynomials(1, B->p[s][0], 3, B->p[t][1], 3, minor);
        add_polynomials(-1, B->p[s][1], 3, B->p[t][0], 3, minor);
        add_polynomials(1, minor, 6, B->p[r][2], 4, out);
    }
}

/* x and y for a root z: the null vector of B(z), by the best of the cross products of its rows. */
static bool solve_xy(const hidden *B, double z, double xy[2])
{
    double rows[3][3], best[3] = {0}, best2 = 0;
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) {
            const double *p = B->p[r][c];
            rows[r][c] = p[0] + z * (p[1] + z * (p[2] + z * (p[3] + z * p[4])));
        }
        double norm = vec3_norm(rows[r]);
        for (int c = 0; c < 3 && norm > 0; c++)
            rows[r][c] /= norm;
    }
    for (int r = 0; r < 3; r++) {
        double v[3];
        vec3_cross(rows[r], rows[(r + 1) % 3], v);
        double norm2 = vec3_dot(v, v);
        if (norm2 > best2) {
            best2 = norm2;
            memcpy(best, v, sizeof(v));
        }
    }
    if (!(fabs(best[2]) > 1e-12 * sqrt(best2)))
        return false;
    xy[0] = best[0] / best[2];
    xy[1] = best[1] / best[2];
    return true;
}

int omma_essential_five_point(const double *xa, const double *xb, double E[10][9])
{
    double A[45], basis[4][9], left[100], right[100], determinant[11], roots[10];
    cubic rows[10];
    hidden B;
    for (int i = 0; i < 5; i++) {
        double a[3] = {xa[2 * i], xa[2 * i + 1], 1}, b[3] = {xb[2 * i], xb[2 * i + 1], 1};
        for (int k = 0; k < 9; k++)
            A[9 * i + k] = b[k / 3] * a[k % 3];
    }
    if (!matrix_null_space(A, 5, 9, basis[0]))
        return 0;
    constraints(basis[0], rows);
    for (int i = 0; i < 10; i++) {
        memcpy(left + 10 * i, rows[i], 10 * sizeof(double));
        memcpy(right + 10 * i, rows[i] + 10, 10 * sizeof(double));
    }
    if (!matrix_gauss_solve(left, 10, right, 10))
        return 0;
    hide_z(right, &B);
    hidden_determinant(&B, determinant);
    int n = polynomial_real_roots(determinant, 10, roots), count = 0;
    for (int i = 0; i < n; i++) {
        double xy[2], norm2 = 0, *out = E[count];
        if (!solve_xy(&B, roots[i], xy))
            continue;
        for (int k = 0; k < 9; k++) {
            out[k] =
                xy[0] * basis[0][k] + xy[1] * basis[1][k] + roots[i] * basis[2][k] + basis[3][k];
            norm2 += out[k] * out[k];
        }
        for (int k = 0; k < 9; k++)
            out[k] *= sqrt(2 / norm2); /* singular values 1, 1, 0 */
        count += isfinite(norm2) != 0;
    }
    return count;
}
