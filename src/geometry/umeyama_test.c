/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static const omma_sim3 *truth(void)
{
    static omma_sim3 S;
    S = omma_sim3_exp((double[7]){10, -20, 3, 0.4, -2, 1, 0.9});
    return &S;
}

static void make_points(uint64_t *seed, size_t n, double noise, const double spread[3], double *src,
                        double *dst)
{
    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j < 3; j++)
            src[3 * i + j] = 100 + spread[j] * omma_random_normal(seed);
        omma_sim3_apply(truth(), src + 3 * i, dst + 3 * i);
        for (int j = 0; j < 3; j++)
            dst[3 * i + j] += noise * omma_random_normal(seed);
    }
}

static void the_similarity_is_found(void)
{
    uint64_t seed = 1;
    double src[30], dst[30];
    for (int planar = 0; planar < 2; planar++) {
        omma_sim3 S;
        make_points(&seed, 10, 0, (double[3]){1, 2, planar ? 0 : 3}, src, dst);
        CHECK_OK(omma_umeyama(src, dst, 10, true, &S));
        CHECK_ARRAY_CLOSE(S.R, truth()->R, 9, .abs = 1e-12);
        CHECK_ARRAY_CLOSE(S.t, truth()->t, 3, .abs = 1e-9);
        CHECK_CLOSE(S.s, truth()->s, .rel = 1e-12);
    }
}

/* The result is a least-squares minimum: every small change makes the sum larger. */
static double sum_of_squares(const omma_sim3 *S, const double *src, const double *dst, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double p[3];
        omma_sim3_apply(S, src + 3 * i, p);
        for (int j = 0; j < 3; j++)
            sum += (p[j] - dst[3 * i + j]) * (p[j] - dst[3 * i + j]);
    }
    return sum;
}

static void the_result_is_a_minimum(void)
{
    uint64_t seed = 2;
    double src[150], dst[150];
    make_points(&seed, 50, 0.5, (double[3]){1, 2, 3}, src, dst);
    for (int with_scale = 0; with_scale < 2; with_scale++) {
        omma_sim3 S;
        CHECK_OK(omma_umeyama(src, dst, 50, with_scale, &S));
        CHECK(with_scale ? fabs(S.s - truth()->s) < 0.2 : S.s == 1);
        double best = sum_of_squares(&S, src, dst, 50);
        for (int k = 0; k < 6 + with_scale; k++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                double xi[7] = {0};
                xi[k] = sign * 1e-4;
                omma_sim3 step = omma_sim3_exp(xi), moved = omma_sim3_mul(&S, &step);
                CHECK(sum_of_squares(&moved, src, dst, 50) > best);
            }
        }
    }
}

/* A mirror image has no rotation: the best proper one is returned. */
static void mirrored_points_give_a_rotation(void)
{
    const double src[12] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 1};
    double dst[12];
    for (int i = 0; i < 12; i++)
        dst[i] = i % 3 == 2 ? -src[i] : src[i];
    omma_sim3 S;
    CHECK_OK(omma_umeyama(src, dst, 4, true, &S));
    double *R = S.R;
    CHECK_CLOSE(R[0] * (R[4] * R[8] - R[5] * R[7]) - R[1] * (R[3] * R[8] - R[5] * R[6]) +
                    R[2] * (R[3] * R[7] - R[4] * R[6]),
                1, .abs = 1e-12);
}

static void bad_points_are_refused(void)
{
    uint64_t seed = 3;
    double src[30], dst[30];
    omma_sim3 S = {.s = 77};
    make_points(&seed, 10, 0, (double[3]){1, 1, 1}, src, dst);
    CHECK(omma_umeyama(src, dst, 2, true, &S) == OMMA_INVALID);
    dst[4] = NAN;
    CHECK(omma_umeyama(src, dst, 10, true, &S) == OMMA_INVALID);
    make_points(&seed, 10, 0, (double[3]){0, 0, 0}, src, dst);
    CHECK(omma_umeyama(src, dst, 10, true, &S) == OMMA_DEGENERATE);
    make_points(&seed, 10, 0, (double[3]){0, 2, 0}, src, dst);
    CHECK(omma_umeyama(src, dst, 10, true, &S) == OMMA_DEGENERATE);
    CHECK(S.s == 77);
}

int main(void)
{
    TEST(the_similarity_is_found);
    TEST(the_result_is_a_minimum);
    TEST(mirrored_points_give_a_rotation);
    TEST(bad_points_are_refused);
    return check_done();
}
