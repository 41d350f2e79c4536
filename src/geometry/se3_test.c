/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static void random_twist(uint64_t *seed, double angle, double xi[6])
{
    double norm = 0;
    for (int i = 0; i < 6; i++) {
        xi[i] = omma_random_normal(seed);
        norm += i < 3 ? 0 : xi[i] * xi[i];
    }
    for (int i = 3; i < 6; i++)
        xi[i] *= angle / sqrt(norm);
}

/* Angles from far below rounding, through the switches to series, up to pi. */
static const double angles[] = {0,       1e-300,  1e-160,  1e-20,   1e-12,      1e-9,
                                0.99e-8, 1.01e-8, 1e-7,    1e-5,    1e-3,       0.1,
                                0.199,   0.201,   0.31623, 0.4,     1,          2,
                                3,       3.1,     3.14,    3.14159, 3.14159265, 3.1415926535};

static void log_undoes_exp(void)
{
    uint64_t seed = 7;
    for (int i = 0; i < 2000; i++) {
        double xi[6], back[6];
        random_twist(&seed, angles[i % (sizeof(angles) / sizeof(*angles))], xi);
        omma_se3 T = omma_se3_exp(xi);
        omma_se3_log(&T, back);
        CHECK_ARRAY_CLOSE(back, xi, 6, .abs = 4e-15); /* some rounding of numbers up to 4 */
    }
}

static void exp_undoes_log_at_pi_exactly(void)
{
    const double halves[3][9] = {{1, 0, 0, 0, -1, 0, 0, 0, -1},
                                 {-1, 0, 0, 0, 1, 0, 0, 0, -1},
                                 {-1, 0, 0, 0, -1, 0, 0, 0, 1}};
    for (int i = 0; i < 3; i++) {
        double phi[3], R[9];
        omma_so3_log(halves[i], phi);
        CHECK_CLOSE(fabs(phi[i]), M_PI, .abs = 1e-15);
        omma_so3_exp(phi, R);
        CHECK_ARRAY_CLOSE(R, halves[i], 9, .abs = 1e-15);
    }
    uint64_t seed = 1;
    for (int i = 0; i < 1000; i++) {
        double q[4] = {omma_random_normal(&seed), omma_random_normal(&seed),
                       omma_random_normal(&seed), 0},
               xi[6];
        omma_se3 T = omma_se3_from_quaternion(q, (double[3]){1, 2, 3});
        omma_se3_log(&T, xi);
        omma_se3 back = omma_se3_exp(xi);
        CHECK_ARRAY_CLOSE(back.R, T.R, 9, .abs = 4e-15);
        CHECK_ARRAY_CLOSE(back.t, T.t, 3, .abs = 1e-14);
    }
}

static void exp_is_the_matrix_series(void)
{
    uint64_t seed = 3;
    for (int trial = 0; trial < 50; trial++) {
        double xi[6], power[16] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}, sum[16];
        random_twist(&seed, 2, xi);
        const double A[16] = {0,      -xi[5], xi[4], xi[0], xi[5], 0, -xi[3], xi[1],
                              -xi[4], xi[3],  0,     xi[2], 0,     0, 0,      0};
        memcpy(sum, power, sizeof(sum));
        for (int k = 1; k < 40; k++) {
            double next[16] = {0};
            for (int i = 0; i < 64; i++)
                next[i / 16 * 4 + i % 4] +=
                    power[i / 16 * 4 + i / 4 % 4] * A[i / 4 % 4 * 4 + i % 4] / k;
            memcpy(power, next, sizeof(power));
            for (int i = 0; i < 16; i++)
                sum[i] += power[i];
        }
        omma_se3 T = omma_se3_exp(xi);
        for (int i = 0; i < 3; i++) {
            CHECK_ARRAY_CLOSE(T.R + 3 * i, sum + 4 * i, 3, .abs = 1e-13);
            CHECK_CLOSE(T.t[i], sum[4 * i + 3], .abs = 1e-13);
        }
    }
}

static void products_chain_and_inverses_cancel(void)
{
    uint64_t seed = 11;
    for (int i = 0; i < 200; i++) {
        double xa[6], xb[6], p[3] = {1, -2, 3}, once[3], twice[3], back[3];
        random_twist(&seed, 1.5, xa);
        random_twist(&seed, 2.5, xb);
        omma_se3 A = omma_se3_exp(xa), B = omma_se3_exp(xb), AB = omma_se3_mul(&A, &B);
        omma_se3 inverse = omma_se3_inverse(&AB);
        omma_se3_apply(&B, p, once);
        omma_se3_apply(&A, once, twice);
        omma_se3_apply(&AB, p, once);
        CHECK_ARRAY_CLOSE(once, twice, 3, .abs = 1e-14);
        omma_se3_apply(&inverse, once, back);
        CHECK_ARRAY_CLOSE(back, p, 3, .abs = 1e-14);
    }
}

static void quaternions_go_round(void)
{
    uint64_t seed = 5;
    for (int i = 0; i < 1000; i++) {
        double q[4], n = 0, back[4], t[3] = {0};
        for (int j = 0; j < 4; j++) {
            q[j] = omma_random_normal(&seed);
            n += q[j] * q[j];
        }
        omma_se3 T = omma_se3_from_quaternion(q, t);
        omma_se3_to_quaternion(&T, back);
        double k = (q[3] < 0 ? -1 : 1) / sqrt(n);
        for (int j = 0; j < 4; j++)
            CHECK_CLOSE(back[j], q[j] * k, .abs = 1e-15);
    }
    /* z axis, 90 degrees: x goes to y. */
    omma_se3 T = omma_se3_from_quaternion((double[4]){0, 0, 1, 1}, (double[3]){0, 0, 0});
    double out[3];
    omma_se3_apply(&T, (double[3]){1, 0, 0}, out);
    CHECK_ARRAY_CLOSE(out, ((double[3]){0, 1, 0}), 3, .abs = 1e-15);
}

static void angle_is_exact_at_both_ends(void)
{
    const double I[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (size_t i = 0; i < sizeof(angles) / sizeof(*angles); i++) {
        double phi[3] = {0, angles[i] * 0.6, -angles[i] * 0.8}, R[9];
        omma_so3_exp(phi, R);
        CHECK_CLOSE(omma_so3_angle(I, R), angles[i], .abs = 1e-15);
        CHECK_CLOSE(omma_so3_angle(R, I), angles[i], .abs = 1e-15);
    }
}

static void normalize_finds_the_nearest_rotation(void)
{
    uint64_t seed = 9;
    double xi[6], product[9];
    random_twist(&seed, 2, xi);
    omma_se3 T = omma_se3_exp(xi), bent = T;
    for (int i = 0; i < 9; i++)
        bent.R[i] = bent.R[i] * 1.1 + 1e-3 * omma_random_normal(&seed);
    omma_se3_normalize(&bent);
    CHECK(omma_so3_angle(bent.R, T.R) < 5e-3);
    for (int i = 0; i < 9; i++) {
        product[i] = 0;
        for (int k = 0; k < 3; k++)
            product[i] += bent.R[3 * (i / 3) + k] * bent.R[3 * (i % 3) + k];
    }
    CHECK_ARRAY_CLOSE(product, ((double[9]){1, 0, 0, 0, 1, 0, 0, 0, 1}), 9, .abs = 1e-15);
}

int main(void)
{
    TEST(log_undoes_exp);
    TEST(exp_undoes_log_at_pi_exactly);
    TEST(exp_is_the_matrix_series);
    TEST(products_chain_and_inverses_cancel);
    TEST(quaternions_go_round);
    TEST(angle_is_exact_at_both_ends);
    TEST(normalize_finds_the_nearest_rotation);
    return check_done();
}
