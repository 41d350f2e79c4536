/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small dense linear algebra for this module: doubles, row-major, no allocation. Sizes are what
 * geometry needs: 3-vectors and 3x3 inline; eigenvectors and systems up to about 20; the hundreds
 * of unknowns of bundle adjustment are dense_cholesky.h's.
 */
#pragma once

#include <math.h>
#include <stdbool.h>

/* ------------------------------------------------------------------ 3-vectors and 3x3 matrices */

static inline double vec3_dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline double vec3_norm(const double a[3])
{
    return sqrt(vec3_dot(a, a));
}

static inline void vec3_cross(const double a[3], const double b[3], double out[3])
{
    double x = a[1] * b[2] - a[2] * b[1];
    double y = a[2] * b[0] - a[0] * b[2];
    double z = a[0] * b[1] - a[1] * b[0];
    out[0] = x;
    out[1] = y;
    out[2] = z;
}

/* out = A x; out may be x. */
static inline void mat3_apply(const double A[9], const double x[3], double out[3])
{
    double a = A[0] * x[0] + A[1] * x[1] + A[2] * x[2];
    double b = A[3] * x[0] + A[4] * x[1] + A[5] * x[2];
    double c = A[6] * x[0] + A[7] * x[1] + A[8] * x[2];
    out[0] = a;
    out[1] = b;
    out[2] = c;
}

/* out = A^T x; out may be x. */
static inline void mat3_apply_transposed(const double A[9], const double x[3], double out[3])
{
    double a = A[0] * x[0] + A[3] * x[1] + A[6] * x[2];
    double b = A[1] * x[0] + A[4] * x[1] + A[7] * x[2];
    double c = A[2] * x[0] + A[5] * x[1] + A[8] * x[2];
    out[0] = a;
    out[1] = b;
    out[2] = c;
}

/* out = A B; out must be neither. */
static inline void mat3_mul(const double A[9], const double B[9], double out[9])
{
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = A[3 * i] * B[j] + A[3 * i + 1] * B[3 + j] + A[3 * i + 2] * B[6 + j];
    }
}

static inline void mat3_transpose(const double A[9], double out[9])
{
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = A[3 * j + i];
    }
}

static inline double mat3_determinant(const double A[9])
{
    return A[0] * (A[4] * A[8] - A[5] * A[7]) - A[1] * (A[3] * A[8] - A[5] * A[6]) +
           A[2] * (A[3] * A[7] - A[4] * A[6]);
}

/* [v]x, so that [v]x w = v x w. */
static inline void mat3_skew(const double v[3], double out[9])
{
    out[0] = out[4] = out[8] = 0;
    out[1] = -v[2];
    out[2] = v[1];
    out[3] = v[2];
    out[5] = -v[0];
    out[6] = -v[1];
    out[7] = v[0];
}

/* out must not be A. Returns false (out untouched) when A is singular. */
bool mat3_inverse(const double A[9], double out[9]);

/* det(A + g B) = c[0] + c[1] g + c[2] g^2 + c[3] g^3 */
void mat3_pencil_cubic(const double A[9], const double B[9], double c[4]);

/* A = U diag(s) V^T with s descending, U and V orthogonal (their determinants may be -1). */
void mat3_svd(const double A[9], double U[9], double s[3], double V[9]);

/* The rotation R that maximises trace(R^T A) (determinant +1). */
void mat3_nearest_rotation(const double A[9], double R[9]);

/* Unit u, v with v = n x u, all orthogonal, for a unit n. */
void vec3_complete(const double n[3], double u[3], double v[3]);

/* ------------------------------------------------------------------------ any size */

enum { MATRIX_EIGEN_MAX = 12, MATRIX_NULL_MAX = 20 };

/*
 * Eigenvalues, ascending, and eigenvectors (the rows of vectors) of a symmetric n x n matrix by
 * Jacobi's rotations; A is destroyed. n at most MATRIX_EIGEN_MAX.
 */
void matrix_symmetric_eigen(int n, double *A, double *values, double *vectors);

/*
 * Lower Cholesky factor of a symmetric positive definite matrix in place (the strict upper triangle
 * is neither read nor written). false when a pivot is not positive: A is then half done.
 */
bool matrix_cholesky(double *A, int n);

/* x = A^-1 b in place in b, from matrix_cholesky's factor. */
void matrix_cholesky_solve(const double *L, int n, double *b);

/*
 * Solves A X = B by Gaussian elimination with row pivoting, both destroyed, X in B (n x m).
 * false when singular.
 */
bool matrix_gauss_solve(double *A, int n, double *B, int m);

/*
 * Orthonormal basis (n - m rows of n) of the vectors that an m x n matrix, m < n <=
 * MATRIX_NULL_MAX, sends to 0, by Householder reflections with pivoting; A is destroyed. Returns
 * false when the rank of A is below m to working precision (the basis is then still orthogonal to
 * the rows found).
 */
bool matrix_null_space(double *A, int m, int n, double *basis);
