/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share of a session. */
#pragma once

#include <omma/pipeline.h>

#include "depth_log.h"
#include "depth_points.h"
#include "journal.h"
#include "recent.h"

#include <stdatomic.h>

/* What was there before this clip; zeros: nothing. */
typedef struct resumed_map {
    uint64_t frames, keyframes;
    size_t landmark;     /* a frame of its main submap: where that is now */
    uint64_t next_index; /* the first frame's number here, and its time */
    int64_t next_ns;
} resumed_map;

struct omma_session {
    const omma_log *log;
    omma_session_options options; /* input and tracker.camera point to our own copies */
    char *input, *journal_path;
    omma_camera camera;
    bool realtime; /* what was decided */

    omma_source *source;
    omma_tracker *tracker;
    omma_map *map;
    resumed_map resumed;
    recent_frames *recent;
    depth_points *depth;
    journal *journal;  /* NULL: not wanted, or impossible */
    depth_log *depths; /* NULL: no files of depth are wanted */

    /* Between the decoder's thread and the caller's. */
    omma_queue *queue;
    omma_thread *decoder;
    omma_error decoder_error; /* written by the decoder before it closes the queue */
    char decoder_why[400];
    double decoder_cpu_s;
    atomic_int stops; /* how often stop was called */

    omma_progress now;
    int64_t start_ns, start_cpu_ns, last_progress_ns;
    double wall_s, cpu_s;
    omma_loop *loops; /* closed so far */
    size_t loop_count, loop_capacity;
    size_t cloud_points; /* of cloud.ply, when it is made of depth */
    double cloud_voxel;
    size_t max_points; /* that cloud.ply was to have; 0 = the default */
    double scaled_by;  /* what the map was multiplied with in the end; 0 = not */
    char **notes;      /* warnings of its own, for the report */
    size_t note_count, note_capacity, missing_depth;
    double fuse_cpu_s; /* what the caller's thread spent outside the tracker */
};

/* One more sentence under the report's warnings (taken). */
void session_note(omma_session *s, char *sentence);

/* feed.c: the decoder's thread. start makes the queue; stop ends the thread and empties the queue.
 */
omma_error feed_start(omma_session *s);
void feed_stop(omma_session *s);
