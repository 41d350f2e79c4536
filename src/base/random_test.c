/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

/* The published first values for seed 1234567 (Vigna's splitmix64.c). */
static void the_sequence_is_splitmix64(void)
{
    uint64_t seed = 1234567;
    CHECK(omma_random_u64(&seed) == 6457827717110365317u);
    CHECK(omma_random_u64(&seed) == 3203168211198807973u);
    CHECK(omma_random_u64(&seed) == 9817491932198370423u);
}

static void unit_is_uniform(void)
{
    enum { N = 100000 };
    uint64_t seed = 1;
    double sum = 0, squares = 0;

    for (int i = 0; i < N; i++) {
        double x = omma_random_unit(&seed);
        if (!CHECK(x >= 0 && x < 1))
            return;
        sum += x;
        squares += x * x;
    }
    CHECK_CLOSE(sum / N, 0.5, .abs = 5 * sqrt(1.0 / 12 / N));         /* 5 deviations */
    CHECK_CLOSE(squares / N, 1.0 / 3, .abs = 5 * sqrt(4.0 / 45 / N)); /* Var x^2 = 1/5 - 1/9 */
}

static void normal_has_the_right_moments(void)
{
    enum { N = 100000 };
    uint64_t seed = 2;
    double sum = 0, squares = 0, fourth = 0;

    for (int i = 0; i < N; i++) {
        double x = omma_random_normal(&seed);
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    CHECK_CLOSE(sum / N, 0, .abs = 5 * sqrt(1.0 / N));
    CHECK_CLOSE(squares / N, 1, .abs = 5 * sqrt(2.0 / N));
    CHECK_CLOSE(fourth / N, 3, .abs = 5 * sqrt(96.0 / N));
}

static void below_hits_every_value_alike(void)
{
    enum { N = 70000 };
    uint64_t seed = 3;
    int count[7] = {0};
    double chi = 0;

    for (int i = 0; i < N; i++)
        count[omma_random_below(&seed, 7)]++;
    for (int i = 0; i < 7; i++)
        chi += (count[i] - N / 7.0) * (count[i] - N / 7.0) / (N / 7.0);
    CHECK(chi < 22.5); /* chi-squared, 6 degrees of freedom, p = 0.001 */
    CHECK(omma_random_below(&seed, 1) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(omma_random_below(&seed, UINT32_MAX) < UINT32_MAX);
}

int main(void)
{
    TEST(the_sequence_is_splitmix64);
    TEST(unit_is_uniform);
    TEST(normal_has_the_right_moments);
    TEST(below_hits_every_value_alike);
    return check_done();
}
