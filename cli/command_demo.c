/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way in one command, offline: an embedded scene becomes an ordinary H.264 file, omma
 * map's work is done on that file without any hint, and the result is compared with the truth that
 * the scene had all along.
 */
#include <omma/media.h>

#include "commands.h"
#include "interrupt.h"
#include "map_run.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAMES 300
#define WIDTH  640
#define HEIGHT 480
#define PLACE  0.05 /* on the orbit, from where cloud.png is seen */

typedef struct demo_values {
    const char *output;
    uint64_t frames;
    bool force, json;
} demo_values;

#define ROW(field) .offset = offsetof(demo_values, field)
static const option_row rows[] = {
    {'o', "output", OPTION_FOLDER, "DIR", "where the files go; otherwise omma-demo here",
     ROW(output)},
    {0, "frames", OPTION_UNSIGNED, "N", "length of the video; otherwise 300", ROW(frames),
     .least = 2, .most = 100000},
    {'f', "force", OPTION_FLAG, .help = "replace the files of an older demo", ROW(force)},
    {0, "json", OPTION_FLAG, .help = "print the report as one JSON object", ROW(json)},
    {0},
};

typedef struct demo {
    console *console;
    const demo_values *values;
    const char *folder;
    char *video, *truth;      /* paths */
    const char *leftovers[4]; /* of these, what is ours alone; NULL at the end */
} demo;

/* Besides those of a map. */
static const char *const own_files[] = {"demo.mp4", "groundtruth.txt", "top.png", "cloud.png",
                                        NULL};

/* ------------------------------------------------------------------------------------ render */

static void write_truth(omma_file *f, const omma_frame *frame)
{
    const omma_truth *t = frame->truth;
    if (t)
        omma_file_printf(f, "%.9f %.9g %.9g %.9g %.9g %.9g %.9g %.9g\n",
                         (double)frame->time_ns * 1e-9, t->translation[0], t->translation[1],
                         t->translation[2], t->rotation[0], t->rotation[1], t->rotation[2],
                         t->rotation[3]);
}

static omma_error render_frames(demo *d, omma_source *s, omma_encoder *e, omma_file *truth)
{
    uint64_t done = 0, all = omma_source_get_info(s)->frames;
    omma_frame *frame = NULL;
    omma_error err;

    while ((err = omma_source_read(s, &frame)) == OMMA_OK) {
        write_truth(truth, frame);
        err = omma_encoder_write(e, frame);
        omma_frame_unref(&frame);
        if (err)
            return err;
        if (interrupt_signal())
            return omma_fail(OMMA_INTERRUPTED, "stopped while the video was made");
        char *line = omma_text("making the video: %" PRIu64 " of %" PRIu64 " frames", ++done, all);
        console_line(d->console, line);
        free(line);
    }
    return err == OMMA_END ? OMMA_OK : err;
}

/* demo.mp4 and groundtruth.txt, both or none. */
static omma_error render(demo *d)
{
    const demo_values *v = d->values;
    char *url = omma_text("synthetic:room?frames=%" PRIu64 "&size=%dx%d",
                          v->frames ? v->frames : FRAMES, WIDTH, HEIGHT);
    omma_source *s = NULL;
    omma_encoder *e = NULL;
    omma_file *truth = NULL;
    omma_error err = omma_source_open(&s, url, NULL, &d->console->log);

    free(url);
    if (!err)
        err = omma_encoder_open(&e, d->video,
                                &(omma_encoder_options){.width = WIDTH,
                                                        .height = HEIGHT,
                                                        .rate = omma_source_get_info(s)->rate,
                                                        .replace = v->force});
    if (!err)
        err = omma_file_create(&truth, d->truth, v->force);
    if (!err) {
        omma_file_printf(truth, "# the scene's own truth: timestamp tx ty tz qx qy qz qw, camera "
                                "to world, m\n");
        err = render_frames(d, s, e, truth);
    }
    omma_source_close(&s);
    if (err) {
        omma_encoder_abort(&e);
        omma_file_abort(&truth);
        return err;
    }
    err = omma_encoder_close(&e);
    if (err)
        omma_file_abort(&truth);
    return err ? err : omma_file_commit(&truth);
}

/* ----------------------------------------------------------------------------------- compare */

/* From above and aside, as omma render does it. */
static omma_error draw_dense(const omma_map *map, int width, int height, omma_frame **out)
{
    omma_cloud cloud = {0};
    omma_renderer *r = NULL;
    omma_error err = omma_map_fuse(map, NULL, &cloud);
    const omma_scene scene = {.map = map, .cloud = &cloud};

    if (!err)
        err = omma_renderer_create(&r, &scene,
                                   &(omma_render_options){.width = width,
                                                          .height = height,
                                                          .frusta = true,
                                                          .trajectory = true,
                                                          .fine = true});
    if (!err) {
        const omma_se3 from = omma_scene_camera(&scene, OMMA_PATH_ORBIT, PLACE);
        err = omma_renderer_draw(r, &from, 45, out);
    }
    omma_renderer_destroy(&r);
    omma_cloud_finish(&cloud);
    return err;
}

static omma_error draw(demo *d, omma_session *s, const char *name,
                       omma_error (*function)(const omma_map *, int, int, omma_frame **))
{
    char *path = omma_text("%s/%s", d->folder, name);
    omma_frame *picture = NULL;
    omma_error err = function(omma_session_map(s), 1200, 900, &picture);

    if (!err)
        err = omma_image_write(path, picture, d->values->force);
    omma_frame_unref(&picture);
    free(path);
    return err;
}

static omma_error compare(demo *d, omma_evaluation *e, uint64_t frames)
{
    char *path = omma_text("%s/trajectory.txt", d->folder);
    omma_trajectory estimate = {0}, truth = {0};
    omma_error err = omma_trajectory_read(&estimate, path);

    if (!err)
        err = omma_trajectory_read(&truth, d->truth);
    if (!err)
        err = omma_trajectory_evaluate(&estimate, &truth, OMMA_ALIGN_SIM3, 0, frames, e);
    omma_trajectory_finish(&estimate);
    omma_trajectory_finish(&truth);
    free(path);
    return err;
}

static double percent_of_path(const omma_evaluation *e)
{
    return e->path_length > 0 ? 100 * e->ate_rmse / e->path_length : 0;
}

static void print_json(const demo *d, const char *report, const omma_evaluation *e)
{
    char *with_output = map_report_json(report, d->folder, own_files);
    cJSON *r = cJSON_Parse(with_output);
    cJSON *truth = cJSON_AddObjectToObject(r, "truth");

    cJSON_AddNumberToObject(truth, "ate_rmse_m", e->ate_rmse);
    cJSON_AddNumberToObject(truth, "ate_percent_of_path", percent_of_path(e));
    cJSON_AddNumberToObject(truth, "path_length_m", e->path_length);
    cJSON_AddNumberToObject(truth, "rotation_rmse_deg", e->rotation_rmse_deg);
    cJSON_AddNumberToObject(truth, "coverage", e->coverage);
    console_print(r);
    cJSON_Delete(r);
    free(with_output);
}

static void print_result(const demo *d, omma_session *s, const omma_evaluation *e)
{
    char *report = omma_session_report(s);

    if (d->values->json) {
        print_json(d, report, e);
    } else if (!d->console->quiet) {
        map_summary(report, d->folder, own_files);
        printf("  truth     ATE %.3f %% of the path (%.1f mm of %.2f m), rotation %.2f deg, "
               "coverage %.1f %%\n"
               "\nlook at   %s/cloud.png and %s/top.png\n"
               "then try  omma render %s; omma map YOUR_VIDEO\n",
               percent_of_path(e), e->ate_rmse * 1e3, e->path_length, e->rotation_rmse_deg,
               100 * e->coverage, d->folder, d->folder, d->folder);
    }
    free(report);
}

/* -------------------------------------------------------------------------------------- main */

static int finish(demo *d, omma_session *s)
{
    omma_evaluation e = {0};
    omma_tracker_stats stats = {0};

    omma_session_stats(s, &stats);
    interrupt_set_writing(true);
    omma_error err = draw(d, s, "top.png", omma_map_draw_top);
    if (!err)
        err = draw(d, s, "cloud.png", draw_dense);
    interrupt_set_writing(false);
    if (!err)
        err = compare(d, &e, stats.frames);
    if (err)
        return console_fail(d->console, CODE_FAILED, NULL);
    print_result(d, s, &e);
    return CODE_DONE;
}

static int map_video(demo *d, const omma_outputs *outputs, bool *kept)
{
    omma_session *s = NULL;
    bool written = false;
    omma_error err = omma_session_create(&s,
                                         &(omma_session_options){.input = d->video,
                                                                 .tracker = {.dense = true},
                                                                 .pictures = true,
                                                                 .progress = console_progress,
                                                                 .user = d->console},
                                         &d->console->log);

    if (err)
        return console_fail(d->console, exit_code_of_input(err, d->video), NULL);
    int code = map_run(d->console, s, d->video, outputs, &written);
    *kept = written;
    if (written && !code)
        code = finish(d, s);
    omma_session_destroy(&s);
    return code;
}

/* The demo's own files must not be there either. */
static omma_error check(const demo *d, const omma_outputs *outputs)
{
    struct stat st;
    omma_error err = omma_outputs_check(outputs);

    for (size_t i = 0; !err && !outputs->replace && own_files[i]; i++) {
        char *path = omma_text("%s/%s", d->folder, own_files[i]);
        if (lstat(path, &st) == 0)
            err = omma_fail(OMMA_EXISTS,
                            "%s is there already: choose another folder with -o, or say --force",
                            path);
        free(path);
    }
    return err ? err : omma_make_folder(d->folder);
}

/* Without a map the video is of no use; that of an older demo stays. */
static void list_leftovers(demo *d, bool had_folder)
{
    size_t n = 0;
    if (access(d->video, F_OK) != 0) {
        d->leftovers[n++] = d->video;
        d->leftovers[n++] = d->truth;
    }
    if (!had_folder)
        d->leftovers[n++] = d->folder;
}

static void clean_up(const demo *d)
{
    for (const char *const *path = d->leftovers; *path; path++)
        remove(*path);
}

static int render_and_map(demo *d, const omma_outputs *outputs, bool *kept)
{
    interrupt_watch(NULL);
    interrupt_set_writing(true); /* the encoder takes its file back when we stop in time */
    omma_error err = render(d);
    interrupt_set_writing(false);
    console_line(d->console, "");
    if (err == OMMA_INTERRUPTED)
        return console_fail(d->console, (exit_code)interrupt_exit_code(), NULL);
    if (err)
        return console_fail(d->console, CODE_FAILED, NULL);
    return map_video(d, outputs, kept);
}

static int show(demo *d)
{
    omma_outputs outputs = {.folder = d->folder, .replace = d->values->force};
    bool had_folder = access(d->folder, F_OK) == 0, kept = false;

    if (check(d, &outputs) != OMMA_OK)
        return console_fail(d->console, CODE_FAILED, NULL);
    list_leftovers(d, had_folder);
    interrupt_set_leftovers(d->leftovers);
    int code = render_and_map(d, &outputs, &kept);
    interrupt_set_leftovers(NULL);
    if (!kept)
        clean_up(d);
    return code;
}

static int run(const invocation *call)
{
    const demo_values *v = call->values;
    const char *folder = v->output ? v->output : "omma-demo";
    console c;
    demo d = {.console = &c,
              .values = v,
              .folder = folder,
              .video = omma_text("%s/demo.mp4", folder),
              .truth = omma_text("%s/groundtruth.txt", folder)};

    console_init(&c, call, v->json);
    int code = show(&d);
    console_finish(&c);
    free(d.video);
    free(d.truth);
    return code;
}

const command command_demo = {
    .name = "demo",
    .summary = "make a video of an embedded scene, map it, compare with the truth",
    .arguments = "",
    .description =
        "Renders the scene synthetic:room into an ordinary H.264 file, does with it what omma map "
        "does with any video (no camera given), compares the trajectory with the scene's truth and "
        "draws the map. Needs no network and no camera.\n\n"
        "The folder then holds demo.mp4, groundtruth.txt, everything that omma map writes, and the "
        "pictures top.png and cloud.png.",
    .options = rows,
    .examples = (const example_row[]){{"omma demo", "everything in the folder omma-demo"}, {0}},
    .values_bytes = sizeof(demo_values),
    .run = run,
};
