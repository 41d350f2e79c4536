/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/pipeline.h>

#include <check.h>
#include <errno.h>
#include <scratch.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM "synthetic:room?frames=21&size=96x64"

static omma_session_options room(void)
{
    return (omma_session_options){
        .input = ROOM, .tracker = {.backend = OMMA_TRACKER_SYNTHETIC}, .pictures = true};
}

typedef struct watcher {
    omma_session *session;
    uint64_t calls, last_frames, stop_at;
    bool grows;
} watcher;

static void watch(void *user, const omma_progress *p)
{
    watcher *w = user;
    w->calls++;
    w->grows = w->grows && p->frames >= w->last_frames && p->tracked <= p->frames;
    w->last_frames = p->frames;
    if (w->stop_at && p->frames >= w->stop_at)
        omma_session_stop(w->session);
}

static void a_session_maps_every_frame(void)
{
    omma_session_options options = room();
    omma_session *s = NULL;
    watcher w = {.grows = true};

    options.progress = watch;
    options.user = &w;
    CHECK_OK(omma_session_create(&s, &options, NULL));
    CHECK(omma_session_source(s)->width == 96);
    CHECK_OK(omma_session_run(s));
    const omma_map *map = omma_session_map(s);
    CHECK(omma_map_frame_count(map) == 21);
    CHECK(omma_map_keyframe_count(map) == 3);
    CHECK(omma_map_point_count(map) > 1000);
    for (size_t i = 0; i < omma_map_keyframe_count(map); i++)
        CHECK(omma_map_get_keyframe(map, i).jpeg != NULL);
    CHECK(w.calls > 0 && w.grows && w.last_frames == 21);
    char *report = omma_session_report(s);
    CHECK(strstr(report, "\"coverage\":\t1,") != NULL);
    free(report);
    omma_session_destroy(&s);
    CHECK(s == NULL);
    omma_session_destroy(&s);
}

/* After each frame the journal, which a thread writes, holds it; before long. */
typedef struct reader {
    const char *journal;
    uint64_t frames;
} reader;

static size_t frames_in(const char *journal)
{
    omma_map *m = NULL;
    size_t frames = 0;

    if (omma_map_open(&m, journal, 0, NULL) == OMMA_OK) {
        CHECK(omma_map_is_unfinished(m));
        frames = omma_map_frame_count(m);
    }
    omma_map_destroy(&m);
    return frames;
}

static void read_journal(void *user, const omma_progress *p)
{
    reader *r = user;
    const int64_t until = omma_clock_now_ns() + 20000000000;

    while (frames_in(r->journal) < p->frames && omma_clock_now_ns() < until)
        omma_sleep_until_ns(omma_clock_now_ns() + 1000000);
    r->frames = frames_in(r->journal);
    CHECK(r->frames >= p->frames);
}

static void a_journal_holds_every_frame_at_once(void)
{
    char *folder = scratch_make(), *out = omma_text("%s/out", folder);
    char *path = omma_text("%s/" OMMA_JOURNAL_NAME, out);
    omma_session_options options = room();
    omma_session *s = NULL;
    reader r = {.journal = path};

    options.journal = path;
    options.progress = read_journal;
    options.user = &r;
    CHECK_OK(omma_session_create(&s, &options, NULL));
    CHECK_OK(omma_session_run(s));
    CHECK(r.frames == 21 && frames_in(path) == 21);
    CHECK_OK(omma_session_write(s, &(omma_outputs){.folder = out}));
    CHECK(frames_in(path) == 0 && omma_why()[0]);
    CHECK(access(path, F_OK) != 0 && errno == ENOENT);
    omma_session_destroy(&s);

    options.journal = path; /* without an end in order: it goes with the session */
    CHECK_OK(omma_session_create(&s, &options, NULL));
    CHECK_OK(omma_session_run(s));
    CHECK(access(path, F_OK) == 0);
    omma_session_destroy(&s);
    CHECK(access(path, F_OK) != 0);
    free(path);
    free(out);
    scratch_remove(folder);
}

static void a_stopped_session_keeps_its_map(void)
{
    omma_session_options options = room();
    watcher w = {.stop_at = 3, .grows = true};

    options.input = "synthetic:room?frames=400&size=96x64";
    options.realtime = true; /* so that it lasts */
    options.progress = watch;
    options.user = &w;
    CHECK_OK(omma_session_create(&w.session, &options, NULL));
    CHECK(omma_session_run(w.session) == OMMA_INTERRUPTED);
    size_t frames = omma_map_frame_count(omma_session_map(w.session));
    CHECK(frames >= 3 && frames < 400);
    omma_session_destroy(&w.session);
}

static void a_session_may_go_without_having_run(void)
{
    omma_session_options options = room();
    omma_session *s = NULL;
    CHECK_OK(omma_session_create(&s, &options, NULL));
    omma_session_destroy(&s);
}

static omma_error with_camera(omma_camera camera)
{
    omma_session_options options = room();
    omma_session *s = NULL;
    options.tracker.camera = &camera;
    omma_error err = omma_session_create(&s, &options, NULL);
    omma_session_destroy(&s);
    return err;
}

static void the_camera_must_fit_the_pictures(void)
{
    omma_camera c = {.width = 96, .height = 64, .fx = 80, .fy = 80, .cx = 47.5, .cy = 31.5};
    CHECK_OK(with_camera(c));
    c.width = 960;
    c.height = 640;
    c.fx = c.fy = 800;
    CHECK_OK(with_camera(c));
    c.height = 720;
    CHECK(with_camera(c) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "960 x 720") != NULL);
    c.width = c.height = 0; /* the input's */
    CHECK_OK(with_camera(c));
    c.fx = NAN;
    CHECK(with_camera(c) == OMMA_INVALID);
}

static void a_scaled_camera_sees_the_same_rays(void)
{
    omma_camera large = {
        .width = 960, .height = 640, .fx = 800, .fy = 810, .cx = 470, .cy = 330, .k = {0.1, -0.05}};
    omma_session_options options = {.input = ROOM, .tracker.camera = &large};
    omma_session *s = NULL;
    omma_tracker_stats stats = {0};

    CHECK_OK(omma_session_create(&s, &options, NULL));
    omma_session_run(s); /* a map or none: the tracker has taken the camera */
    omma_session_stats(s, &stats);
    CHECK(stats.camera.width == 96 && stats.camera.height == 64);
    /* The corner of a picture is half a pixel outside the centre of its first pixel. */
    double corner_large[2] = {-0.5, 639.5}, corner_small[2] = {-0.5, 63.5}, a[2], b[2];
    CHECK(omma_camera_unproject(&large, corner_large, a));
    CHECK(omma_camera_unproject(&stats.camera, corner_small, b));
    CHECK_ARRAY_CLOSE(b, a, 2, .abs = 1e-9);
    omma_session_destroy(&s);
}

static void wrong_inputs_are_refused(void)
{
    omma_session_options options = room();
    omma_session *s = NULL;

    CHECK(omma_session_create(&s, NULL, NULL) == OMMA_INVALID);
    options.input = "/nowhere/at/all.mp4";
    CHECK(omma_session_create(&s, &options, NULL) == OMMA_NOT_FOUND);
    options.input = "synthetic:room?frames=3&size=24x24";
    CHECK(omma_session_create(&s, &options, NULL) == OMMA_DEGENERATE);
    options.input = ROOM;
    options.fov_degrees = 179;
    CHECK(omma_session_create(&s, &options, NULL) == OMMA_INVALID);
    CHECK(s == NULL);
}

static bool is_there(const char *folder, const char *name)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return stat(path, &st) == 0;
}

static void files_come_all_or_not_at_all(void)
{
    char *folder = scratch_make(), out[300];
    omma_session_options options = room();
    omma_session *s = NULL;

    snprintf(out, sizeof(out), "%s/a/b", folder);
    CHECK_OK(omma_session_create(&s, &options, NULL));
    CHECK_OK(omma_session_run(s));
    omma_outputs outputs = {.folder = out};
    CHECK_OK(omma_outputs_check(&outputs));
    CHECK(!is_there(folder, "a")); /* looking makes nothing */
    CHECK_OK(omma_session_write(s, &outputs));
    CHECK(is_there(out, "report.json") && is_there(out, "colmap/images.bin"));
    CHECK(omma_outputs_check(&outputs) == OMMA_EXISTS);
    CHECK(omma_session_write(s, &outputs) == OMMA_EXISTS);
    outputs.replace = true;
    CHECK_OK(omma_session_write(s, &outputs));
    /* Stopped once: the map so far is written. Twice: nothing is. */
    snprintf(out, sizeof(out), "%s/c", folder);
    outputs.replace = false;
    omma_session_stop(s);
    omma_session_stop(s);
    CHECK(omma_session_write(s, &outputs) == OMMA_INTERRUPTED);
    CHECK(!is_there(folder, "c"));
    omma_session_destroy(&s);
    scratch_remove(folder);
}

int main(void)
{
    TEST(a_session_maps_every_frame);
    TEST(a_journal_holds_every_frame_at_once);
    TEST(a_stopped_session_keeps_its_map);
    TEST(a_session_may_go_without_having_run);
    TEST(the_camera_must_fit_the_pictures);
    TEST(a_scaled_camera_sees_the_same_rays);
    TEST(wrong_inputs_are_refused);
    TEST(files_come_all_or_not_at_all);
    return check_done();
}
