/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pipeline: joins the rooms. A session reads a source, tracks it and keeps the map; then its files are
 * written. It owns the threads and the queues: decoding runs ahead of tracking on its own thread.
 */
#pragma once

#include <omma/base.h>
#include <omma/geometry.h>
#include <omma/map.h>
#include <omma/media.h>
#include <omma/slam.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct omma_progress {
    uint64_t frames, expected; /* expected 0 = unknown */
    uint64_t tracked, keyframes, points, submaps, dropped, damaged;
    omma_status status;
    double frames_per_s;
} omma_progress;

typedef struct omma_session_options {
    const char *input; /* source URL; required */
    omma_source_options source;
    omma_tracker_options tracker;
    bool realtime; /* keep up with the source's clock: frames that come too late are dropped */
    bool pictures; /* keep a JPEG of every keyframe */
    /* called on the caller's thread about ten times a second and at the end; may be NULL */
    void (*progress)(void *user, const omma_progress *progress);
    void *user;
} omma_session_options;

/** Thread-safe: one thread at a time; stop: any thread, signal-safe. */
typedef struct omma_session omma_session;

/** Opens the source and the tracker. @return as omma_source_open and omma_tracker_create. */
omma_error omma_session_create(omma_session **out, const omma_session_options *options,
                               const omma_log *log);
void omma_session_destroy(omma_session **s);

/** Runs until the source ends or stop is called; the map is complete afterwards either way.
 *  @return OMMA_OK; OMMA_INTERRUPTED (stopped; the map so far is good); OMMA_DEGENERATE (no
 *          reconstruction was possible: omma_why() says what was missing); source errors. */
omma_error omma_session_run(omma_session *s);
void omma_session_stop(omma_session *s);

/** Borrowed. */
omma_map *omma_session_map(omma_session *s);
const omma_source_info *omma_session_source(const omma_session *s);
/** What happened, as the JSON text of report.json (docs/report.md). Given: free(). */
char *omma_session_report(omma_session *s);

typedef struct omma_outputs {
    const char *folder; /* made when missing; required */
    bool replace;       /* may replace files that are there */
    bool no_colmap, no_transforms, no_pictures;
} omma_outputs;

/** Writes trajectory.txt, cloud.ply, colmap/, transforms.json, images/, report.json. Nothing is written when one of
 *  them is there already and may not be replaced. */
omma_error omma_session_write(omma_session *s, const omma_outputs *outputs);

#ifdef __cplusplus
}
#endif
