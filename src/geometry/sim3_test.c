/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static const double angles[] = {0, 1e-12, 1e-7, 1e-3, 0.5, 2, 3, 3.14159265};
static const double scales[] = {0, 1e-12, -1e-7, 1e-3, -0.5, 1, 2.4, -2.6, 4, -6, 9};

static void random_tangent(uint64_t *seed, double angle, double lambda, double xi[7])
{
    double norm = 0;
    for (int i = 0; i < 6; i++) {
        xi[i] = omma_random_normal(seed);
        norm += i < 3 ? 0 : xi[i] * xi[i];
    }
    for (int i = 3; i < 6; i++)
        xi[i] *= angle / sqrt(norm);
    xi[6] = lambda;
}

static void log_undoes_exp(void)
{
    uint64_t seed = 7;
    for (int a = 0; a < 8; a++) {
        for (int l = 0; l < 11; l++) {
            double xi[7], back[7];
            random_tangent(&seed, angles[a], scales[l], xi);
            omma_sim3 S = omma_sim3_exp(xi);
            omma_sim3_log(&S, back);
            CHECK_ARRAY_CLOSE(back, xi, 7, .abs = 1e-13);
        }
    }
}

/* exp(xi) = exp(xi / n)^n, and for a small step the first terms of the series suffice. */
static void exp_is_the_limit_of_small_steps(void)
{
    uint64_t seed = 3;
    for (int a = 0; a < 8; a++) {
        for (int l = 0; l < 11; l++) {
            double xi[7];
            random_tangent(&seed, angles[a], scales[l], xi);
            omma_sim3 want = omma_sim3_exp(xi), got;
            double h = ldexp(1, -20), t[3], R[9], Rt[3];
            for (int i = 0; i < 3; i++)
                R[i] = xi[3 + i] * h;
            double phi[3] = {R[0], R[1], R[2]};
            omma_so3_exp(phi, got.R);
            got.s = exp(xi[6] * h);
            /* t = h rho + h^2/2 (lambda + [phi]x) rho + O(h^3) */
            Rt[0] = xi[4] * xi[2] - xi[5] * xi[1];
            Rt[1] = xi[5] * xi[0] - xi[3] * xi[2];
            Rt[2] = xi[3] * xi[1] - xi[4] * xi[0];
            for (int i = 0; i < 3; i++) {
                t[i] = h * xi[i] + 0.5 * h * h * (xi[6] * xi[i] + Rt[i]);
                got.t[i] = t[i];
            }
            for (int i = 0; i < 20; i++)
                got = omma_sim3_mul(&got, &got);
            CHECK_ARRAY_CLOSE(got.R, want.R, 9, .abs = 1e-9);
            CHECK_ARRAY_CLOSE(got.t, want.t, 3, .abs = 1e-9 * fmax(1, want.s));
            CHECK_CLOSE(got.s, want.s, .rel = 1e-9);
        }
    }
}

static void products_chain_and_inverses_cancel(void)
{
    uint64_t seed = 11;
    double xa[7], xb[7], p[3] = {1, -2, 3}, once[3], twice[3], back[3];
    random_tangent(&seed, 1.5, 0.7, xa);
    random_tangent(&seed, 2.5, -1.1, xb);
    omma_sim3 A = omma_sim3_exp(xa), B = omma_sim3_exp(xb), AB = omma_sim3_mul(&A, &B);
    omma_sim3 inverse = omma_sim3_inverse(&AB);
    omma_sim3_apply(&B, p, once);
    omma_sim3_apply(&A, once, twice);
    omma_sim3_apply(&AB, p, once);
    CHECK_ARRAY_CLOSE(once, twice, 3, .abs = 1e-14);
    omma_sim3_apply(&inverse, once, back);
    CHECK_ARRAY_CLOSE(back, p, 3, .abs = 1e-14);
}

static void scale_one_is_se3(void)
{
    uint64_t seed = 2;
    double xi[7];
    random_tangent(&seed, 1.2, 0, xi);
    omma_se3 T = omma_se3_exp(xi);
    omma_sim3 S = omma_sim3_exp(xi), want = omma_sim3_from_se3(&T, 1);
    CHECK_ARRAY_CLOSE(S.R, want.R, 9, .abs = 1e-15);
    CHECK_ARRAY_CLOSE(S.t, want.t, 3, .abs = 4e-15);
    CHECK(S.s == 1);
}

int main(void)
{
    TEST(log_undoes_exp);
    TEST(exp_is_the_limit_of_small_steps);
    TEST(products_chain_and_inverses_cancel);
    TEST(scale_one_is_se3);
    return check_done();
}
