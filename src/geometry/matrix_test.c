/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "matrix.h"
#include "polynomial.h"

static void fill(uint64_t *seed, double *A, int n)
{
    for (int i = 0; i < n; i++)
        A[i] = omma_random_normal(seed);
}

static double gram_error(const double *rows, int count, int n)
{
    double worst = 0;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            double dot = 0;
            for (int k = 0; k < n; k++)
                dot += rows[n * i + k] * rows[n * j + k];
            worst = fmax(worst, fabs(dot - (i == j)));
        }
    }
    return worst;
}

static void svd_gives_the_matrix_back(void)
{
    uint64_t seed = 1;
    for (int trial = 0; trial < 500; trial++) {
        double A[9], U[9], s[3], V[9], Vt[9], M[9], back[9], x[3], y[3];
        fill(&seed, A, 9);
        if (trial % 5 == 1) { /* rank 1 */
            fill(&seed, x, 3);
            fill(&seed, y, 3);
            for (int i = 0; i < 9; i++)
                A[i] = x[i / 3] * y[i % 3];
        } else if (trial % 5 == 2) { /* rank 2 */
            for (int i = 0; i < 3; i++)
                A[6 + i] = A[i] - 2 * A[3 + i];
        } else if (trial % 5 == 3) {
            memset(A, 0, trial % 2 ? sizeof(A) : 3 * sizeof(double));
        } else if (trial % 5 == 4) { /* a multiple of a rotation: equal values */
            double R[9];
            mat3_nearest_rotation(A, R);
            for (int i = 0; i < 9; i++)
                A[i] = 3 * R[i];
        }
        mat3_svd(A, U, s, V);
        CHECK(s[0] >= s[1] && s[1] >= s[2] && s[2] >= 0);
        for (int i = 0; i < 9; i++)
            M[i] = U[i] * s[i % 3];
        mat3_transpose(V, Vt);
        mat3_mul(M, Vt, back);
        CHECK_ARRAY_CLOSE(back, A, 9, .abs = 4e-15 * (1 + s[0]));
        CHECK(gram_error(Vt, 3, 3) < 4e-15);
        mat3_transpose(U, M);
        CHECK(gram_error(M, 3, 3) < 4e-15); /* even where s is 0 or nearly so */
    }
}

static void a_singular_matrix_still_has_two_frames(void)
{
    const double A[9] = {1, 2, 3, 2, 4, 6, 1, 1, 1.0000000001};
    double U[9], s[3], V[9], Ut[9], B[9];
    mat3_svd(A, U, s, V);
    mat3_transpose(U, Ut);
    CHECK(s[2] < 1e-9);
    CHECK(gram_error(Ut, 3, 3) < 1e-12);
    memset(B, 0, sizeof(B));
    mat3_svd(B, U, s, V);
    CHECK(gram_error(U, 3, 3) < 1e-15 && gram_error(V, 3, 3) < 1e-15);
}

static void eigenvectors_are_what_they_say(void)
{
    uint64_t seed = 2;
    for (int n = 1; n <= MATRIX_EIGEN_MAX; n++) {
        double B[144], A[144], kept[144], values[12], vectors[144];
        fill(&seed, B, n * n);
        for (int i = 0; i < n * n; i++)
            A[i] = kept[i] = B[i] + B[i % n * n + i / n];
        matrix_symmetric_eigen(n, A, values, vectors);
        CHECK(gram_error(vectors, n, n) < 1e-14);
        for (int r = 0; r < n; r++) {
            CHECK(r == 0 || values[r] >= values[r - 1]);
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int j = 0; j < n; j++)
                    sum += kept[n * i + j] * vectors[n * r + j];
                CHECK_CLOSE(sum, values[r] * vectors[n * r + i], .abs = 2e-14);
            }
        }
    }
}

static void systems_are_solved(void)
{
    uint64_t seed = 3;
    for (int n = 1; n <= 12; n++) {
        double A[144], S[144] = {0}, x[12], b[12] = {0}, c[12] = {0};
        fill(&seed, A, n * n);
        fill(&seed, x, n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                b[i] += A[n * i + j] * x[j];
                for (int k = 0; k < n; k++)
                    S[n * i + j] += A[n * i + k] * A[n * j + k];
                S[n * i + j] += i == j;
            }
        }
        for (int i = 0; i < n * n; i++)
            c[i / n] += S[i] * x[i % n];
        CHECK(matrix_cholesky(S, n));
        matrix_cholesky_solve(S, n, c);
        CHECK_ARRAY_CLOSE(c, x, n, .abs = 1e-12);
        CHECK(matrix_gauss_solve(A, n, b, 1));
        CHECK_ARRAY_CLOSE(b, x, n, .abs = 1e-10);
    }
    double singular[4] = {1, 2, 2, 4}, indefinite[4] = {1, 2, 2, 1}, b[2] = {1, 1};
    CHECK(!matrix_gauss_solve(singular, 2, b, 1));
    CHECK(!matrix_cholesky(indefinite, 2));
    indefinite[0] = NAN;
    CHECK(!matrix_cholesky(indefinite, 2));
}

static void null_space_is_orthogonal_to_the_rows(void)
{
    uint64_t seed = 4;
    for (int m = 1; m < 9; m++) {
        double A[81], kept[81], basis[81];
        fill(&seed, A, 9 * m);
        memcpy(kept, A, sizeof(double) * 9 * (size_t)m);
        CHECK(matrix_null_space(A, m, 9, basis));
        CHECK(gram_error(basis, 9 - m, 9) < 1e-14);
        for (int r = 0; r < m * (9 - m); r++) {
            double dot = 0;
            for (int k = 0; k < 9; k++)
                dot += kept[9 * (r % m) + k] * basis[9 * (r / m) + k];
            CHECK_CLOSE(dot, 0, .abs = 1e-13);
        }
        memcpy(A, kept, sizeof(double) * 9 * (size_t)m);
        memcpy(A + 9 * (m - 1), A, 9 * sizeof(double)); /* the last row again the first */
        CHECK(matrix_null_space(A, m, 9, basis) == (m == 1));
    }
}

static void roots_are_found(void)
{
    uint64_t seed = 5;
    double c[11], roots[10];
    for (int trial = 0; trial < 1000; trial++) {
        /* (x - r0) ... times (x^2 + p) for pairs without real roots. */
        int real = trial % 7, pairs = trial % 3, degree = 0;
        double want[6];
        c[0] = 1 + omma_random_unit(&seed);
        for (int i = 0; i < real; i++)
            want[i] = -3 + i + 0.5 * omma_random_unit(&seed);
        for (int i = 0; i < real + pairs && degree + 2 <= 10; i++) {
            double low = i < real ? -want[i] : 0.3 + omma_random_unit(&seed);
            int rise = i < real ? 1 : 2;
            for (int k = degree + rise; k >= 0; k--)
                c[k] = (k >= rise ? c[k - rise] : 0) + (k <= degree ? c[k] * low : 0);
            degree += rise;
        }
        int n = polynomial_real_roots(c, degree, roots);
        if (CHECK(n == real))
            CHECK_ARRAY_CLOSE(roots, want, n, .abs = 1e-9);
    }
    /* x (x - 1e-6)(x - 1e6): a bracket of twelve orders of magnitude. */
    const double wide[4] = {0, 1, -(1e6 + 1e-6), 1};
    CHECK(polynomial_real_roots(wide, 3, roots) == 3);
    CHECK_CLOSE(roots[1], 1e-6, .rel = 1e-9);
    CHECK_CLOSE(roots[2], 1e6, .rel = 1e-12);
    const double none[3] = {1, 0, 1}, zero[3] = {0}, bad[3] = {1, NAN, 1}, constant[1] = {3};
    CHECK(polynomial_real_roots(none, 2, roots) == 0);
    CHECK(polynomial_real_roots(zero, 2, roots) == 0);
    CHECK(polynomial_real_roots(bad, 2, roots) == 0);
    CHECK(polynomial_real_roots(constant, 0, roots) == 0);
    const double low[3] = {-2, 4, 0}; /* in truth linear */
    CHECK(polynomial_real_roots(low, 2, roots) == 1 && roots[0] == 0.5);
}

int main(void)
{
    TEST(svd_gives_the_matrix_back);
    TEST(a_singular_matrix_still_has_two_frames);
    TEST(eigenvectors_are_what_they_say);
    TEST(systems_are_solved);
    TEST(null_space_is_orthogonal_to_the_rows);
    TEST(roots_are_found);
    return check_done();
}
