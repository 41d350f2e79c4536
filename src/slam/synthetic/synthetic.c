/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every frame's true pose, as a view that hangs on the latest keyframe; every keyframe, and every
 * n-th frame if one likes, with the true depth. Two faults can be put in, both repeatable by the
 * seed: drift, an error that grows with the path and never shrinks by itself, and white noise that
 * forgets from frame to frame.
 */
#define OMMA_MODULE "slam"
#include "synthetic.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Drift keeps its direction over about this many metres. */
#define DRIFT_TURN_M 10.0

typedef struct synthetic {
    const omma_log *log;
    uint64_t seed;
    double drift, noise_m;
    int keyframe_every;
    unsigned depth_every; /* 0 = keyframes only */

    uint64_t frames, keyframes;
    double last_position[3];   /* true, of the frame before */
    double drift_direction[3]; /* unit */
    double drift_offset[3];    /* m */
    omma_se3 world_from_keyframe;

    omma_view view;
    omma_update update;
} synthetic;

static double norm3(const double v[3])
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* Adds normal noise to a unit vector and makes it unit again; a zero vector becomes a random one.
 */
static void wander(double direction[3], double sigma, uint64_t *seed)
{
    double v[3], length;
    do {
        for (int i = 0; i < 3; i++)
            v[i] = direction[i] + sigma * omma_random_normal(seed);
        length = norm3(v);
    } while (length < 1e-9);
    for (int i = 0; i < 3; i++)
        direction[i] = v[i] / length;
}

/*
 * A correlated random walk: a step of d m adds drift * d m along a direction that itself does a
 * random walk on the sphere. So the error is never more than drift times the path, is about that
 * much as long as the path is short against DRIFT_TURN_M, and does not depend on the frame rate.
 */
static void add_drift(synthetic *s, const double position[3])
{
    double step[3];
    for (int i = 0; i < 3; i++)
        step[i] = s->frames ? position[i] - s->last_position[i] : 0;
    double d = norm3(step);

    if (d > 0)
        wander(s->drift_direction, sqrt(d / DRIFT_TURN_M), &s->seed);
    for (int i = 0; i < 3; i++) {
        s->drift_offset[i] += s->drift * d * s->drift_direction[i];
        s->last_position[i] = position[i];
    }
}

static omma_error check_truth(const omma_frame *f)
{
    const omma_truth *truth = f->truth;
    if (!truth)
        return omma_fail(OMMA_INVALID,
                         "synthetic tracker: frame %" PRIu64
                         " carries no truth (only synthetic: sources do)",
                         f->index);
    double sum = truth->fx + truth->fy + truth->cx + truth->cy;
    for (int i = 0; i < 4; i++)
        sum += truth->rotation[i] + (i < 3 ? truth->translation[i] : 0);
    if (!isfinite(sum) || !(truth->fx > 0 && truth->fy > 0))
        return omma_fail(OMMA_INVALID,
                         "synthetic tracker: the truth of frame %" PRIu64 " is broken", f->index);
    size_t need = (size_t)f->width * (size_t)f->height * sizeof(float);
    if (truth->depth && (!truth->depth->data || truth->depth->bytes < need))
        return omma_fail(OMMA_INVALID,
                         "synthetic tracker: the depth of frame %" PRIu64 " is not %d x %d floats",
                         f->index, f->width, f->height);
    return OMMA_OK;
}

static omma_se3 disturbed_pose(synthetic *s, const omma_truth *truth)
{
    omma_se3 pose = omma_se3_from_quaternion(truth->rotation, truth->translation);
    add_drift(s, truth->translation);
    for (int i = 0; i < 3; i++)
        pose.t[i] += s->drift_offset[i] + s->noise_m * omma_random_normal(&s->seed);
    return pose;
}

static omma_camera camera_of(const omma_frame *f)
{
    return (omma_camera){.model = OMMA_CAMERA_PINHOLE,
                         .width = f->width,
                         .height = f->height,
                         .fx = f->truth->fx,
                         .fy = f->truth->fy,
                         .cx = f->truth->cx,
                         .cy = f->truth->cy};
}

static void make_view(synthetic *s, const omma_frame *f)
{
    omma_se3 world_from_camera = disturbed_pose(s, f->truth);
    bool is_keyframe = s->frames % (uint64_t)s->keyframe_every == 0;
    if (is_keyframe) {
        s->world_from_keyframe = world_from_camera;
        s->keyframes++;
    }
    omma_se3 keyframe_from_world = omma_se3_inverse(&s->world_from_keyframe);
    const bool has_depth = is_keyframe || (s->depth_every && f->index % s->depth_every == 0);

    s->view = (omma_view){
        .frame_index = f->index,
        .time_ns = f->time_ns,
        .status = OMMA_STATUS_TRACKING,
        .has_pose = true,
        .is_keyframe = is_keyframe,
        .keyframe = (uint32_t)(s->keyframes - 1),
        .keyframe_from_camera = is_keyframe
                                    ? omma_se3_identity()
                                    : omma_se3_mul(&keyframe_from_world, &world_from_camera),
        .world_from_keyframe = omma_sim3_from_se3(&s->world_from_keyframe, 1),
        .camera = camera_of(f),
        .depth_width = f->width,
        .depth_height = f->height,
        .depth = has_depth ? omma_buffer_ref(f->truth->depth) : NULL,
    };
}

static void forget_view(synthetic *s)
{
    omma_buffer_unref(&s->view.depth);
    s->update = (omma_update){0};
}

static omma_error push(void *self, omma_frame *frame, const omma_update **out)
{
    synthetic *s = self;
    forget_view(s);

    omma_error err = check_truth(frame);
    if (!err) {
        make_view(s, frame);
        s->frames++;
        s->update = (omma_update){.views = &s->view, .view_count = 1};
        *out = &s->update;
    }
    omma_frame_unref(&frame);
    return err;
}

static omma_error finish(void *self, const omma_update **out)
{
    synthetic *s = self;
    forget_view(s);
    omma_debug(s->log, "synthetic tracker: drifted %.4f m", norm3(s->drift_offset));
    *out = &s->update;
    return OMMA_OK;
}

static void get_stats(const void *self, omma_tracker_stats *out)
{
    const synthetic *s = self;
    out->frames = s->frames;
    out->keyframes = s->keyframes;
    out->submaps = s->frames ? 1 : 0;
    out->camera = s->view.camera;
}

static void destroy(void *self)
{
    synthetic *s = self;
    forget_view(s);
    free(s);
}

omma_error synthetic_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options)
{
    static const tracker_backend functions = {
        .push = push, .finish = finish, .get_stats = get_stats, .destroy = destroy};

    synthetic *s = omma_new(synthetic);
    s->log = log;
    s->seed = options->seed;
    s->drift = options->drift;
    s->noise_m = options->noise_m;
    s->keyframe_every = options->keyframe_every ? options->keyframe_every : 10;
    s->depth_every = options->depth_every;
    wander(s->drift_direction, 1, &s->seed);
    *self = s;
    *backend = &functions;
    return OMMA_OK;
}
