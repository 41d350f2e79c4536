/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

#include <math.h>
#include <string.h>

static const omma_camera lens = {.model = OMMA_CAMERA_FISHEYE,
                                 .width = 640,
                                 .height = 480,
                                 .fx = 500.1,
                                 .fy = 500.2,
                                 .cx = 319,
                                 .cy = 241,
                                 .k = {0.1, -0.01, 0.001, -0.0001}};

static omma_sim3 somewhere(void)
{
    return omma_sim3_exp((double[7]){1, 2, 3, 0.1, -0.2, 0.3, 0.4});
}

static omma_byte_reader reader_of(const omma_byte_list *b)
{
    return (omma_byte_reader){.at = b->at, .left = b->count};
}

static void poses_and_cameras_come_back_to_the_bit(void)
{
    const omma_sim3 S = somewhere();
    const omma_se3 T = omma_se3_exp((double[6]){1, 2, 3, 0.3, 0.2, 0.1});
    omma_byte_list b = {0};
    omma_se3 T2;
    omma_sim3 S2;
    omma_camera c;

    omma_se3_put(&b, &T);
    omma_sim3_put(&b, &S);
    omma_camera_put(&b, &lens);
    omma_byte_reader r = reader_of(&b);
    CHECK(omma_se3_take(&T2, &r) && memcmp(&T, &T2, sizeof T) == 0);
    CHECK(omma_sim3_take(&S2, &r) && memcmp(&S, &S2, sizeof S) == 0);
    CHECK_OK(omma_camera_take(&c, &r));
    CHECK(c.model == lens.model && c.width == 640 && c.height == 480 && c.fy == lens.fy &&
          memcmp(c.k, lens.k, sizeof c.k) == 0);
    CHECK(r.left == 0 && !r.bad);
    omma_bytes_finish(&b);
}

static bool is_taken(const omma_sim3 *S)
{
    omma_byte_list b = {0};
    omma_sim3 out;

    omma_sim3_put(&b, S);
    omma_byte_reader r = reader_of(&b);
    const bool taken = omma_sim3_take(&out, &r);
    omma_bytes_finish(&b);
    return taken;
}

static void what_is_no_pose_is_refused(void)
{
    omma_sim3 S = somewhere();

    CHECK(is_taken(&S));
    S.s = 0;
    CHECK(!is_taken(&S));
    S.s = NAN;
    CHECK(!is_taken(&S));
    S = somewhere();
    S.t[1] = INFINITY;
    CHECK(!is_taken(&S));
    S = somewhere();
    S.R[4] += 1e-3;
    CHECK(!is_taken(&S));
    S = somewhere();
    for (int i = 0; i < 9; i++) /* a mirror */
        S.R[i] = -S.R[i];
    CHECK(!is_taken(&S));
}

static void what_is_cut_is_refused(void)
{
    omma_byte_list b = {0};
    omma_camera c;

    omma_camera_put(&b, &lens);
    for (size_t n = 0; n < b.count; n++) {
        omma_byte_reader r = {.at = b.at, .left = n};
        CHECK(omma_camera_take(&c, &r) == OMMA_FORMAT);
    }
    b.at[0] = 2; /* a model that is none */
    omma_byte_reader r = reader_of(&b);
    CHECK(omma_camera_take(&c, &r) == OMMA_FORMAT);
    omma_bytes_finish(&b);
}

int main(void)
{
    TEST(poses_and_cameras_come_back_to_the_bit);
    TEST(what_is_no_pose_is_refused);
    TEST(what_is_cut_is_refused);
    return check_done();
}
