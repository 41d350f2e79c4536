/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

static const omma_camera cameras[] = {
    {OMMA_CAMERA_PINHOLE, 640, 480, 500, 510, 320, 239, {0}},
    {OMMA_CAMERA_PINHOLE, 640, 480, 500, 510, 320, 239, {-0.28, 0.07, 2e-4, 2e-5, 0}}, /* EuRoC-like
                                                                                        */
    {OMMA_CAMERA_PINHOLE, 640, 480, 517, 516, 319, 255, {0.26, -0.95, -5e-3, 2.6e-3, 1.16}},
    {OMMA_CAMERA_PINHOLE, 1280, 720, 700, 700, 640, 360, {0.1, 0.05, 1e-3, -1e-3, 0.01}},
    {OMMA_CAMERA_FISHEYE, 512, 512, 190.9, 190.9, 254.9, 256.8, {0.0034, 0.0007, -0.002, 0.0002}},
    {OMMA_CAMERA_FISHEYE, 640, 480, 300, 300, 320, 240, {0}},
};
enum { CAMERAS = sizeof(cameras) / sizeof(*cameras) };

static void unproject_undoes_project_in_the_whole_picture(void)
{
    for (int i = 0; i < CAMERAS; i++) {
        const omma_camera *c = &cameras[i];
        CHECK_OK(omma_camera_check(c));
        int seen = 0, asked = 0;
        for (int y = 0; y < c->height; y += 13) {
            for (int x = 0; x < c->width; x += 13) {
                double ray[2], px[2], want[2] = {x, y};
                asked++;
                if (!omma_camera_unproject(c, want, ray))
                    continue;
                seen++;
                double depth = 0.1 + (x + y) % 17,
                       point[3] = {ray[0] * depth, ray[1] * depth, depth};
                CHECK(omma_camera_project(c, point, px, NULL));
                CHECK_ARRAY_CLOSE(px, want, 2, .abs = 1e-9);
            }
        }
        CHECK(c->model == OMMA_CAMERA_FISHEYE ? seen > asked * 3 / 4 : seen == asked);
    }
}

static void jacobians_are_the_derivatives(void)
{
    uint64_t seed = 4;
    for (int trial = 0; trial < 400; trial++) {
        omma_camera c = cameras[trial % CAMERAS];
        double z = 0.5 + 3 * omma_random_unit(&seed), J[6], px[2], P[12];
        double spread = trial < 60 ? 1e-5 : 0.6;
        double point[3] = {z * spread * (2 * omma_random_unit(&seed) - 1),
                           z * spread * (2 * omma_random_unit(&seed) - 1), z};
        if (!omma_camera_project(&c, point, px, J))
            continue;
        for (int k = 0; k < 3; k++) {
            double h = 1e-6, a[3], b[3], pa[2], pb[2];
            memcpy(a, point, sizeof(a));
            memcpy(b, point, sizeof(b));
            a[k] -= h;
            b[k] += h;
            CHECK(omma_camera_project(&c, a, pa, NULL) && omma_camera_project(&c, b, pb, NULL));
            /* Central differences: h^2 of the third derivative (f / z^3), and 1e-13 px / h. */
            for (int i = 0; i < 2; i++)
                CHECK_CLOSE(J[3 * i + k], (pb[i] - pa[i]) / (2 * h), .abs = 2e-6, .rel = 1e-7);
        }
        omma_camera_parameter_jacobian(&c, point, P);
        const int third = c.model == OMMA_CAMERA_PINHOLE ? 4 : 2;
        for (int k = 0; k < 6; k++) {
            double h = k < 3 ? 1e-3 : 1e-6, pa[2], pb[2];
            omma_camera a = c, b = c;
            double *pairs[6][2] = {{&a.fx, &b.fx}, {&a.cx, &b.cx},     {&a.cy, &b.cy},
                                   {a.k, b.k},     {a.k + 1, b.k + 1}, {a.k + third, b.k + third}};
            *pairs[k][0] -= h;
            *pairs[k][1] += h;
            if (k == 0) {
                a.fy = c.fy * a.fx / c.fx;
                b.fy = c.fy * b.fx / c.fx;
            }
            CHECK(omma_camera_project(&a, point, pa, NULL) &&
                  omma_camera_project(&b, point, pb, NULL));
            for (int i = 0; i < 2; i++)
                CHECK_CLOSE(P[6 * i + k], (pb[i] - pa[i]) / (2 * h), .abs = 1e-6, .rel = 1e-7);
        }
    }
}

static void jacobian_on_the_axis_is_finite(void)
{
    for (int i = 0; i < CAMERAS; i++) {
        double J[6], P[12], px[2], point[3] = {0, 0, 2};
        CHECK(omma_camera_project(&cameras[i], point, px, J));
        CHECK_CLOSE(px[0], cameras[i].cx, .abs = 0);
        CHECK_CLOSE(J[0], cameras[i].fx / 2, .rel = 1e-15);
        CHECK_CLOSE(J[4], cameras[i].fy / 2, .rel = 1e-15);
        CHECK(J[1] == 0 && J[2] == 0 && J[3] == 0 && J[5] == 0);
        omma_camera_parameter_jacobian(&cameras[i], point, P);
        CHECK_ARRAY_CLOSE(P, ((double[12]){0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), 12, .abs = 0);
    }
}

static void points_that_cannot_be_seen_are_refused(void)
{
    double px[2] = {7, 7};
    for (int i = 0; i < CAMERAS; i++) {
        CHECK(!omma_camera_project(&cameras[i], (double[3]){0, 0, -1}, px, NULL));
        CHECK(!omma_camera_project(&cameras[i], (double[3]){1, 0, 0}, px, NULL));
        CHECK(!omma_camera_project(&cameras[i], (double[3]){NAN, 0, 1}, px, NULL));
        CHECK(!omma_camera_project(&cameras[i], (double[3]){0, 0, NAN}, px, NULL));
        CHECK(!omma_camera_unproject(&cameras[i], (double[2]){NAN, 0}, px));
        CHECK(!omma_camera_unproject(&cameras[i], (double[2]){0, INFINITY}, px));
    }
    CHECK(px[0] == 7 && px[1] == 7);
    /* k1 = -0.3: r (1 - 0.3 r^2) rises up to r = 1/sqrt(0.9) = 1.054, where it is 0.7027. */
    omma_camera barrel = {OMMA_CAMERA_PINHOLE, 640, 480, 500, 500, 320, 240, {-0.3}};
    CHECK(omma_camera_project(&barrel, (double[3]){1.05, 0, 1}, px, NULL));
    CHECK(!omma_camera_project(&barrel, (double[3]){1.06, 0, 1}, px, NULL));
    CHECK(!omma_camera_project(&barrel, (double[3]){1.8, 0, 1}, px,
                               NULL)); /* inside the picture again */
    CHECK(omma_camera_unproject(&barrel, (double[2]){320 + 500 * 0.7025, 240}, px));
    CHECK(!omma_camera_unproject(&barrel, (double[2]){320 + 500 * 0.703, 240}, px));
    /* A fold between two rising parts is a fold too: 1 - 3 u + 2.2 u^2 + ... dips below 0. */
    omma_camera moustache = {OMMA_CAMERA_PINHOLE, 640, 480, 500, 500, 320, 240, {-1, 0.44}};
    CHECK(!omma_camera_project(&moustache, (double[3]){1.2, 0, 1}, px, NULL));
    /* 90 degrees off the axis has no normalised point. */
    omma_camera wide = {OMMA_CAMERA_FISHEYE, 640, 480, 100, 100, 320, 240, {0}};
    CHECK(omma_camera_unproject(&wide, (double[2]){320 + 100 * 1.5, 240}, px));
    CHECK(!omma_camera_unproject(&wide, (double[2]){320 + 100 * 1.58, 240}, px));
}

static void check_names_what_is_wrong(void)
{
    omma_camera good = cameras[1], c = good;
    c.fx = 0;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c = good;
    c.fx = 1e300;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c.fx = 1e-9;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "from 32 to 64000") != NULL);
    c = good;
    c.cx = 1e9;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "centre") != NULL);
    c = good;
    c.cy = NAN;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c = good;
    c.height = 0;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c = good;
    c.k[4] = INFINITY;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c = good;
    c.model = (omma_camera_model)5;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    c = good;
    c.k[0] = -0.9; /* folds at r = 0.61, in the corner that would be r = 0.8 */
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "folds") != NULL);
    c = cameras[5];
    c.k[0] = -0.5;
    CHECK(omma_camera_check(&c) == OMMA_INVALID);
}

static void a_scaled_camera_sees_the_same(void)
{
    const double point[3] = {0.3, -0.2, 2};
    omma_camera c = cameras[0];
    double before[2], after[2];

    CHECK(omma_camera_project(&c, point, before, NULL));
    CHECK_OK(omma_camera_fit(&c, 2 * c.width, 2 * c.height));
    CHECK(omma_camera_project(&c, point, after, NULL));
    for (int i = 0; i < 2; i++) /* pixel centres */
        CHECK(fabs(after[i] + 0.5 - 2 * (before[i] + 0.5)) < 1e-9);
    const omma_camera doubled = c;
    CHECK(omma_camera_fit(&c, c.width, c.height / 2) == OMMA_INVALID);
    CHECK(memcmp(&c, &doubled, sizeof(c)) == 0);
}

int main(void)
{
    TEST(unproject_undoes_project_in_the_whole_picture);
    TEST(jacobians_are_the_derivatives);
    TEST(jacobian_on_the_axis_is_finite);
    TEST(points_that_cannot_be_seen_are_refused);
    TEST(check_names_what_is_wrong);
    TEST(a_scaled_camera_sees_the_same);
    return check_done();
}
