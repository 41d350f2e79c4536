/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/slam.h>

#include "check.h"

enum { W = 48, H = 32 };

/* A camera that walks a circle of radius 2 m, looking inwards. */
static omma_se3 true_pose(int i, double rate)
{
    double angle = 0.3 * i / rate;
    omma_se3 pose = {.t = {2 * sin(angle), 0.1 * sin(5 * angle), -2 * cos(angle)}};
    omma_so3_exp((double[3]){0, -angle, 0}, pose.R);
    return pose;
}

static omma_frame *make_frame(int i, double rate)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, W, H));
    memset(f->plane[0], 0, (size_t)f->stride[0] * H);
    f->index = (uint64_t)i;
    f->time_ns = (int64_t)(i * 1e9 / rate);
    f->truth = calloc(1, sizeof *f->truth);
    omma_se3 pose = true_pose(i, rate);
    omma_se3_to_quaternion(&pose, f->truth->rotation);
    memcpy(f->truth->translation, pose.t, sizeof pose.t);
    f->truth->fx = 40, f->truth->fy = 41, f->truth->cx = 23.5, f->truth->cy = 15.5;
    CHECK_OK(omma_buffer_create(&f->truth->depth, W * H * sizeof(float)));
    for (int p = 0; p < W * H; p++)
        ((float *)f->truth->depth->data)[p] = (float)(i + 1);
    return f;
}

static omma_tracker *make_tracker(const omma_tracker_options *wish)
{
    omma_tracker_options options = *wish;
    options.backend = OMMA_TRACKER_SYNTHETIC;
    omma_tracker *t = NULL;
    CHECK_OK(omma_tracker_create(&t, NULL, &options));
    return t;
}

static omma_view push(omma_tracker *t, int i, double rate)
{
    const omma_update *u = NULL;
    omma_view none = {0};
    CHECK_OK(omma_tracker_push(t, make_frame(i, rate), &u));
    return u && u->view_count == 1 ? u->views[0] : none;
}

/* Runs n frames; position errors (n x 3) against the truth. Gives the length of the path. */
static double run(const omma_tracker_options *options, int n, double rate, double *error)
{
    omma_tracker *t = make_tracker(options);
    double path = 0;
    for (int i = 0; i < n; i++) {
        omma_view v = push(t, i, rate);
        omma_se3 got = omma_view_world_from_camera(&v), want = true_pose(i, rate);
        omma_se3 before = true_pose(i ? i - 1 : 0, rate);
        double d[3];
        for (int k = 0; k < 3; k++) {
            error[3 * i + k] = got.t[k] - want.t[k];
            d[k] = want.t[k] - before.t[k];
        }
        path += sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        CHECK_CLOSE(omma_so3_angle(got.R, want.R), 0, .abs = 1e-7);
    }
    omma_tracker_destroy(&t);
    return path;
}

static double length3(const double *v)
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

static void views_are_the_truth(void)
{
    double error[50 * 3];
    run(&(omma_tracker_options){.keyframe_every = 7}, 50, 30, error);
    for (int i = 0; i < 50; i++)
        CHECK_CLOSE(length3(error + 3 * i), 0, .abs = 1e-12);
}

static void keyframes_come_every_n_frames_and_bring_depth(void)
{
    omma_tracker *t = make_tracker(&(omma_tracker_options){.keyframe_every = 4});
    for (int i = 0; i < 10; i++) {
        omma_view v = push(t, i, 30);
        CHECK(v.frame_index == (uint64_t)i && v.has_pose && v.status == OMMA_STATUS_TRACKING);
        CHECK(v.is_keyframe == (i % 4 == 0));
        CHECK(v.keyframe == (uint32_t)(i / 4) && v.submap == 0);
        CHECK((v.depth != NULL) == v.is_keyframe);
        if (v.depth)
            CHECK_CLOSE(((float *)v.depth->data)[5], i + 1, .abs = 0);
        CHECK(v.camera.width == W && v.camera.height == H);
        CHECK_CLOSE(v.camera.fy, 41, .abs = 0);
        CHECK_CLOSE(v.world_from_keyframe.s, 1, .abs = 0);
    }
    omma_tracker_stats stats;
    omma_tracker_get_stats(t, &stats);
    CHECK(stats.frames == 10 && stats.keyframes == 3 && stats.submaps == 1);
    omma_tracker_destroy(&t);
}

static void drift_is_a_share_of_the_path_at_any_rate(void)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        for (double rate = 10; rate < 100; rate *= 4) {
            double error[160 * 3];
            int n = (int)(4 * rate);
            double path = run(&(omma_tracker_options){.drift = 0.02, .seed = seed}, n, rate, error);
            double last = length3(error + 3 * (n - 1));
            CHECK(last <= 0.02 * path + 1e-12);
            CHECK(last > 0.5 * 0.02 * path); /* 2.4 m are short against 10 m */
        }
    }
}

static void noise_is_white_and_as_strong_as_said(void)
{
    enum { N = 2000 };
    static double error[N * 3];
    run(&(omma_tracker_options){.noise_m = 0.05, .seed = 3}, N, 30, error);
    double square = 0, lag = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            square += error[3 * i + k] * error[3 * i + k];
            lag += i ? error[3 * i + k] * error[3 * i - 3 + k] : 0;
        }
    /* 6000 samples: the deviation is known to 1 / sqrt(12000) = 0.9 %, the correlation to 1.3 % */
    CHECK_CLOSE(sqrt(square / (N * 3)), 0.05, .rel = 0.04);
    CHECK_CLOSE(lag / square, 0, .abs = 0.06);
}

static void the_seed_decides(void)
{
    double a[30 * 3], b[30 * 3], c[30 * 3];
    omma_tracker_options options = {.noise_m = 0.05, .drift = 0.1, .seed = 3};
    run(&options, 30, 30, a);
    run(&options, 30, 30, b);
    options.seed = 4;
    run(&options, 30, 30, c);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK(memcmp(a, c, sizeof a) != 0);
}

static void broken_truth_is_refused(void)
{
    const omma_update *u = NULL;
    omma_tracker *t = make_tracker(&(omma_tracker_options){0});
    omma_frame *f = make_frame(0, 30);
    omma_buffer_unref(&f->truth->depth);
    free(f->truth);
    f->truth = NULL;
    CHECK(omma_tracker_push(t, f, &u) == OMMA_INVALID);

    f = make_frame(1, 30);
    f->truth->translation[1] = NAN;
    CHECK(omma_tracker_push(t, f, &u) == OMMA_INVALID);

    f = make_frame(2, 30);
    omma_buffer_unref(&f->truth->depth);
    CHECK_OK(omma_buffer_create(&f->truth->depth, W * H * sizeof(float) - 1));
    CHECK(omma_tracker_push(t, f, &u) == OMMA_INVALID);

    f = make_frame(3, 30);
    omma_buffer_unref(&f->truth->depth); /* no depth is no fault */
    CHECK_OK(omma_tracker_push(t, f, &u));
    CHECK(u->views[0].is_keyframe && u->views[0].depth == NULL);
    omma_tracker_destroy(&t);
}

int main(void)
{
    TEST(views_are_the_truth);
    TEST(keyframes_come_every_n_frames_and_bring_depth);
    TEST(drift_is_a_share_of_the_path_at_any_rate);
    TEST(noise_is_white_and_as_strong_as_said);
    TEST(the_seed_decides);
    TEST(broken_truth_is_refused);
    return check_done();
}
