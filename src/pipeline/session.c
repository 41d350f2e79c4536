/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "pipeline"
#include "session.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_NS 100000000
#define LEAST_SIZE  32 /* px; what a tracker takes */

/* ------------------------------------------------------------------------------------ create */

static omma_error fit_camera(omma_session *s, const omma_source_info *info)
{
    omma_camera *c = &s->camera;

    if (c->width < 1 || c->height < 1) {
        c->width = info->width;
        c->height = info->height;
    } else if (c->width != info->width || c->height != info->height) {
        const omma_camera given = *c;
        if (omma_camera_fit(c, info->width, info->height) != OMMA_OK)
            return omma_fail(
                OMMA_INVALID,
                "the camera is for %d x %d pictures and the input has %d x %d, another "
                "shape: give the camera of this input, or none to have it found",
                c->width, c->height, info->width, info->height);
        omma_info(s->log, "camera scaled from %d x %d to the input's %d x %d", given.width,
                  given.height, info->width, info->height);
    }
    s->options.tracker.camera = c;
    return omma_camera_check(c);
}

static omma_error choose_intrinsics(omma_session *s, const omma_source_info *info)
{
    omma_tracker_options *t = &s->options.tracker;

    if (t->camera)
        return fit_camera(s, info);
    if (s->options.fov_degrees != 0) {
        if (!(s->options.fov_degrees >= 1 && s->options.fov_degrees <= 170))
            return omma_fail(OMMA_INVALID,
                             "a horizontal field of view of %g degrees is not between 1 and 170",
                             s->options.fov_degrees);
        t->focal_hint_px = 0.5 * info->width / tan(s->options.fov_degrees * M_PI / 360);
    } else if (t->focal_hint_px == 0) {
        t->focal_hint_px = info->focal_px;
    }
    return OMMA_OK;
}

static void copy_options(omma_session *s, const omma_session_options *options)
{
    s->options = *options;
    s->input = strdup(options->input);
    s->options.input = s->input;
    if (options->journal)
        s->journal_path = strdup(options->journal);
    if (options->tracker.camera) {
        s->camera = *options->tracker.camera;
        s->options.tracker.camera = &s->camera;
    }
}

omma_error omma_session_create(omma_session **out, const omma_session_options *options,
                               const omma_log *log)
{
    if (!options || !options->input || !options->input[0])
        return omma_fail(OMMA_INVALID, "no input was given");
    omma_session *s = omma_new(omma_session);
    omma_error err;

    s->log = log;
    copy_options(s, options);
    err = omma_source_open(&s->source, s->input, &s->options.source, log);
    if (err)
        goto fail;
    const omma_source_info *info = omma_source_get_info(s->source);
    if (info->width < LEAST_SIZE || info->height < LEAST_SIZE) {
        err = omma_fail(OMMA_DEGENERATE,
                        "%s: pictures of %d x %d are too small to track, %d x %d is the least",
                        s->input, info->width, info->height, LEAST_SIZE, LEAST_SIZE);
        goto fail;
    }
    err = choose_intrinsics(s, info);
    if (err)
        goto fail;
    s->realtime = options->realtime || (info->live && !options->every_frame);
    s->options.tracker.realtime = s->realtime;
    err = omma_tracker_create(&s->tracker, log, &s->options.tracker);
    if (err)
        goto fail;
    s->map = omma_map_create();
    if (s->options.tracker.backend == OMMA_TRACKER_SYNTHETIC)
        omma_map_set_unit(s->map, "m");
    s->recent = recent_create();
    s->depth = depth_points_create();
    if (options->keep_depth && !(s->depths = depth_log_create())) {
        err = OMMA_FAILED; /* not the input's fault */
        goto fail;
    }
    *out = s;
    return OMMA_OK;

fail:
    omma_session_destroy(&s);
    return err;
}

void omma_session_destroy(omma_session **session)
{
    if (!session || !*session)
        return;
    omma_session *s = *session;
    *session = NULL;
    feed_stop(s);
    journal_remove(&s->journal);
    depth_points_destroy(&s->depth);
    depth_log_destroy(&s->depths);
    recent_destroy(&s->recent);
    omma_map_destroy(&s->map);
    omma_tracker_destroy(&s->tracker);
    omma_source_close(&s->source);
    free(s->loops);
    for (size_t i = 0; i < s->note_count; i++)
        free(s->notes[i]);
    free(s->notes);
    free(s->input);
    free(s->journal_path);
    free(s);
}

void session_note(omma_session *s, char *sentence)
{
    omma_grow((void **)&s->notes, &s->note_capacity, s->note_count + 1, sizeof(*s->notes));
    s->notes[s->note_count++] = sentence;
}

/* ---------------------------------------------------------------------------------- progress */

static void measure(omma_session *s)
{
    int64_t now_ns = omma_clock_now_ns();
    omma_tracker_stats stats = {0};

    omma_tracker_get_stats(s->tracker, &stats);
    s->wall_s = (double)(now_ns - s->start_ns) * 1e-9;
    s->cpu_s = (double)(omma_clock_cpu_ns() - s->start_cpu_ns) * 1e-9;
    s->now.keyframes = omma_map_keyframe_count(s->map);
    if (stats.points)
        depth_points_destroy(&s->depth); /* the tracker has better ones */
    s->now.points = stats.points ? stats.points : depth_points_count(s->depth);
    s->now.submaps = stats.submaps;
    s->now.dropped = s->queue ? omma_queue_dropped(s->queue) : s->now.dropped;
    s->now.damaged = omma_source_damaged(s->source);
    s->now.frames_per_s = s->wall_s > 0 ? (double)s->now.frames / s->wall_s : 0;
}

static void tell_progress(omma_session *s, bool last)
{
    int64_t now_ns = omma_clock_now_ns();

    if (!last && now_ns - s->last_progress_ns < PROGRESS_NS)
        return;
    s->last_progress_ns = now_ns;
    measure(s);
    if (s->options.progress)
        s->options.progress(s->options.user, &s->now);
}

/* ------------------------------------------------------------------------------------- fuse */

static void keep_picture(omma_session *s, const omma_view *v)
{
    char *name = NULL;
    omma_buffer *jpeg = recent_jpeg(s->recent, v->frame_index, &name);

    if (!jpeg)
        omma_debug(s->log, "no picture of keyframe %" PRIu32 " (frame %" PRIu64 ") is left",
                   v->keyframe, v->frame_index);
    if (s->journal)
        omma_map_changes_picture(journal_changes(s->journal), v->keyframe, jpeg, name);
    omma_map_set_picture(s->map, v->keyframe, jpeg, name);
    free(name);
}

static bool has_picture(const omma_map *map, const omma_view *v)
{
    for (size_t i = omma_map_keyframe_count(map); i-- > 0;) {
        omma_map_keyframe k = omma_map_get_keyframe(map, i);
        if (k.id == v->keyframe)
            return k.jpeg != NULL;
    }
    return false;
}

/* Depth without colours gets those of its picture, if that is still there. A sparse map keeps no
 * depth, not even a truth that was there for nothing. */
static void add_view(omma_session *s, const omma_view *v)
{
    omma_view colored = *v;

    if (!s->options.tracker.dense)
        colored.depth = NULL;
    const omma_frame *picture = recent_frame(s->recent, v->frame_index);
    if (v->is_keyframe && colored.depth && !v->depth_rgb && picture)
        colored.depth_rgb = omma_frame_grid_rgb(picture, v->depth_width, v->depth_height);
    omma_map_add_view(s->map, &colored);
    if (s->journal)
        omma_map_changes_view(journal_changes(s->journal), s->map, &colored);
    if (colored.depth_rgb != v->depth_rgb)
        omma_buffer_unref(&colored.depth_rgb);
}

static void log_depth(omma_session *s, const omma_view *v)
{
    depth_log_rehang(s->depths, s->map, v);
    if (v->depth && depth_log_add(s->depths, v) != OMMA_OK && s->missing_depth++ == 0)
        session_note(s, omma_text("the file of depth of frame %" PRIu64 " is missing, and perhaps "
                                  "others are: %s",
                                  v->frame_index, omma_why()));
}

static void fuse_view(omma_session *s, const omma_view *v)
{
    add_view(s, v);
    if (s->depths)
        log_depth(s, v);
    if (v->has_pose && v->is_keyframe) {
        if (s->options.pictures && !has_picture(s->map, v))
            keep_picture(s, v);
        if (s->depth)
            depth_points_add(s->depth, v, recent_frame(s->recent, v->frame_index));
    }
    if (v->has_pose)
        recent_set_posed(s->recent, v->frame_index);
}

static void log_update(journal *j, const omma_update *u)
{
    for (size_t i = 0; i < u->correction_count; i++)
        omma_map_changes_correct(journal_changes(j), &u->corrections[i]);
    for (size_t i = 0; i < u->removed_count; i++)
        omma_map_changes_remove(journal_changes(j), u->removed[i]);
}

static void fuse(omma_session *s, const omma_update *u)
{
    for (size_t i = 0; i < u->view_count; i++)
        fuse_view(s, &u->views[i]);
    for (size_t i = 0; i < u->correction_count; i++)
        omma_map_correct(s->map, &u->corrections[i]);
    for (size_t i = 0; i < u->removed_count; i++)
        omma_map_remove_keyframe(s->map, u->removed[i]);
    omma_grow((void **)&s->loops, &s->loop_capacity, s->loop_count + u->loop_count,
              sizeof(*s->loops));
    for (size_t i = 0; i < u->loop_count; i++)
        s->loops[s->loop_count++] = u->loops[i];
    if (s->journal)
        log_update(s->journal, u);
    if (u->view_count)
        s->now.status = u->views[u->view_count - 1].status;
    for (size_t i = 0; i < u->view_count; i++)
        s->now.tracked +=
            u->views[i].has_pose && (i + 1 == u->view_count || u->views[i].retroactive);
    if (s->now.tracked > s->now.frames)
        s->now.tracked = s->now.frames;
}

static void set_points(omma_map *map, const omma_sparse_map *sparse)
{
    omma_map_point *point = omma_new_array(omma_map_point, sparse->point_count);
    omma_map_observation *seen =
        omma_new_array(omma_map_observation, sparse->observation_count + 1);
    for (size_t i = 0; i < sparse->point_count; i++) {
        const omma_sparse_point *p = &sparse->points[i];
        point[i].submap = p->submap;
        point[i].error_px = p->error_px;
        memcpy(point[i].world, p->world, sizeof(p->world));
        memcpy(point[i].rgb, p->rgb, sizeof(p->rgb));
    }
    for (size_t i = 0; i < sparse->observation_count; i++) {
        const omma_sparse_observation *o = &sparse->observations[i];
        seen[i] = (omma_map_observation){o->keyframe, o->point, {o->px[0], o->px[1]}};
    }
    omma_map_set_points(map, point, sparse->point_count, seen, sparse->observation_count);
    free(seen);
    free(point);
}

/* The tracker's sparse map. any: whether there is one. */
static omma_error keep_sparse_points(omma_session *s, bool *any)
{
    omma_sparse_map sparse = {0};
    omma_error err = omma_tracker_points(s->tracker, &sparse);

    *any = sparse.point_count > 0;
    if (*any)
        set_points(s->map, &sparse);
    omma_sparse_map_finish(&sparse);
    return err;
}

/* Or what the depth of its keyframes gives. */
static omma_error keep_points(omma_session *s)
{
    bool any;
    omma_error err = keep_sparse_points(s, &any);

    if (!err && !any && s->depth)
        depth_points_give(s->depth, s->map);
    return err;
}

/* So that another clip can go on here; not every backend can. */
static omma_error keep_memory(omma_session *s, double scale)
{
    omma_buffer *memory = NULL;
    omma_error err = omma_tracker_save(s->tracker, scale, &memory);

    if (err == OMMA_UNSUPPORTED || err == OMMA_DEGENERATE)
        return OMMA_OK;
    if (!err)
        err = omma_map_set_memory(s->map, memory->data, memory->bytes);
    omma_buffer_unref(&memory);
    return err;
}

/* --------------------------------------------------------------------------------------- run */

/* Points and memory into the journal. What the tracker cannot tell yet is told later. */
static void make_checkpoint(omma_session *s)
{
    const int64_t since_ns = omma_clock_now_ns();
    bool any;

    if (keep_sparse_points(s, &any) == OMMA_OK && any && keep_memory(s, 1) == OMMA_OK)
        journal_checkpoint(s->journal, s->map, since_ns);
}

static omma_error track(omma_session *s, omma_frame *frame)
{
    const omma_update *update = NULL;
    int64_t cpu_ns;

    if (s->options.pictures || s->options.tracker.backend == OMMA_TRACKER_SYNTHETIC)
        recent_add(s->recent, frame);
    omma_error err = omma_tracker_push(s->tracker, frame, &update);
    if (err)
        return err;
    s->now.frames++;
    cpu_ns = omma_clock_thread_ns();
    fuse(s, update);
    if (s->journal && journal_wants_checkpoint(s->journal))
        make_checkpoint(s);
    if (s->journal)
        journal_hand_on(s->journal);
    s->fuse_cpu_s += (double)(omma_clock_thread_ns() - cpu_ns) * 1e-9;
    tell_progress(s, false);
    return OMMA_OK;
}

static omma_error track_all(omma_session *s)
{
    omma_error err = OMMA_OK;
    void *frame = NULL;

    while (!err && !atomic_load(&s->stops)) {
        omma_error popped = omma_queue_pop(s->queue, &frame, PROGRESS_NS);
        if (popped == OMMA_OK)
            err = track(s, frame);
        else if (popped == OMMA_AGAIN)
            tell_progress(s, false);
        else
            break;
    }
    return err;
}

static bool position_of(const omma_map *m, uint64_t frame, double out[3])
{
    for (size_t i = 0; i < omma_map_frame_count(m); i++) {
        omma_map_pose p = omma_map_get_pose(m, i);
        if (p.frame_index != frame)
            continue;
        memcpy(out, p.world_from_camera.t, sizeof(p.world_from_camera.t));
        return p.has_pose && p.submap == omma_map_main_submap(m);
    }
    return false;
}

static const char *unit_in_words(const omma_map *m)
{
    return strcmp(omma_map_unit(m), "m") == 0 ? "metres of its own" : "units";
}

/* Metres per unit, or 0. */
static double find_scale(omma_session *s)
{
    const omma_session_options *o = &s->options;
    double a[3], b[3];

    if (!(o->distance_m > 0))
        return o->scale;
    for (int i = 0; i < 2; i++)
        if (!position_of(s->map, o->distance_frame[i], i ? b : a)) {
            session_note(s, omma_text("frame %" PRIu64 " has no pose in the main map, so "
                                      "--known-distance has no effect: the map stays in %s",
                                      o->distance_frame[i], unit_in_words(s->map)));
            return 0;
        }
    const double d = sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                          (a[2] - b[2]) * (a[2] - b[2]));
    if (d > 0)
        return o->distance_m / d;
    session_note(s, omma_text("the camera did not move between frames %" PRIu64 " and %" PRIu64
                              ", so --known-distance has no effect: the map stays in %s",
                              o->distance_frame[0], o->distance_frame[1], unit_in_words(s->map)));
    return 0;
}

/* @return what it was multiplied with. */
static double scale_map(omma_session *s)
{
    const double scale = find_scale(s);
    if (!(scale > 0))
        return 1;
    omma_map_rescale(s->map, scale);
    omma_map_set_unit(s->map, "m");
    s->scaled_by = scale;
    return scale;
}

static omma_error finish_map(omma_session *s)
{
    const omma_update *update = NULL;
    omma_error err = omma_tracker_finish(s->tracker, &update);

    if (err)
        return err;
    fuse(s, update);
    err = keep_points(s);
    if (!err)
        err = keep_memory(s, scale_map(s));
    return err;
}

/* Why there is no map, in the order in which one would look. */
static omma_error no_reconstruction(const omma_session *s)
{
    uint64_t n = s->now.frames;

    if (n < 2 && !s->resumed.frames)
        return omma_fail(OMMA_DEGENERATE,
                         "%s has %" PRIu64 " picture%s, and a map needs several from different "
                         "places: give a video or more pictures",
                         s->input, n, n == 1 ? "" : "s");
    if (s->resumed.frames)
        return omma_fail(OMMA_DEGENERATE,
                         "none of the %" PRIu64
                         " frames of %s was recognised in the map, nor could "
                         "a part of its own begin with them: is it the same place?",
                         n, s->input);
    return omma_fail(OMMA_DEGENERATE,
                     "none of the %" PRIu64 " frames of %s could be placed: the camera must move "
                     "sideways through a textured, mostly still scene (turning on the spot or "
                     "standing still shows no depth)%s",
                     n, s->input, s->options.tracker.camera ? "" : "; a known --camera helps");
}

/* The worst that happened decides; every map that exists is kept. */
static omma_error verdict(omma_session *s, omma_error tracked, omma_error finished)
{
    if (tracked)
        return tracked;
    if (finished)
        return finished;
    if (s->decoder_error && s->decoder_error != OMMA_INTERRUPTED)
        return omma_fail(s->decoder_error, "%s", s->decoder_why);
    if (!s->now.frames && s->options.source.skip && !s->now.damaged && !atomic_load(&s->stops))
        return omma_fail(OMMA_INVALID, "%s: --skip %" PRIu64 " left no picture of it: it has fewer",
                         s->input, s->options.source.skip);
    if (!s->now.frames && !atomic_load(&s->stops))
        return omma_fail(OMMA_FORMAT,
                         "%s: not one picture could be read from it (%" PRIu64
                         " damaged): is the file whole?",
                         s->input, s->now.damaged);
    if (!s->now.tracked)
        return atomic_load(&s->stops)
                   ? omma_fail(OMMA_DEGENERATE,
                               "stopped after %" PRIu64 " frames, before the map "
                               "had begun",
                               s->now.frames)
                   : no_reconstruction(s);
    return atomic_load(&s->stops)
               ? omma_fail(OMMA_INTERRUPTED, "stopped after %" PRIu64 " frames", s->now.frames)
               : OMMA_OK;
}

/* A map without a journal is better than none. */
static void begin_journal(omma_session *s)
{
    if (s->journal_path && journal_create(&s->journal, s->journal_path, s->options.replace_journal,
                                          s->map, s->log) != OMMA_OK)
        omma_warn(s->log, "%s: a crash would lose the map", omma_why());
}

omma_error omma_session_run(omma_session *s)
{
    char why[400] = "";
    omma_error tracked, finished;

    s->start_ns = omma_clock_now_ns();
    s->start_cpu_ns = omma_clock_cpu_ns();
    s->now.expected = omma_source_get_info(s->source)->frames;
    begin_journal(s);
    tracked = feed_start(s);
    if (!tracked)
        tracked = track_all(s);
    if (tracked)
        strncat(why, omma_why(), sizeof(why) - 1);
    measure(s);
    feed_stop(s);
    finished = finish_map(s);
    s->now.tracked = omma_session_posed(s);
    tell_progress(s, true);
    if (tracked)
        omma_fail(tracked, "%s", why);
    return verdict(s, tracked, finished);
}

void omma_session_stop(omma_session *s)
{
    atomic_fetch_add(&s->stops, 1);
    omma_source_stop(s->source);
}

omma_map *omma_session_map(omma_session *s)
{
    return s->map;
}

uint64_t omma_session_posed(const omma_session *s)
{
    uint64_t posed = 0;
    for (size_t i = omma_map_frame_count(s->map); i-- > s->resumed.frames;)
        posed += omma_map_get_pose(s->map, i).has_pose;
    return posed;
}

const omma_source_info *omma_session_source(const omma_session *s)
{
    return omma_source_get_info(s->source);
}

void omma_session_stats(const omma_session *s, omma_tracker_stats *out)
{
    omma_tracker_get_stats(s->tracker, out);
}
