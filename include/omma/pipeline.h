/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pipeline: joins the rooms. A session reads a source, tracks it and keeps the map; then its files
 * are written. It owns the threads and the queues: decoding runs ahead of tracking on its own
 * thread.
 *
 *   omma_session_create -> omma_session_run -> omma_session_write (and _map, _report) -> _destroy
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
    const char *input; /* source URL; required; copied */
    omma_source_options source;
    /* camera is copied. One of another size than the input is scaled when the shape is the same;
     * one without a size (width and height 0) is taken to have the input's. */
    omma_tracker_options tracker;
    double fov_degrees; /* horizontal field of view: a first guess of the focal length; 0 = none */
    bool realtime;      /* keep up with the source's clock: frames that come too late are dropped.
                           Live sources do so anyway, */
    bool every_frame;   /* unless this asks them to wait */
    bool pictures;      /* keep a JPEG of every keyframe */
    bool keep_depth;    /* keep depth (tracker.dense) for the files of omma_outputs.depth */
    /* A file that is appended to while the map is made, so that a process that is killed leaves a
     * map (omma_map_open reads it); NULL = none. Its folder is made; it goes when the map's files
     * are written, and with the session. */
    const char *journal;
    bool replace_journal; /* one that an earlier session left */
    /* The finished map in metres: units times scale, or made so that the camera stood distance_m
     * apart in two frames; 0 = stays in units. Without a pose for one of the two frames it stays in
     * units, with a warning. */
    double scale;
    uint64_t distance_frame[2];
    double distance_m;
    /* called on the caller's thread about ten times a second and at the end; may be NULL */
    void (*progress)(void *user, const omma_progress *progress);
    void *user;
} omma_session_options;

/** Thread-safe: one thread at a time; stop: any thread, signal-safe. */
typedef struct omma_session omma_session;

/** Opens the source and the tracker.
 *  @return as omma_source_open and omma_tracker_create; OMMA_INVALID (the camera's shape is not the
 *          input's); OMMA_DEGENERATE (pictures too small to track); OMMA_FAILED (no
 *          temporary file for depth). */
omma_error omma_session_create(omma_session **out, const omma_session_options *options,
                               const omma_log *log);
void omma_session_destroy(omma_session **s);

/** Goes on in a map of another clip of the same place, before omma_session_run: the map's camera is
 *  taken, numbers and times of frames go on behind its last, and its place and unit stay.
 *  @param map taken, whatever is returned
 *  @return OMMA_OK; OMMA_FORMAT (it does not hold what the tracker knew, or that is damaged);
 *  OMMA_INVALID (pictures of another size, another camera, a scale for a map in metres);
 *  OMMA_UNSUPPORTED (backend), OMMA_NO_MEMORY. After a failure the session is good for nothing. */
omma_error omma_session_resume(omma_session *s, omma_map *map);

/** Runs until the source ends or stop is called; the map is complete afterwards either way, and
 *  after a source error too: what was seen before it is in the map. Once per session.
 *  @return OMMA_OK; OMMA_INTERRUPTED (stopped; the map so far is good); OMMA_DEGENERATE (no
 *          reconstruction was possible: omma_why() says what was missing); source errors. */
omma_error omma_session_run(omma_session *s);

/** Ends run; called once more, it also abandons a write that is under way. */
void omma_session_stop(omma_session *s);

/** Borrowed. */
omma_map *omma_session_map(omma_session *s);
const omma_source_info *omma_session_source(const omma_session *s);
/** Frames of this session that have a pose. */
uint64_t omma_session_posed(const omma_session *s);
/** The tracker's own numbers so far. */
void omma_session_stats(const omma_session *s, omma_tracker_stats *out);
/** What happened, as the JSON text of report.json (docs/report.md). Given: free(). */
char *omma_session_report(omma_session *s);

/** What the journal of a map is called, in the map's folder. */
#define OMMA_JOURNAL_NAME "map.omma.partial"

typedef struct omma_outputs {
    const char *folder; /* made when missing; required */
    bool replace;       /* may replace files that are there; of pictures only an earlier map's */
    bool no_colmap, no_transforms, no_pictures;
    size_t max_points; /* of cloud.ply; 0 = 2,000,000 */
    bool depth;        /* depth/NNNNNN.npy or .png of what the session kept */
    omma_depth_format depth_format;
    bool colmap_depth; /* COLMAP's depth maps, in colmap/stereo/ */
    bool mesh;         /* mesh.ply */
    const char *input; /* what is mapped, for omma_outputs_check; may be NULL */
} omma_outputs;

/** Whether omma_session_write could begin: nothing of its own is there already (unless it may be
 *  replaced) and the folder, or the nearest one above it, can be written to. Makes nothing.
 *  @return OMMA_OK; OMMA_EXISTS, OMMA_DENIED, OMMA_IO, OMMA_INVALID (pictures would fall among the
 *          input's own); omma_why() names the file. */
omma_error omma_outputs_check(const omma_outputs *outputs);

/**
 * Writes trajectory.txt, cloud.ply, map.omma, colmap/, transforms.json, images/, report.json, and
 * what else is asked for (docs/formats.md). Everything is written beside first and moved in place
 * at the end: on any failure nothing of it stays and an old map is as it was. A map that is
 * replaced goes with all the files that its report.json names.
 * @return OMMA_OK; OMMA_EXISTS (one of them is there already and may not be replaced), OMMA_DENIED,
 *         OMMA_FULL, OMMA_IO; OMMA_INVALID (pictures would fall on the input's own);
 *         OMMA_INTERRUPTED.
 */
omma_error omma_session_write(omma_session *s, const omma_outputs *outputs);

/** Names and versions of the libraries in use, "omma 0.1.0\nffmpeg 5.1.6-0+deb12u1\n...". Given:
 *  free(). */
char *omma_library_versions(void);

#ifdef __cplusplus
}
#endif
