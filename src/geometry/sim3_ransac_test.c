/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

enum { N = 120 };
#define FOCAL 500.0 /* px, for noise in pixels */

static omma_sim3 random_similarity(uint64_t *seed)
{
    double xi[7];
    for (int i = 0; i < 7; i++)
        xi[i] = 0.25 * omma_random_normal(seed);
    return omma_sim3_exp(xi);
}

/* Points before both cameras. Depths are off by a share depth_noise, sights by noise_px; the first
 * wrong pairs are of two different points. */
static void make_pairs(uint64_t *seed, const omma_sim3 *b_from_a, size_t n, size_t wrong,
                       double depth_noise, double noise_px, omma_sim3_pair *out)
{
    for (size_t i = 0; i < n;) {
        double a[3] = {0, 0, 2 + 6 * omma_random_unit(seed)}, b[3];
        a[0] = a[2] * (omma_random_unit(seed) - 0.5);
        a[1] = a[2] * (omma_random_unit(seed) - 0.5);
        omma_sim3_apply(b_from_a, a, b);
        if (b[2] < 0.5)
            continue;
        const double fa = 1 + depth_noise * omma_random_normal(seed);
        const double fb = 1 + depth_noise * omma_random_normal(seed);
        for (int k = 0; k < 2; k++) {
            out[i].xa[k] = a[k] / a[2] + noise_px / FOCAL * omma_random_normal(seed);
            out[i].xb[k] = b[k] / b[2] + noise_px / FOCAL * omma_random_normal(seed);
        }
        for (int k = 0; k < 3; k++) {
            out[i].a[k] = fa * a[k];
            out[i].b[k] = fb * b[k];
        }
        i++;
    }
    for (size_t i = 0; i + 1 < wrong; i++) { /* the next one's other half */
        memcpy(out[i].b, out[i + 1].b, sizeof(out[i].b));
        memcpy(out[i].xb, out[i + 1].xb, sizeof(out[i].xb));
    }
}

static void exact_pairs_give_the_similarity(void)
{
    uint64_t seed = 1;
    for (int trial = 0; trial < 50; trial++) {
        omma_sim3_pair pair[N];
        omma_sim3 truth = random_similarity(&seed), found = omma_sim3_identity();
        make_pairs(&seed, &truth, N, 0, 0, 0, pair);
        CHECK_OK(omma_sim3_ransac(pair, N, &(omma_ransac_options){.threshold = 2 / FOCAL}, &found,
                                  NULL, NULL));
        CHECK_ARRAY_CLOSE(found.R, truth.R, 9, .abs = 1e-9);
        CHECK_ARRAY_CLOSE(found.t, truth.t, 3, .abs = 1e-8);
        CHECK_CLOSE(found.s, truth.s, .rel = 1e-9);
    }
}

static void two_thirds_of_wrong_pairs_do_no_harm(void)
{
    uint64_t seed = 2;
    for (int trial = 0; trial < 20; trial++) {
        omma_sim3_pair pair[N];
        uint8_t inlier[N];
        omma_ransac_result r;
        omma_sim3 truth = random_similarity(&seed), found;
        make_pairs(&seed, &truth, N, 2 * N / 3 + 1, 0.01, 0.7, pair);
        CHECK_OK(omma_sim3_ransac(pair, N, &(omma_ransac_options){.threshold = 4 / FOCAL}, &found,
                                  inlier, &r));
        CHECK(r.inliers >= N / 3 * 8 / 10 && r.inliers <= N / 3 + 4);
        CHECK(omma_so3_angle(found.R, truth.R) < 0.01);
        CHECK_CLOSE(found.s, truth.s, .rel = 0.02);
    }
}

/* The sum of squared reprojection errors, both ways. */
static double cost_of(const omma_sim3 *S, const omma_sim3_pair *pair, size_t n)
{
    const omma_sim3 back = omma_sim3_inverse(S);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double a[3], b[3];
        omma_sim3_apply(S, pair[i].a, b);
        omma_sim3_apply(&back, pair[i].b, a);
        for (int k = 0; k < 2; k++)
            sum += pow(b[k] / b[2] - pair[i].xb[k], 2) + pow(a[k] / a[2] - pair[i].xa[k], 2);
    }
    return sum;
}

static void what_is_refined_is_a_minimum(void)
{
    uint64_t seed = 3;
    omma_sim3_pair pair[N];
    const omma_sim3 truth = random_similarity(&seed);
    double off[7];
    make_pairs(&seed, &truth, N, 0, 0.03, 1, pair);
    for (int i = 0; i < 7; i++)
        off[i] = 0.03 * omma_random_normal(&seed);
    omma_sim3 S = omma_sim3_exp(off);
    S = omma_sim3_mul(&S, &truth);
    CHECK_OK(omma_sim3_refine(pair, N, 0, &S));
    const double least = cost_of(&S, pair, N);
    for (int i = 0; i < 14; i++) {
        double xi[7] = {0};
        xi[i / 2] = i % 2 ? 1e-4 : -1e-4;
        omma_sim3 beside = omma_sim3_exp(xi);
        beside = omma_sim3_mul(&beside, &S);
        CHECK(cost_of(&beside, pair, N) > least);
    }
}

/* A tenth of the points is somewhere else: Huber's loss holds against them, least squares does not.
 */
static void a_robust_refinement_resists_wrong_pairs(void)
{
    uint64_t seed = 4;
    omma_sim3_pair pair[N];
    const omma_sim3 truth = random_similarity(&seed);
    make_pairs(&seed, &truth, N, 0, 0, 0.5, pair);
    for (size_t i = 0; i < N / 10; i++)
        pair[i].xb[0] += 30 / FOCAL;
    omma_sim3 robust = truth, plain = truth;
    CHECK_OK(omma_sim3_refine(pair, N, 1.5 / FOCAL, &robust));
    CHECK_OK(omma_sim3_refine(pair, N, 0, &plain));
    CHECK(omma_so3_angle(robust.R, truth.R) < 0.25 * omma_so3_angle(plain.R, truth.R));
}

static void what_cannot_be_found_is_said(void)
{
    uint64_t seed = 5;
    omma_sim3_pair pair[N];
    const omma_sim3 truth = random_similarity(&seed);
    omma_sim3 S = truth;
    const omma_ransac_options o = {.threshold = 2 / FOCAL};
    make_pairs(&seed, &truth, N, 0, 0, 0, pair);
    CHECK(omma_sim3_ransac(pair, 3, &o, &S, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_sim3_ransac(pair, N, &(omma_ransac_options){0}, &S, NULL, NULL) == OMMA_INVALID);
    CHECK(omma_sim3_refine(pair, 3, 0, &S) == OMMA_INVALID);
    for (size_t i = 1; i < N; i++)
        pair[i] = pair[0]; /* one point, many times */
    CHECK(omma_sim3_ransac(pair, N, &o, &S, NULL, NULL) == OMMA_DEGENERATE);
    CHECK(omma_sim3_refine(pair, N, 0, &S) == OMMA_DEGENERATE);
    CHECK(memcmp(&S, &truth, sizeof(S)) == 0);
}

int main(void)
{
    TEST(exact_pairs_give_the_similarity);
    TEST(two_thirds_of_wrong_pairs_do_no_harm);
    TEST(what_is_refined_is_a_minimum);
    TEST(a_robust_refinement_resists_wrong_pairs);
    TEST(what_cannot_be_found_is_said);
    return check_done();
}
