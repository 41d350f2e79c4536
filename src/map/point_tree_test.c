/* SPDX-License-Identifier: Apache-2.0 */
#include "point_tree.h"

#include <check.h>

static double brute(double (*p)[3], size_t n, const double x[3])
{
    double best = INFINITY;

    for (size_t i = 0; i < n; i++) {
        double a = p[i][0] - x[0], b = p[i][1] - x[1], c = p[i][2] - x[2];

        best = fmin(best, a * a + b * b + c * c);
    }
    return sqrt(best);
}

/* Coordinates of few values put many points on the dividing planes. */
static void finds_what_looking_at_all_finds(void)
{
    uint64_t seed = 5;

    for (size_t n = 1; n < 3000; n = n * 2 + 1)
        for (int coarse = 0; coarse < 2; coarse++) {
            double(*p)[3] = malloc(n * sizeof *p), (*all)[3] = malloc(n * sizeof *p);
            point_tree t;

            for (size_t i = 0; i < n; i++)
                for (int k = 0; k < 3; k++)
                    p[i][k] = coarse ? omma_random_below(&seed, 4) : omma_random_normal(&seed);
            memcpy(all, p, n * sizeof *p);
            CHECK_OK(point_tree_build(&t, p, n));
            for (int i = 0; i < 200; i++) {
                double x[3] = {4 * omma_random_normal(&seed), omma_random_below(&seed, 5),
                               omma_random_normal(&seed)};

                CHECK(point_tree_distance(&t, x) == brute(all, n, x));
            }
            point_tree_finish(&t);
            free(p);
            free(all);
        }
}

static void nothing_is_infinitely_far(void)
{
    point_tree t;

    CHECK_OK(point_tree_build(&t, NULL, 0));
    CHECK(isinf(point_tree_distance(&t, (double[3]){0})));
    point_tree_finish(&t);
}

int main(void)
{
    TEST(finds_what_looking_at_all_finds);
    TEST(nothing_is_infinitely_far);
    return check_done();
}
