/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker without weights on embedded scenes, through the public calls only: what it finds, and
 * what it must not invent. An argument names the one test to run. */
#include <omma/map.h>
#include <omma/media.h>
#include <omma/slam.h>

#include "check.h"

enum { W = 320, H = 240, MOST = 240 };
#define DEPTH_ERROR 0.02

/* Pictures with the pose of each. */
typedef struct clip {
    omma_frame *frame[MOST]; /* grey */
    omma_se3 world_from_camera[MOST];
    omma_buffer *depth[MOST]; /* true, floats */
    omma_camera camera;
    size_t n;
} clip;

static clip clip_read_every(const char *url, uint64_t step, size_t n)
{
    clip c = {0};
    omma_source *source = NULL;
    omma_frame *f = NULL;

    CHECK_OK(
        omma_source_open(&source, url, &(omma_source_options){.limit = n, .step = step}, NULL));
    while (source && c.n < n && omma_source_read(source, &f) == OMMA_OK) {
        const omma_truth *t = f->truth;
        c.camera = (omma_camera){
            .width = W, .height = H, .fx = t->fx, .fy = t->fy, .cx = t->cx, .cy = t->cy};
        c.world_from_camera[c.n] = omma_se3_from_quaternion(t->rotation, t->translation);
        c.depth[c.n] = omma_buffer_ref(t->depth);
        CHECK_OK(omma_frame_create(&c.frame[c.n], OMMA_FORMAT_GRAY8, W, H));
        CHECK_OK(omma_frame_convert(c.frame[c.n++], f));
        omma_frame_unref(&f);
    }
    CHECK(c.n == n);
    omma_source_close(&source);
    return c;
}

static clip clip_read(const char *url, size_t n)
{
    return clip_read_every(url, 1, n);
}

static void clip_free(clip *c)
{
    for (size_t i = 0; i < c->n; i++) {
        omma_frame_unref(&c->frame[i]);
        omma_buffer_unref(&c->depth[i]);
    }
}

/* All that a tracker said, the latest word on each frame. */
typedef struct run {
    omma_tracker *tracker;
    size_t n;
    omma_view view[MOST];
    omma_view live[MOST]; /* what was said at once */
    omma_sim3 world_from_keyframe[MOST];
    bool removed[MOST];
    size_t removals, loops, joins;
    omma_view depth[MOST]; /* the latest view of each frame that brought depth; with references */
    omma_tracker_stats stats;
} run;

static void run_begin(run *r, const omma_tracker_options *options)
{
    *r = (run){0};
    CHECK_OK(omma_tracker_create(&r->tracker, NULL, options));
}

static void run_keep_depth(run *r, const omma_view *v)
{
    omma_view *kept = &r->depth[v->frame_index];
    const size_t bytes = (size_t)v->depth_width * (size_t)v->depth_height * sizeof(float);

    CHECK(v->depth_width > 0 && v->depth_height > 0 && v->depth->bytes >= bytes);
    CHECK(v->depth_error && v->depth_error->bytes >= bytes);
    omma_buffer_unref(&kept->depth);
    omma_buffer_unref(&kept->depth_error);
    *kept = *v;
    omma_buffer_ref(kept->depth);
    omma_buffer_ref(kept->depth_error);
}

static void run_forget_depth(run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        omma_buffer_unref(&r->depth[i].depth);
        omma_buffer_unref(&r->depth[i].depth_error);
    }
}

static void run_note(run *r, const omma_update *u)
{
    for (size_t i = 0; i < u->view_count; i++) {
        const omma_view *v = &u->views[i];
        if (!CHECK(v->frame_index < r->n) || !CHECK(v->keyframe < MOST))
            continue;
        r->view[v->frame_index] = *v;
        if (v->depth)
            run_keep_depth(r, v);
        if (v->has_pose)
            r->world_from_keyframe[v->keyframe] = v->world_from_keyframe;
    }
    for (size_t i = 0; i < u->correction_count; i++)
        if (CHECK(u->corrections[i].keyframe < MOST))
            r->world_from_keyframe[u->corrections[i].keyframe] =
                u->corrections[i].world_from_keyframe;
    for (size_t i = 0; i < u->loop_count; i++)
        CHECK(u->loops[i].earlier_frame < u->loops[i].frame && u->loops[i].frame < r->n &&
              u->loops[i].inliers > 0);
    for (size_t i = 0; i < u->loop_count; i++)
        r->joins += u->loops[i].joined;
    r->loops += u->loop_count;
    for (size_t i = 0; i < u->removed_count; i++)
        if (CHECK(u->removed[i] < MOST && !r->removed[u->removed[i]])) {
            r->removed[u->removed[i]] = true;
            r->removals++;
        }
    for (size_t i = 0; i < r->n; i++)
        CHECK(!r->view[i].has_pose || !r->removed[r->view[i].keyframe]);
}

/* One more picture, copied and its light changed. */
static void run_push(run *r, const omma_frame *picture, double gain)
{
    const omma_update *u = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, W, H));
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            f->plane[0][y * f->stride[0] + x] =
                (uint8_t)lround(gain * picture->plane[0][y * picture->stride[0] + x]);
    f->index = r->n;
    f->time_ns = (int64_t)r->n * 1000000000 / 30;
    const size_t index = r->n++;
    omma_error err = omma_tracker_push(r->tracker, f, &u);
    CHECK_OK(err);
    if (err)
        return;
    run_note(r, u);
    CHECK(u->view_count > 0 && u->views[u->view_count - 1].frame_index == index);
    r->live[index] = r->view[index];
}

static void run_end(run *r)
{
    const omma_update *u = NULL;
    CHECK_OK(omma_tracker_finish(r->tracker, &u));
    if (u)
        run_note(r, u);
    omma_tracker_get_stats(r->tracker, &r->stats);
    CHECK(r->stats.frames == r->n);
    omma_tracker_destroy(&r->tracker);
}

static omma_se3 pose_of(const run *r, size_t i)
{
    omma_view v = r->view[i];
    v.world_from_keyframe = r->world_from_keyframe[v.keyframe];
    return omma_view_world_from_camera(&v);
}

static size_t count_posed(const run *r, size_t first, size_t end)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++)
        n += r->view[i].has_pose;
    return n;
}

/* Trajectory error of frames first .. end - 1 of a run in one submap, as a share of the path; the
 * run's frame i is the clip's frame i - shift. */
static double error_share(const run *r, const clip *c, size_t first, size_t end, size_t shift,
                          uint32_t submap)
{
    omma_stamped_pose got[MOST], want[MOST];
    omma_trajectory estimate = {.poses = got}, truth = {.poses = want};
    omma_evaluation e = {0};

    for (size_t i = first; i < end; i++) {
        if (!r->view[i].has_pose || r->view[i].submap != submap)
            continue;
        got[estimate.count++] = (omma_stamped_pose){(double)i, pose_of(r, i)};
        want[truth.count++] = (omma_stamped_pose){(double)i, c->world_from_camera[i - shift]};
    }
    omma_error err = omma_trajectory_evaluate(&estimate, &truth, OMMA_ALIGN_SIM3, 0.1, 0, &e);
    CHECK_OK(err);
    double share = err ? 1e9 : e.ate_rmse / e.path_length;
    fprintf(stderr, "%s: submap %u: %zu poses, error %.3f %% of the path, turns %.3f deg\n",
            check_test, submap, estimate.count, 100 * share, e.rotation_rmse_own_deg);
    CHECK(e.rotation_rmse_own_deg < 0.3);
    return share;
}

static void check_every_frame_is_posed(const char *url, bool realtime)
{
    clip c = clip_read(url, 120);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera, .realtime = realtime});
    for (size_t k = 0; k < c.n; k++)
        run_push(&r, c.frame[k], 1);
    run_end(&r);
    CHECK(count_posed(&r, 0, c.n) == c.n);
    CHECK(r.stats.submaps == 1 && !r.stats.camera_found);
    CHECK(error_share(&r, &c, 0, c.n, 0, r.view[0].submap) < 0.005); /* seen 0.0012 */
    size_t start = 0, silent = 0;
    while (start < c.n && !r.live[start].has_pose)
        start++;
    CHECK(start < 30);
    for (size_t k = start; k < c.n; k++)
        silent += !r.live[k].has_pose;
    CHECK(silent == 0); /* at once, too */
    clip_free(&c);
}

static void every_frame_of_a_room_is_posed(void)
{
    check_every_frame_is_posed("synthetic:room?size=320x240&noise=1", false);
}

static void every_frame_of_a_corridor_is_posed_live(void)
{
    check_every_frame_is_posed("synthetic:corridor?size=320x240&noise=1", true);
}

static void the_same_input_gives_the_same_bits(void)
{
    enum { N = 60 };
    clip c = clip_read("synthetic:room?size=320x240", N);
    run r[2];
    for (int i = 0; i < 2; i++) {
        run_begin(&r[i], &(omma_tracker_options){.threads = i ? 8 : 1});
        for (size_t k = 0; k < c.n; k++)
            run_push(&r[i], c.frame[k], 1);
        run_end(&r[i]);
    }
    CHECK(count_posed(&r[0], 0, N) == N);
    for (size_t k = 0; k < N; k++) {
        omma_se3 a = pose_of(&r[0], k), b = pose_of(&r[1], k);
        CHECK(memcmp(&a, &b, sizeof(a)) == 0);
    }
    CHECK(memcmp(&r[0].stats.camera, &r[1].stats.camera, sizeof(omma_camera)) == 0);
    CHECK(r[0].stats.points == r[1].stats.points);
    clip_free(&c);
}

static void an_unknown_camera_is_found(void)
{
    clip c = clip_read("synthetic:room?size=320x240&noise=1", 150);
    run r;
    run_begin(&r, NULL);
    for (size_t k = 0; k < c.n; k++)
        run_push(&r, c.frame[k], 1);
    run_end(&r);
    CHECK(count_posed(&r, 0, c.n) == c.n);
    CHECK(r.stats.camera_found);
    CHECK_CLOSE(r.stats.camera.fx, c.camera.fx, .rel = 0.03);
    CHECK(error_share(&r, &c, 0, c.n, 0, r.view[0].submap) < 0.01);
    clip_free(&c);
}

/* Round a block of rooms and back to where it began: with and without looking for it. */
static void a_loop_takes_the_drift_out(void)
{
    enum { EVERY = 5, END = 150 }; /* a lap is 600 frames */
    clip c = clip_read_every("synthetic:loop?size=320x240&noise=1&frames=1000", EVERY, END);
    double share[2];

    for (int no_loops = 0; no_loops < 2; no_loops++) {
        run r;
        run_begin(&r, &(omma_tracker_options){.no_loops = no_loops});
        for (size_t k = 0; k < END; k++)
            run_push(&r, c.frame[k], 1);
        run_end(&r);
        CHECK(count_posed(&r, 0, END) == END && r.stats.submaps == 1);
        CHECK(no_loops ? r.loops == 0 : r.loops > 0);
        share[no_loops] = error_share(&r, &c, 0, END, 0, r.view[0].submap);
    }
    CHECK(share[0] < 0.0006); /* seen 0.0003 */
    CHECK(share[0] < 0.5 * share[1]);
    clip_free(&c);
}

static omma_frame *plain(uint8_t grey)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_GRAY8, W, H));
    memset(f->plane[0], grey, (size_t)f->stride[0] * H);
    return f;
}

/* A jump to where nothing is known, and from there back to what is: the two maps become one on the
 * way, not only in the end. */
static void submaps_join_when_they_meet(void)
{
    enum { FIRST = 30, FAR = 200, END = FIRST + FAR - 5 };
    clip c = clip_read("synthetic:room?size=320x240", FAR);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera});
    for (size_t k = 0; k < END; k++)
        run_push(&r, c.frame[k < FIRST ? k : FAR - 1 - (k - FIRST)], 1);
    CHECK(r.joins == 1 && r.live[FIRST + 60].has_pose);
    CHECK(r.live[FIRST + 60].submap != r.live[0].submap);
    run_end(&r);
    CHECK(r.stats.submaps == 1);
    CHECK(count_posed(&r, 0, END) >= END - 3); /* the jump */
    for (size_t k = END - 20; k < END; k++) {
        omma_se3 a = pose_of(&r, k), b = pose_of(&r, FAR - 1 - (k - FIRST));
        CHECK_ARRAY_CLOSE(a.t, b.t, 3, .abs = 0.01); /* of one unit, the scene's depth */
    }
    clip_free(&c);
}

static uint8_t grain(int x, int y, uint64_t layer)
{
    uint64_t seed = (uint64_t)(x & 0xffff) << 32 | (uint64_t)(y & 0xffff) << 8 | layer;
    omma_random_u64(&seed);
    return (uint8_t)(40 + omma_random_below(&seed, 176));
}

/* A wall with boxes before it that are the same again every PERIOD, seen from (x, 0, 0). */
static uint8_t wall_at(const omma_camera *k, double camera_x, double u, double v)
{
    static const double period = 4, far = 3, near = 2.2, cell = 0.06;
    for (int layer = 1; layer >= 0; layer--) {
        const double z = layer ? near : far;
        const double x = camera_x + z * (u - k->cx) / k->fx, y = z * (v - k->cy) / k->fy;
        const double within = x - period * floor(x / period);
        if (layer && (fmod(within, 1) > 0.4 || fmod(y + 10, 1) > 0.5))
            continue; /* between the boxes */
        return grain((int)floor(within / cell), (int)floor(y / cell), (uint64_t)layer);
    }
    return 0;
}

static omma_frame *wall_from(const omma_camera *k, double camera_x)
{
    omma_frame *f = plain(0);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int sum = 0;
            for (int i = 0; i < 4; i++)
                sum += wall_at(k, camera_x, x + 0.5 * (i & 1) - 0.25, y + 0.25 * (i & 2) - 0.25);
            f->plane[0][y * f->stride[0] + x] = (uint8_t)(sum / 4);
        }
    return f;
}

/* Along a wall that repeats itself: what looks the same to the last pixel is another place. */
static void places_that_look_the_same_are_no_loop(void)
{
    enum { END = 130 };
    static const double step = 0.08; /* two and a half periods in all */
    const omma_camera k = {.width = W, .height = H, .fx = 260, .fy = 260, .cx = 159.5, .cy = 119.5};
    clip c = {.camera = k, .n = END};
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &k});
    for (size_t i = 0; i < END; i++) {
        c.frame[i] = wall_from(&k, step * (double)i);
        c.world_from_camera[i] = omma_se3_identity();
        c.world_from_camera[i].t[0] = step * (double)i;
        c.world_from_camera[i].t[1] = 0.001 * sin(0.2 * (double)i); /* not on a line: to align */
        run_push(&r, c.frame[i], 1);
    }
    run_end(&r);
    CHECK(r.loops == 0 && r.stats.submaps == 1);
    CHECK(count_posed(&r, 0, END) == END);
    CHECK(error_share(&r, &c, 0, END, 0, r.view[0].submap) < 0.005);
    clip_free(&c);
}

static void black_frames_have_no_pose_and_the_map_goes_on(void)
{
    enum { DARK = 60, LIGHT = 75, END = 110 };
    clip c = clip_read("synthetic:room?size=320x240&noise=1", END);
    omma_frame *black = plain(0);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera});
    for (size_t k = 0; k < END; k++)
        run_push(&r, k >= DARK && k < LIGHT ? black : c.frame[k], 1);
    run_end(&r);
    for (size_t k = DARK; k < LIGHT; k++) {
        CHECK(!r.live[k].has_pose && r.live[k].status == OMMA_STATUS_LOST);
        CHECK(!r.view[k].has_pose);
    }
    bool relocalised = false;
    for (size_t k = LIGHT; k < END; k++)
        relocalised |= r.live[k].status == OMMA_STATUS_RELOCALISED;
    CHECK(relocalised && r.stats.relocalisations > 0);
    CHECK(r.stats.submaps == 1);
    CHECK(count_posed(&r, 0, DARK) == DARK);
    CHECK(count_posed(&r, LIGHT, END) >= END - LIGHT - 5);
    CHECK(error_share(&r, &c, 0, END, 0, r.view[0].submap) < 0.005);
    omma_frame_unref(&black);
    clip_free(&c);
}

static void the_way_back_after_the_dark_is_known(void)
{
    enum { DARK = 50, LIGHT = 58, END = 100 };
    clip c = clip_read("synthetic:room?size=320x240", DARK);
    omma_frame *black = plain(0);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera});
    for (size_t k = 0; k < DARK; k++)
        run_push(&r, c.frame[k], 1);
    for (size_t k = DARK; k < LIGHT; k++)
        run_push(&r, black, 1);
    for (size_t k = LIGHT; k < END; k++) /* the very same pictures, backwards */
        run_push(&r, c.frame[END - 1 - k], 1);
    run_end(&r);
    CHECK(r.stats.submaps == 1);
    CHECK(count_posed(&r, LIGHT, END) == END - LIGHT);
    for (size_t k = LIGHT; k < END; k++) {
        if (!r.view[k].has_pose)
            continue;
        omma_se3 a = pose_of(&r, k), b = pose_of(&r, END - 1 - k);
        CHECK_ARRAY_CLOSE(a.t, b.t, 3, .abs = 0.01); /* of one unit, the scene's depth */
    }
    omma_frame_unref(&black);
    clip_free(&c);
}

/* Runs n frames of which none may get a pose. */
static void check_no_pose(omma_frame *const *frames, size_t count, size_t n, bool camera_known)
{
    const omma_camera camera = {
        .width = W, .height = H, .fx = 250, .fy = 250, .cx = 159.5, .cy = 119.5};
    run r;
    run_begin(&r, &(omma_tracker_options){
                      .camera = camera_known ? &camera : NULL, .dense = true, .depth_every = 5});
    for (size_t k = 0; k < n; k++)
        run_push(&r, frames[k % count], 1);
    omma_sparse_map map;
    CHECK_OK(omma_tracker_points(r.tracker, &map));
    CHECK(map.point_count == 0);
    omma_sparse_map_finish(&map);
    run_end(&r);
    for (size_t k = 0; k < n; k++) {
        CHECK(!r.view[k].has_pose && !r.live[k].has_pose && !r.depth[k].depth);
        CHECK(r.live[k].status == OMMA_STATUS_INITIALISING);
    }
    CHECK(r.stats.submaps == 0);
}

static void add_noise(omma_frame *f, const omma_frame *from, double levels, uint64_t *seed)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double grey =
                from->plane[0][y * from->stride[0] + x] + levels * omma_random_normal(seed);
            f->plane[0][y * f->stride[0] + x] = (uint8_t)lround(fmin(255, fmax(0, grey)));
        }
}

/* Over the same place again and again: keyframes that say nothing new go, and what hung on them
 * stays where it was. */
static void there_and_back_again_keeps_few_keyframes(void)
{
    enum { THERE = 50, END = MOST - 1, TURN = 2 * (THERE - 1) };
    clip c = clip_read("synthetic:room?size=320x240", THERE);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera});
    for (size_t k = 0; k < END; k++)
        run_push(&r, c.frame[k % TURN < THERE ? k % TURN : TURN - k % TURN], 1);
    run_end(&r);
    CHECK(r.removals >= 3 && r.stats.keyframes < 25);
    CHECK(r.stats.submaps == 1 && count_posed(&r, 0, END) == END);
    for (size_t k = TURN; k < END; k++) {
        omma_se3 a = pose_of(&r, k), b = pose_of(&r, k - TURN);
        CHECK_ARRAY_CLOSE(a.t, b.t, 3, .abs = 0.01); /* of one unit, the scene's depth */
    }
    clip_free(&c);
}

static void a_still_camera_has_no_pose(void)
{
    enum { LOOKS = 8 };
    clip c = clip_read("synthetic:room?size=320x240", 1);
    omma_frame *noisy[LOOKS];
    uint64_t seed = 1;
    for (int i = 0; i < LOOKS; i++) {
        noisy[i] = plain(0);
        add_noise(noisy[i], c.frame[0], 3, &seed);
    }
    for (int known = 0; known < 2; known++) {
        check_no_pose(c.frame, 1, 50, known);
        check_no_pose(noisy, LOOKS, 50, known);
    }
    for (int i = 0; i < LOOKS; i++)
        omma_frame_unref(&noisy[i]);
    clip_free(&c);
}

static void noise_and_nothing_have_no_pose(void)
{
    enum { LOOKS = 16 };
    omma_frame *noise[LOOKS], *grey = plain(128);
    uint64_t seed = 2;
    for (int i = 0; i < LOOKS; i++) {
        noise[i] = plain(0);
        add_noise(noise[i], grey, 60, &seed);
    }
    check_no_pose(noise, LOOKS, 20, false);
    check_no_pose(noise, LOOKS, 20, true);
    check_no_pose(&grey, 1, 20, false);
    for (int i = 0; i < LOOKS; i++)
        omma_frame_unref(&noise[i]);
    omma_frame_unref(&grey);
}

static void another_scene_is_another_map(void)
{
    enum { CUT = 50, END = 120 };
    clip a = clip_read("synthetic:room?size=320x240&noise=1", CUT);
    clip b = clip_read("synthetic:corridor?size=320x240&noise=1", END - CUT);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &a.camera});
    for (size_t k = 0; k < END; k++)
        run_push(&r, k < CUT ? a.frame[k] : b.frame[k - CUT], 1);
    run_end(&r);
    const uint32_t first = r.view[0].submap;
    CHECK(count_posed(&r, 0, CUT) == CUT);
    CHECK(r.stats.submaps == 2);
    for (size_t k = 0; k < CUT; k++)
        CHECK(r.view[k].submap == first);
    for (size_t k = CUT; k < END; k++) {
        CHECK(!r.view[k].has_pose || r.view[k].submap != first);
        CHECK(!r.live[k].has_pose || r.live[k].submap != first);
    }
    CHECK(r.live[CUT].status == OMMA_STATUS_LOST && r.live[END - 1].has_pose);
    CHECK(error_share(&r, &a, 0, CUT, 0, first) < 0.005);
    CHECK(error_share(&r, &b, CUT, END, CUT, r.view[END - 1].submap) < 0.01);
    clip_free(&a);
    clip_free(&b);
}

static void fading_light_does_not_matter(void)
{
    clip c = clip_read("synthetic:room?size=320x240&noise=1", 120);
    run r;
    run_begin(&r, &(omma_tracker_options){.camera = &c.camera});
    for (size_t k = 0; k < c.n; k++)
        run_push(&r, c.frame[k], k < 60 ? 1 - 0.012 * (double)k : 0.28 + 0.012 * ((double)k - 60));
    run_end(&r);
    CHECK(count_posed(&r, 0, c.n) == c.n);
    CHECK(r.stats.submaps == 1 && r.stats.relocalisations == 0);
    CHECK(error_share(&r, &c, 0, c.n, 0, r.view[0].submap) < 0.007);
    clip_free(&c);
}

/* ------------------------------------------------------------------------------------- depth */

enum { DEPTH_EVERY = 10, PIXEL_STEP = 13, MOST_RATIOS = MOST * W * H / PIXEL_STEP / 4 };

/* truth / depth of every few pixels; how many pixels were looked at goes to *looked. */
static size_t depth_ratios(const run *r, const clip *c, double *ratio, size_t *looked)
{
    size_t n = 0;

    *looked = 0;
    for (size_t i = 0; i < r->n; i++) {
        const omma_view *v = &r->depth[i];
        if (!v->depth)
            continue;
        const float *depth = v->depth->data, *error = v->depth_error->data;
        const float *truth = c->depth[i]->data;
        if (!CHECK(v->depth_width == W && v->depth_height == H && r->view[i].has_pose))
            continue;
        for (int p = 0; p < W * H && n < MOST_RATIOS; p += PIXEL_STEP, ++*looked) {
            CHECK(depth[p] >= 0 && isfinite(depth[p]));
            if (depth[p] > 0 && CHECK(error[p] > 0))
                ratio[n++] = truth[p] / (depth[p] * r->world_from_keyframe[v->keyframe].s);
        }
    }
    return n;
}

/* The depth of all frames is right up to one scale. */
static void check_depth(const run *r, const clip *c, size_t least_maps, double most_error)
{
    double *ratio = omma_new_array(double, MOST_RATIOS);
    size_t looked, maps = 0, n = depth_ratios(r, c, ratio, &looked);

    for (size_t i = 0; i < r->n; i++)
        maps += r->depth[i].depth != NULL;
    CHECK(maps >= least_maps);
    if (CHECK(n > 1000)) {
        const double scale = omma_median(ratio, n);
        for (size_t i = 0; i < n; i++)
            ratio[i] = fabs(ratio[i] / scale - 1);
        const double error = omma_median(ratio, n);
        fprintf(stderr, "%s: %zu depth maps, median error %.2f %% on %.0f %%\n", check_test, maps,
                100 * error, 100.0 * (double)n / (double)looked);
        CHECK(error < most_error);
        CHECK(2 * n > looked);
    }
    free(ratio);
}

static void depth_is_right_and_leaves_the_poses_alone(void)
{
    enum { N = 60 };
    clip c = clip_read("synthetic:room?size=320x240", N);
    run *r = omma_new_array(run, 2);
    for (int i = 0; i < 2; i++) {
        run_begin(&r[i], &(omma_tracker_options){
                             .camera = &c.camera, .dense = i == 0, .depth_every = DEPTH_EVERY});
        for (size_t k = 0; k < N; k++)
            run_push(&r[i], c.frame[k], 1);
        run_end(&r[i]);
    }
    check_depth(&r[0], &c, 6, DEPTH_ERROR);
    for (size_t k = 0; k < N; k++) {
        CHECK(!r[1].depth[k].depth);
        omma_se3 a = pose_of(&r[0], k), b = pose_of(&r[1], k);
        CHECK_ARRAY_CLOSE(a.R, b.R, 9, .abs = 0);
        CHECK_ARRAY_CLOSE(a.t, b.t, 3, .abs = 1e-15); /* rounded once, by the keyframe's unit */
    }
    run_forget_depth(&r[0]);
    free(r);
    clip_free(&c);
}

/* Pictures come faster than depth can be made: there is less of it, and it is coarser, and right.
 */
static void depth_under_pressure_is_right(void)
{
    enum { N = 60 };
    clip c = clip_read("synthetic:room?size=320x240", N);
    run *r = omma_new(run);
    run_begin(r, &(omma_tracker_options){
                     .camera = &c.camera, .dense = true, .depth_every = 1, .realtime = true});
    for (size_t k = 0; k < N; k++)
        run_push(r, c.frame[k], 1);
    run_end(r);
    CHECK(count_posed(r, 0, N) == N);
    check_depth(r, &c, 2, 2 * DEPTH_ERROR);
    run_forget_depth(r);
    free(r);
    clip_free(&c);
}

/* One picture of a camera of known pose, turned by yaw, out of a wider one. */
static void look_aside(clip *c, const omma_frame *wide, double yaw)
{
    const omma_truth *t = wide->truth;
    const float *deep = t->depth->data;
    omma_se3 turn = omma_se3_identity();
    const double turned[3] = {0, yaw, 0};
    omma_frame *grey = NULL;

    omma_so3_exp(turned, turn.R);
    const omma_se3 from = omma_se3_from_quaternion(t->rotation, t->translation);
    c->world_from_camera[c->n] = omma_se3_mul(&from, &turn);
    CHECK_OK(omma_frame_create(&grey, OMMA_FORMAT_GRAY8, wide->width, wide->height));
    CHECK_OK(omma_frame_convert(grey, wide));
    CHECK_OK(omma_frame_create(&c->frame[c->n], OMMA_FORMAT_GRAY8, W, H));
    CHECK_OK(omma_buffer_create(&c->depth[c->n], sizeof(float) * W * H));
    omma_frame *out = c->frame[c->n];
    float *depth = c->depth[c->n++]->data;
    for (int p = 0; p < W * H; p++) {
        const double x = (p % W - c->camera.cx) / c->camera.fx;
        const double y = (p / W - c->camera.cy) / c->camera.fy;
        const double z = turn.R[6] * x + turn.R[8];
        const double u = t->fx * (turn.R[0] * x + turn.R[2]) / z + t->cx, v = t->fy * y / z + t->cy;
        const int i = (int)u, j = (int)v;
        const double a = u - i, b = v - j;
        const uint8_t *g = grey->plane[0] + j * grey->stride[0] + i, *below = g + grey->stride[0];
        out->plane[0][p / W * out->stride[0] + p % W] = (uint8_t)lround(
            (1 - b) * ((1 - a) * g[0] + a * g[1]) + b * ((1 - a) * below[0] + a * below[1]));
        depth[p] = (float)(deep[lround(v) * wide->width + lround(u)] / z);
    }
    omma_frame_unref(&grey);
}

/* The camera moves, and then turns on the spot to what it has not seen from anywhere else. */
static clip clip_that_moves_and_turns(size_t moves, size_t turns)
{
    clip c = {.camera = {.width = W, .height = H, .fx = 250, .fy = 250, .cx = 159.5, .cy = 119.5}};
    omma_source *source = NULL;
    omma_frame *f = NULL;

    CHECK_OK(omma_source_open(&source, "synthetic:room?size=960x720&fov=115",
                              &(omma_source_options){.limit = moves}, NULL));
    while (c.n < moves && omma_source_read(source, &f) == OMMA_OK) {
        look_aside(&c, f, 0);
        while (c.n >= moves && c.n < moves + turns)
            look_aside(&c, f, 0.35 * (double)(c.n - moves + 1) / (double)turns);
        omma_frame_unref(&f);
    }
    CHECK(c.n == moves + turns);
    omma_source_close(&source);
    return c;
}

/* Of the depth that is said to be good to 5 %, how much is off by 15 %. */
static double wrong_share(const run *r, const clip *c, size_t frame, double scale)
{
    const omma_view *v = &r->depth[frame];
    const float *depth = v->depth->data, *error = v->depth_error->data;
    const float *truth = c->depth[frame]->data;
    const double unit = r->world_from_keyframe[v->keyframe].s * scale;
    size_t believed = 0, wrong = 0;

    for (int p = 0; p < W * H; p++)
        if (depth[p] > 0 && error[p] <= 0.05f) {
            believed++;
            wrong += fabs(depth[p] * unit / truth[p] - 1) > 0.15;
        }
    fprintf(stderr, "%s: frame %zu: %.2f believed, %.4f of it wrong\n", check_test, frame,
            (double)believed / (W * H), (double)wrong / (double)(believed + 1));
    return (double)wrong / (double)(believed + 1);
}

/* Where nothing was seen from two sides, what is made up must not be believed. */
static void depth_that_is_believed_while_turning_is_right(void)
{
    enum { MOVES = 40, TURNS = 40 };
    clip c = clip_that_moves_and_turns(MOVES, TURNS);
    run *r = omma_new(run);
    run_begin(r, &(omma_tracker_options){.camera = &c.camera, .dense = true, .depth_every = 5});
    for (size_t k = 0; k < c.n; k++)
        run_push(r, c.frame[k], 1);
    run_end(r);
    double *ratio = omma_new_array(double, MOST_RATIOS);
    size_t looked, maps = 0, n = depth_ratios(r, &c, ratio, &looked);
    const double scale = n ? omma_median(ratio, n) : 0;
    for (size_t i = MOVES; i < r->n; i++)
        if (r->depth[i].depth) {
            CHECK(wrong_share(r, &c, i, scale) < 0.08); /* seen 0.037 */
            maps++;
        }
    CHECK(maps >= 4);
    free(ratio);
    run_forget_depth(r);
    free(r);
    clip_free(&c);
}

/* Wherever it is stopped: with nothing begun, with jobs that wait, with results nobody took. */
static void a_dense_tracker_can_go_at_any_time(void)
{
    enum { N = 30 };
    clip c = clip_read("synthetic:room?size=320x240", N);
    for (size_t end = 0; end <= N; end += N / 2)
        for (int realtime = 0; realtime < 2; realtime++) {
            run *r = omma_new(run);
            run_begin(
                r, &(omma_tracker_options){
                       .camera = &c.camera, .dense = true, .depth_every = 1, .realtime = realtime});
            for (size_t k = 0; k < end; k++)
                run_push(r, c.frame[k], 1);
            omma_tracker_destroy(&r->tracker);
            CHECK(!r->tracker);
            run_forget_depth(r);
            free(r);
        }
    clip_free(&c);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"room", every_frame_of_a_room_is_posed},
        {"live", every_frame_of_a_corridor_is_posed_live},
        {"again", the_same_input_gives_the_same_bits},
        {"camera", an_unknown_camera_is_found},
        {"dark", black_frames_have_no_pose_and_the_map_goes_on},
        {"back", the_way_back_after_the_dark_is_known},
        {"loop", a_loop_takes_the_drift_out},
        {"join", submaps_join_when_they_meet},
        {"alike", places_that_look_the_same_are_no_loop},
        {"revisit", there_and_back_again_keeps_few_keyframes},
        {"still", a_still_camera_has_no_pose},
        {"noise", noise_and_nothing_have_no_pose},
        {"cut", another_scene_is_another_map},
        {"fading", fading_light_does_not_matter},
        {"dense", depth_is_right_and_leaves_the_poses_alone},
        {"pressure", depth_under_pressure_is_right},
        {"turning", depth_that_is_believed_while_turning_is_right},
        {"stopped", a_dense_tracker_can_go_at_any_time},
    };
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        check_test = tests[i].name;
        if (argc < 2 || strcmp(argv[1], tests[i].name) == 0)
            tests[i].run();
    }
    return check_count ? check_done() : 1;
}
