/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Depth on a thread of its own: jobs go in, finished maps come out in the order of the jobs. A job
 * is a snapshot: nothing that the tracker does afterwards changes what comes out.
 *
 * A map is compared with those of its neighbours before it is handed out, so it comes when the jobs
 * behind it have been done.
 */
#pragma once

#include "dense.h"

enum {
    DENSE_EARLIER = 8, /* maps kept for comparison */
    DENSE_WAITING = 6  /* jobs that may wait */
};

/** A picture, where it was taken, and the reference that keeps its pixels. */
typedef struct dense_shot {
    uint32_t frame;
    omma_pyramid picture;
    omma_camera camera;
    omma_se3 camera_from_world;
    double turn[3], readout;     /* as in dense_view */
    int grid_width, grid_height; /* of a result for this picture */
    omma_buffer *rgb;            /* the picture's colours in that grid, 3 bytes each */
} dense_shot;

/** The same picture held once more. */
dense_shot dense_shot_ref(const dense_shot *s);
void dense_shot_unref(dense_shot *s);

/** Where an earlier target stands by now. */
typedef struct dense_standing {
    uint32_t frame;
    omma_se3 camera_from_world;
} dense_standing;

typedef struct dense_job {
    dense_shot target;
    dense_shot neighbour[DENSE_MAX_NEIGHBOURS];
    size_t neighbours;
    dense_seed *seeds; /* owned */
    size_t seed_count;
    /* Earlier targets that share this one's world; those not named are not compared with. */
    dense_standing earlier[DENSE_EARLIER];
    size_t earlier_count;
    double unit; /* handed through: of the target's keyframe, world / keyframe */
} dense_job;

/** Depth in the target's own picture grid; width 0 when there is none (no parallax, too few
 * points). */
typedef struct dense_result {
    uint32_t frame;
    int width, height;
    omma_buffer *depth, *error; /* floats; owned */
    omma_buffer *rgb;           /* the target's; owned */
    double unit;                /* the job's */
} dense_result;

void dense_result_finish(dense_result *r);

typedef struct dense_worker_options {
    bool realtime; /* under pressure depth gets coarser, and at last the oldest job is dropped;
                      otherwise dense_worker_push waits */
} dense_worker_options;

/** push, pop and flush: one thread, the tracker's. */
typedef struct dense_worker dense_worker;

/** @return OMMA_OK (*out given: dense_worker_destroy); OMMA_FAILED (no thread). */
omma_error dense_worker_create(dense_worker **out, const dense_worker_options *o);
/** What is still to be done is not done. */
void dense_worker_destroy(dense_worker **w);
/** job is taken with all that it holds. */
void dense_worker_push(dense_worker *w, const dense_job *job);
/** @return whether *out was given: dense_result_finish. */
bool dense_worker_pop(dense_worker *w, dense_result *out);
/** No more jobs: returns when all results can be popped. */
void dense_worker_flush(dense_worker *w);
/** CPU time of the thread so far, and the jobs it did. */
void dense_worker_spent(dense_worker *w, int64_t *cpu_ns, uint64_t *jobs);
