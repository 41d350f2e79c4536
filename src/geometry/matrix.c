/* SPDX-License-Identifier: Apache-2.0 */
#include "matrix.h"

#include <assert.h>
#include <float.h>
#include <string.h>

bool mat3_inverse(const double A[9], double out[9])
{
    double d = mat3_determinant(A);
    if (!(fabs(d) > 0) || !isfinite(d))
        return false;
    for (int i = 0; i < 3; i++) {
        int i1 = (i + 1) % 3, i2 = (i + 2) % 3;
        for (int j = 0; j < 3; j++) {
            int j1 = (j + 1) % 3, j2 = (j + 2) % 3;
            out[3 * j + i] =
                (A[3 * i1 + j1] * A[3 * i2 + j2] - A[3 * i1 + j2] * A[3 * i2 + j1]) / d;
        }
    }
    return true;
}

void mat3_pencil_cubic(const double A[9], const double B[9], double c[4])
{
    double plus[9], minus[9];
    for (int i = 0; i < 9; i++) {
        plus[i] = A[i] + B[i];
        minus[i] = A[i] - B[i];
    }
    /* Interpolated at 0, 1, -1 and infinity. */
    double p = mat3_determinant(plus), m = mat3_determinant(minus);
    c[0] = mat3_determinant(A);
    c[3] = mat3_determinant(B);
    c[2] = 0.5 * (p + m) - c[0];
    c[1] = 0.5 * (p - m) - c[3];
}

void vec3_complete(const double n[3], double u[3], double v[3])
{
    /* Start from the axis that n is farthest from. */
    int i = fabs(n[1]) < fabs(n[0]) ? 1 : 0;
    if (fabs(n[2]) < fabs(n[i]))
        i = 2;
    double axis[3] = {i == 0, i == 1, i == 2};
    vec3_cross(n, axis, u);
    double k = 1 / vec3_norm(u);
    for (int j = 0; j < 3; j++)
        u[j] *= k;
    vec3_cross(n, u, v);
}

/* Turns rows p and q of B (and of V) so that the rows of B become orthogonal. */
static bool orthogonalize_rows(double *B, double *V, int p, int q)
{
    double *bp = B + 3 * p, *bq = B + 3 * q, *vp = V + 3 * p, *vq = V + 3 * q;
    double a = vec3_dot(bp, bp), b = vec3_dot(bq, bq), c = vec3_dot(bp, bq);
    if (!(fabs(c) > DBL_EPSILON * sqrt(a * b)))
        return false;
    double zeta = (b - a) / (2 * c);
    double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    double cosine = 1 / sqrt(1 + t * t), sine = cosine * t;
    for (int i = 0; i < 3; i++) {
        double x = bp[i], y = bq[i];
        bp[i] = cosine * x - sine * y;
        bq[i] = sine * x + cosine * y;
        x = vp[i], y = vq[i];
        vp[i] = cosine * x - sine * y;
        vq[i] = sine * x + cosine * y;
    }
    return true;
}

static void swap_rows(double *A, int n, int p, int q)
{
    for (int i = 0; i < n; i++) {
        double x = A[n * p + i];
        A[n * p + i] = A[n * q + i];
        A[n * q + i] = x;
    }
}

/* One-sided Jacobi. Source: Golub, Van Loan, "Matrix computations", 4th ed., 8.6.3. */
void mat3_svd(const double A[9], double U[9], double s[3], double V[9])
{
    double B[9], W[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}; /* columns of A and V, held as rows */
    mat3_transpose(A, B);
    for (int sweep = 0; sweep < 30; sweep++) {
        bool turned = orthogonalize_rows(B, W, 0, 1);
        turned |= orthogonalize_rows(B, W, 0, 2);
        turned |= orthogonalize_rows(B, W, 1, 2);
        if (!turned)
            break;
    }
    for (int i = 0; i < 3; i++)
        s[i] = vec3_norm(B + 3 * i);
    for (int i = 0; i < 2; i++) {
        int best = i;
        for (int j = i + 1; j < 3; j++)
            best = s[j] > s[best] ? j : best;
        double x = s[i];
        s[i] = s[best];
        s[best] = x;
        swap_rows(B, 3, i, best);
        swap_rows(W, 3, i, best);
    }
    mat3_transpose(W, V);
    /* Columns of U that the matrix does not determine complete the frame. */
    double tiny = s[0] * DBL_EPSILON;
    if (!(s[0] > 0))
        memcpy(B, (double[9]){1, 0, 0, 0, 1, 0, 0, 0, 1}, sizeof(B));
    for (int i = 0; i < 3 && s[0] > 0; i++) {
        for (int j = 0; j < 3 && s[i] > tiny; j++)
            B[3 * i + j] /= s[i];
    }
    if (s[0] > 0 && !(s[1] > tiny))
        vec3_complete(B, B + 3, B + 6);
    else if (s[0] > 0 && !(s[2] > tiny))
        vec3_cross(B, B + 3, B + 6);
    mat3_transpose(B, U);
}

void mat3_nearest_rotation(const double A[9], double R[9])
{
    double U[9], s[3], V[9], Vt[9];
    mat3_svd(A, U, s, V);
    if (mat3_determinant(U) * mat3_determinant(V) < 0) {
        for (int i = 0; i < 3; i++)
            U[3 * i + 2] = -U[3 * i + 2]; /* the cheapest reflection to give up */
    }
    mat3_transpose(V, Vt);
    mat3_mul(U, Vt, R);
}

/* The rotation by (c, s) of rows and columns p, q that makes A[p][q] zero. */
static void jacobi_rotate(int n, double *A, double *V, int p, int q)
{
    double apq = A[n * p + q];
    double theta = (A[n * q + q] - A[n * p + p]) / (2 * apq);
    double t = copysign(1, theta) / (fabs(theta) + sqrt(1 + theta * theta));
    double c = 1 / sqrt(1 + t * t), s = t * c;
    for (int i = 0; i < n; i++) {
        double x = A[n * i + p], y = A[n * i + q];
        A[n * i + p] = c * x - s * y;
        A[n * i + q] = s * x + c * y;
    }
    for (int i = 0; i < n; i++) {
        double x = A[n * p + i], y = A[n * q + i];
        A[n * p + i] = c * x - s * y;
        A[n * q + i] = s * x + c * y;
        x = V[n * p + i], y = V[n * q + i];
        V[n * p + i] = c * x - s * y;
        V[n * q + i] = s * x + c * y;
    }
    A[n * p + q] = A[n * q + p] = 0;
}

void matrix_symmetric_eigen(int n, double *A, double *values, double *vectors)
{
    assert(n >= 1 && n <= MATRIX_EIGEN_MAX);
    for (int i = 0; i < n * n; i++)
        vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < 30; sweep++) {
        bool turned = false;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) {
                double small = DBL_EPSILON * sqrt(fabs(A[n * p + p] * A[n * q + q]));
                if (!(fabs(A[n * p + q]) > small) || !(fabs(A[n * p + q]) > DBL_MIN))
                    continue;
                jacobi_rotate(n, A, vectors, p, q);
                turned = true;
            }
        }
        if (!turned)
            break;
    }
    for (int i = 0; i < n; i++)
        values[i] = A[n * i + i];
    for (int i = 0; i < n - 1; i++) {
        int best = i;
        for (int j = i + 1; j < n; j++)
            best = values[j] < values[best] ? j : best;
        double x = values[i];
        values[i] = values[best];
        values[best] = x;
        swap_rows(vectors, n, i, best);
    }
}

bool matrix_gauss_solve(double *A, int n, double *B, int m)
{
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            best = fabs(A[n * i + k]) > fabs(A[n * best + k]) ? i : best;
        double pivot = A[n * best + k];
        if (!(fabs(pivot) > DBL_MIN) || !isfinite(pivot))
            return false;
        if (best != k) {
            swap_rows(A, n, k, best);
            swap_rows(B, m, k, best);
        }
        for (int i = k + 1; i < n; i++) {
            double f = A[n * i + k] / pivot;
            for (int j = k + 1; j < n; j++)
                A[n * i + j] -= f * A[n * k + j];
            for (int j = 0; j < m; j++)
                B[m * i + j] -= f * B[m * k + j];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int i = k + 1; i < n; i++) {
            for (int j = 0; j < m; j++)
                B[m * k + j] -= A[n * k + i] * B[m * i + j];
        }
        for (int j = 0; j < m; j++)
            B[m * k + j] /= A[n * k + k];
    }
    return true;
}

bool matrix_cholesky(double *A, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = A[n * i + j];
            for (int k = 0; k < j; k++)
                sum -= A[n * i + k] * A[n * j + k];
            if (j < i)
                A[n * i + j] = sum / A[n * j + j];
            else if (sum > 0 && isfinite(sum))
                A[n * i + i] = sqrt(sum);
            else
                return false;
        }
    }
    return true;
}

void matrix_cholesky_solve(const double *L, int n, double *b)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++)
            b[i] -= L[n * i + j] * b[j];
        b[i] /= L[n * i + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        b[i] /= L[n * i + i];
        for (int j = 0; j < i; j++)
            b[j] -= L[n * i + j] * b[i];
    }
}

/* x -= 2 v (v . x) for a unit v that begins at element from. */
static void reflect(const double *v, int from, int n, double *x)
{
    double dot = 0;
    for (int i = from; i < n; i++)
        dot += v[i] * x[i];
    for (int i = from; i < n; i++)
        x[i] -= 2 * dot * v[i];
}

bool matrix_null_space(double *A, int m, int n, double *basis)
{
    assert(m < n && n <= MATRIX_NULL_MAX);
    bool full = true;
    double largest = 0;
    for (int k = 0; k < m; k++) {
        /* The row with most left of it goes next. */
        int best = k;
        double best2 = -1;
        for (int i = k; i < m; i++) {
            double sum = 0;
            for (int j = k; j < n; j++)
                sum += A[n * i + j] * A[n * i + j];
            if (sum > best2) {
                best2 = sum;
                best = i;
            }
        }
        swap_rows(A, n, k, best);
        double norm = sqrt(fmax(best2, 0)), *v = A + n * k;
        largest = fmax(largest, norm);
        if (!(norm > 1e-13 * largest)) {
            full = false;
            for (int i = k; i < m; i++)
                memset(A + n * i, 0, (size_t)n * sizeof(*A));
            break;
        }
        v[k] += copysign(norm, v[k]);
        double length2 = 0;
        for (int j = k; j < n; j++)
            length2 += v[j] * v[j];
        for (int j = k; j < n; j++)
            v[j] /= sqrt(length2);
        for (int i = k + 1; i < m; i++)
            reflect(v, k, n, A + n * i);
    }
    for (int r = 0; r < n - m; r++) {
        double *x = basis + n * r;
        memset(x, 0, (size_t)n * sizeof(*x));
        x[m + r] = 1;
        for (int k = m - 1; k >= 0; k--)
            reflect(A + n * k, k, n, x);
    }
    return full;
}
