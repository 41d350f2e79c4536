/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/map.h>

#include <check.h>

static void figures_are_those_by_hand(void)
{
    double truth[][3] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {9, 0, 0}};
    double estimate[][3] = {{0, 0, 0.015}, {1, 0, 0.03}, {1, 0, 0.0325}};
    omma_points t = {.xyz = truth, .count = 4}, e = {.xyz = estimate, .count = 3};
    omma_cloud_evaluation r;

    CHECK_OK(omma_cloud_evaluate(&e, &t, NULL, &r));
    CHECK(r.points == 3 && r.points_thinned == 2 && r.truth_points == 4 && r.score_count == 3);
    CHECK_CLOSE(r.accuracy_mean, (0.015 + 0.03125) / 2, .abs = 1e-15);
    CHECK_CLOSE(r.accuracy_median, (0.015 + 0.03125) / 2, .abs = 1e-15);
    CHECK_CLOSE(r.completeness_mean, (0.015 + 0.03125 + 0.5 + 0.5) / 4, .abs = 1e-15);
    CHECK_CLOSE(r.floor, 0.0025 * sqrt(3), .abs = 1e-15);
    CHECK(r.scores[0].f == 0);
    CHECK(r.scores[1].precision == 0.5 && r.scores[1].recall == 0.25);
    CHECK_CLOSE(r.scores[2].f, 2 * 1 * 0.5 / 1.5, .abs = 1e-15);
}

static void the_cloud_moves_as_it_is_told(void)
{
    double truth[][3] = {{5, 0, 0}, {7, 0, 0}}, estimate[][3] = {{0, 0, 0}, {1, 0, 0}};
    omma_points t = {.xyz = truth, .count = 2}, e = {.xyz = estimate, .count = 2};
    omma_sim3 move = omma_sim3_identity();
    omma_cloud_evaluation r;

    move.s = 2;
    move.t[0] = 5;
    CHECK_OK(omma_cloud_evaluate(
        &e, &t, &(omma_cloud_evaluate_options){.truth_from_estimate = &move, .thresholds = {1e-6}},
        &r));
    CHECK(r.score_count == 1 && r.scores[0].f == 1 && r.accuracy_mean == 0);
}

static void what_cannot_be_compared_is_refused(void)
{
    double one[][3] = {{1, 2, 3}};
    omma_points p = {.xyz = one, .count = 1}, none = {0};
    omma_cloud_evaluation r;

    CHECK(omma_cloud_evaluate(&none, &p, NULL, &r) == OMMA_DEGENERATE);
    CHECK(omma_cloud_evaluate(&p, &none, NULL, &r) == OMMA_DEGENERATE);
    CHECK(omma_cloud_evaluate(&p, &p, &(omma_cloud_evaluate_options){.voxel = 1e-12}, &r) ==
          OMMA_INVALID);
    CHECK(omma_cloud_evaluate(&p, &p, &(omma_cloud_evaluate_options){.thresholds = {-1}}, &r) ==
          OMMA_INVALID);
}

int main(void)
{
    TEST(figures_are_those_by_hand);
    TEST(the_cloud_moves_as_it_is_told);
    TEST(what_cannot_be_compared_is_refused);
    return check_done();
}
