/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of a map: a video, a sequence of pictures or one. What is written appears when all of it
 * is whole: the encoder and omma_image_write see to that, and a sequence is made in a folder beside
 * its place.
 */
#include <omma/map.h>
#include <omma/media.h>

#include "commands.h"
#include "console.h"
#include "interrupt.h"
#include "map_input.h"
#include "max_points.h"
#include "output_place.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECONDS 10.0
#define RATE    30.0

typedef struct render_values {
    const char *output, *size, *background;
    int path;
    double seconds, fps, fov, at, point_size;
    uint64_t threads;
    bool mesh, both_sides, draft, no_frusta, no_trajectory, salvage, force, json;
} render_values;

#define ROW(field) .offset = offsetof(render_values, field)
static const option_row rows[] = {
    {'o', "output", OPTION_FILE, "FILE",
     "orbit.mp4 (or .mkv) is a video, frames-%04d.png (or .jpg) a sequence, still.png one picture; "
     "otherwise orbit.mp4 here",
     ROW(output)},
    {'p', "path", OPTION_CHOICE, NULL,
     "how the camera moves: once around, behind the recording camera, or above", ROW(path),
     "orbit|follow|top"},
    {0, "seconds", OPTION_REAL, "S", "length of the video; otherwise 10", ROW(seconds),
     .least = 0.05, .most = 3600},
    {0, "fps", OPTION_REAL, "F", "pictures per second; otherwise 30", ROW(fps), .least = 0.1,
     .most = 240},
    {'s', "size", OPTION_TEXT, "WxH", "size in pixels; otherwise 1280x720", ROW(size)},
    {0, "fov", OPTION_REAL, "DEG", "vertical field of view; otherwise 45, and 60 for follow",
     ROW(fov), .least = 1, .most = 150},
    {0, "at", OPTION_REAL, "T", "where on the way a single picture is taken, 0 to 1; otherwise 0",
     ROW(at), .most = 1},
    {0, "point-size", OPTION_REAL, "D",
     "diameter of a point in the map's unit; otherwise as the points lie apart", ROW(point_size),
     .most = 1e9},
    {0, "mesh", OPTION_FLAG, .help = "a surface instead of points", ROW(mesh)},
    {0, "both-sides", OPTION_FLAG,
     .help = "also what turns its back on the camera; otherwise one looks through walls from "
             "outside",
     ROW(both_sides)},
    {0, "no-frusta", OPTION_FLAG, .help = "without the keyframes' pyramids", ROW(no_frusta)},
    {0, "no-trajectory", OPTION_FLAG, .help = "without the camera's way", ROW(no_trajectory)},
    {0, "background", OPTION_TEXT, "RRGGBB", "one colour; otherwise a dark gradient",
     ROW(background)},
    {0, "draft", OPTION_FLAG, .help = "rougher edges, about three times as fast", ROW(draft)},
    {'j', "threads", OPTION_UNSIGNED, "N",
     "threads; otherwise as many as cores; the pictures do not depend on it", ROW(threads),
     .most = 64},
    {0, "salvage", OPTION_FLAG, .help = "take what is intact of a damaged map", ROW(salvage)},
    {'f', "force", OPTION_FLAG, .help = "replace files that are there", ROW(force)},
    {0, "json", OPTION_FLAG, .help = "print what was made as one JSON object", ROW(json)},
    {0},
};

typedef enum output_kind { OUTPUT_VIDEO, OUTPUT_SEQUENCE, OUTPUT_STILL } output_kind;

typedef struct job {
    console *console;
    const render_values *values;
    const char *output;
    output_kind kind;
    omma_render_options options;
    uint64_t pictures;
    double rate;

    map_input input;
    omma_cloud cloud;
    omma_mesh mesh;
    omma_scene scene;
    omma_renderer *renderer;
} job;

/* ------------------------------------------------------------------------------ command line */

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), k = strlen(ending);

    return n > k && strcasecmp(path + n - k, ending) == 0;
}

static bool is_picture(const char *path)
{
    return ends_with(path, ".png") || ends_with(path, ".jpg") || ends_with(path, ".jpeg");
}

/* frames-%04d.png: where the number stands and how many digits it has at least. */
static bool find_number(const char *pattern, size_t *at, size_t *length, int *digits)
{
    const char *percent = strchr(pattern, '%'), *p = percent + 1;

    *digits = 0;
    for (; isdigit((unsigned char)*p) && *digits < 100; p++)
        *digits = 10 * *digits + (*p - '0');
    *at = (size_t)(percent - pattern);
    *length = (size_t)(p + 1 - percent);
    return *p == 'd' && *digits <= 9 && !strchr(p, '%') && !strchr(p, '/');
}

static char *numbered(const char *pattern, uint64_t number)
{
    size_t at, length;
    int digits;

    find_number(pattern, &at, &length, &digits);
    return omma_text("%.*s%0*" PRIu64 "%s", (int)at, pattern, digits, number,
                     pattern + at + length);
}

static omma_error choose_kind(job *j)
{
    size_t at, length;
    int digits;

    if (ends_with(j->output, ".mp4") || ends_with(j->output, ".mkv"))
        j->kind = OUTPUT_VIDEO;
    else if (!is_picture(j->output))
        return omma_fail(OMMA_INVALID, "-o %.200s: the name must end in .mp4, .mkv, .png or .jpg",
                         j->output);
    else if (!strchr(j->output, '%'))
        j->kind = OUTPUT_STILL;
    else if (find_number(j->output, &at, &length, &digits))
        j->kind = OUTPUT_SEQUENCE;
    else
        return omma_fail(OMMA_INVALID,
                         "-o %.200s: a sequence is named like frames-%%04d.png, with one number in "
                         "the file's name",
                         j->output);
    return OMMA_OK;
}

static omma_error parse_size(const char *text, int *width, int *height)
{
    char rest;

    if (strlen(text) < 20 && sscanf(text, "%dx%d%c", width, height, &rest) == 2 && *width >= 16 &&
        *height >= 16 && *width <= 8192 && *height <= 8192)
        return OMMA_OK;
    return omma_fail(OMMA_INVALID,
                     "--size %.40s: expected WIDTHxHEIGHT such as 1280x720, each 16 "
                     "to 8192",
                     text);
}

static omma_error parse_color(const char *text, uint8_t rgb[3])
{
    char *end;
    unsigned long value = strtoul(text, &end, 16);

    if (strlen(text) != 6 || *end || !isxdigit((unsigned char)text[0]) || text[1] == 'x' ||
        text[1] == 'X')
        return omma_fail(OMMA_INVALID, "--background %.40s: expected RRGGBB such as ffffff", text);
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)(value >> (16 - 8 * i));
    return OMMA_OK;
}

static omma_error set_up(job *j)
{
    const render_values *v = j->values;
    omma_error err = choose_kind(j);

    j->options = (omma_render_options){.width = 1280,
                                       .height = 720,
                                       .splat = (float)v->point_size,
                                       .frusta = !v->no_frusta,
                                       .trajectory = !v->no_trajectory,
                                       .fine = !v->draft,
                                       .both_sides = v->both_sides,
                                       .plain = v->background != NULL,
                                       .threads = (unsigned)v->threads};
    if (!err && v->size)
        err = parse_size(v->size, &j->options.width, &j->options.height);
    if (!err && v->background)
        err = parse_color(v->background, j->options.background);
    if (!err && j->kind == OUTPUT_VIDEO && (j->options.width | j->options.height) & 1)
        err = omma_fail(OMMA_INVALID, "--size %dx%d: a video's sides must be even",
                        j->options.width, j->options.height);
    j->rate = v->fps > 0 ? v->fps : RATE;
    double count = (v->seconds > 0 ? v->seconds : SECONDS) * j->rate;

    j->pictures = j->kind == OUTPUT_STILL ? 1 : count < 1 ? 1 : (uint64_t)(count + 0.5);
    return err;
}

/* Better said before the work than after it. */
static omma_error check_place(const job *j)
{
    omma_error err = OMMA_OK;

    if (j->kind != OUTPUT_SEQUENCE)
        return output_place_check(j->output, j->values->force);
    for (uint64_t i = 0; !err && i < j->pictures; i++) {
        char *path = numbered(j->output, i);

        err = output_place_check(path, j->values->force);
        free(path);
    }
    return err;
}

/* ---------------------------------------------------------------------------------- the scene */

static omma_error check_interrupt(void)
{
    return interrupt_signal() ? omma_fail(OMMA_INTERRUPTED, "stopped: nothing was written")
                              : OMMA_OK;
}

static omma_error make_scene(job *j)
{
    omma_error err;
    char *line = omma_text("%s the depth of %zu keyframes", j->values->mesh ? "meshing" : "fusing",
                           omma_map_keyframe_count(j->input.map));

    console_line(j->console, line);
    free(line);
    j->scene.map = j->input.map;
    if (j->values->mesh) {
        err = omma_map_mesh(j->input.map, &(omma_mesh_options){.stop = interrupt_asked}, &j->mesh);
        if (!err && j->mesh.triangle_count == 0)
            err =
                omma_fail(OMMA_DEGENERATE, "the map has no depth that a surface could be made of: "
                                           "leave --mesh out");
        j->scene.mesh = &j->mesh;
    } else {
        err = omma_map_fuse(
            j->input.map,
            &(omma_fuse_options){.threads = j->options.threads, .stop = interrupt_asked},
            &j->cloud);
        j->scene.cloud = &j->cloud;
        if (!err && j->cloud.count == 0)
            console_say(j->console, "the map has no depth: its %zu sparse points are drawn",
                        omma_map_point_count(j->input.map));
    }
    if (!err)
        err = check_interrupt();
    return err ? err : omma_renderer_create(&j->renderer, &j->scene, &j->options);
}

/* ------------------------------------------------------------------------------- the pictures */

/* An orbit ends one step before its beginning, so that it can be played in a loop. */
static double place_on_way(const job *j, uint64_t i)
{
    double steps = (double)(j->values->path == OMMA_PATH_FOLLOW ? j->pictures - 1 : j->pictures);

    if (j->kind == OUTPUT_STILL)
        return j->values->at;
    return steps > 0 ? (double)i / steps : 0;
}

static omma_error draw(job *j, uint64_t i, omma_frame **out)
{
    const render_values *v = j->values;
    double fov = v->fov > 0 ? v->fov : v->path == OMMA_PATH_FOLLOW ? 60 : 45;
    omma_se3 from = omma_scene_camera(&j->scene, (omma_camera_path)v->path, place_on_way(j, i));
    omma_error err = check_interrupt();

    if (!err)
        err = omma_renderer_draw(j->renderer, &from, fov, out);
    if (err)
        return err;
    (*out)->index = i;
    (*out)->time_ns = (int64_t)((double)i * 1e9 / j->rate);
    char *line = omma_text("rendering: %" PRIu64 " of %" PRIu64 " pictures", i + 1, j->pictures);

    console_line(j->console, line);
    free(line);
    return OMMA_OK;
}

static omma_error write_still(job *j)
{
    omma_frame *frame = NULL;
    omma_error err = draw(j, 0, &frame);

    if (!err)
        err = omma_image_write(j->output, frame, j->values->force);
    omma_frame_unref(&frame);
    return err;
}

static omma_error write_video(job *j)
{
    omma_encoder *e = NULL;
    omma_error err = omma_encoder_open(&e, j->output,
                                       &(omma_encoder_options){.width = j->options.width,
                                                               .height = j->options.height,
                                                               .rate = j->rate,
                                                               .replace = j->values->force});

    for (uint64_t i = 0; !err && i < j->pictures; i++) {
        omma_frame *frame = NULL;

        err = draw(j, i, &frame);
        if (!err)
            err = omma_encoder_write(e, frame);
        omma_frame_unref(&frame);
    }
    if (!err)
        return omma_encoder_close(&e);
    omma_encoder_abort(&e);
    return err;
}

/* Says the reason with the name that the picture was to get. */
static omma_error explain(const job *j, omma_error err, const char *path, uint64_t i)
{
    const char *why = omma_why(), *at = strstr(why, path);
    char *name = numbered(j->output, i);

    if (at)
        omma_fail(err, "%.*s%s%s", (int)(at - why), why, name, at + strlen(path));
    free(name);
    return err;
}

static omma_error write_pictures(job *j, const char *folder, char **names, uint64_t *made)
{
    omma_error err = OMMA_OK;

    for (uint64_t i = 0; !err && i < j->pictures; i++) {
        omma_frame *frame = NULL;

        err = draw(j, i, &frame);
        if (!err) {
            names[i] =
                numbered(strrchr(j->output, '/') ? strrchr(j->output, '/') + 1 : j->output, i);
            char *path = omma_text("%s/%s", folder, names[i]);

            err = omma_image_write(path, frame, false);
            if (err)
                err = explain(j, err, path, i);
            free(path);
            *made = i + 1;
        }
        omma_frame_unref(&frame);
    }
    return err;
}

static omma_error move_pictures(const job *j, const char *folder, char **names)
{
    omma_error err = check_place(j); /* somebody may have put files there in the meantime */

    for (uint64_t i = 0; !err && i < j->pictures; i++) {
        char *from = omma_text("%s/%s", folder, names[i]), *to = numbered(j->output, i);

        if (rename(from, to) < 0)
            err = omma_fail_errno("cannot move %s into its place", to);
        free(from);
        free(to);
    }
    return err;
}

static omma_error write_sequence(job *j)
{
    const char *slash = strrchr(j->output, '/');
    char *folder = omma_text("%.*somma-render.part-XXXXXX",
                             slash ? (int)(slash + 1 - j->output) : 0, j->output);
    char **names = omma_new_array(char *, j->pictures);
    uint64_t made = 0;
    omma_error err = OMMA_OK;

    if (!mkdtemp(folder))
        err = omma_fail_errno("cannot write beside %s", j->output);
    if (!err)
        err = write_pictures(j, folder, names, &made);
    if (!err)
        err = move_pictures(j, folder, names);
    for (uint64_t i = 0; i < made; i++) {
        char *path = omma_text("%s/%s", folder, names[i]);

        unlink(path);
        free(path);
        free(names[i]);
    }
    rmdir(folder);
    free(names);
    free(folder);
    return err;
}

static omma_error write_all(job *j)
{
    interrupt_set_writing(true); /* what was written so far is taken back when we stop in time */
    omma_error err = j->kind == OUTPUT_VIDEO      ? write_video(j)
                     : j->kind == OUTPUT_SEQUENCE ? write_sequence(j)
                                                  : write_still(j);
    interrupt_set_writing(false);
    return err;
}

/* --------------------------------------------------------------------------------------- main */

static void print_result(const job *j)
{
    const render_values *v = j->values;
    size_t things = v->mesh          ? j->mesh.triangle_count
                    : j->cloud.count ? j->cloud.count
                                     : omma_map_point_count(j->input.map);

    if (v->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "output", j->output);
        cJSON_AddNumberToObject(o, "pictures", (double)j->pictures);
        cJSON_AddNumberToObject(o, "width", j->options.width);
        cJSON_AddNumberToObject(o, "height", j->options.height);
        cJSON_AddNumberToObject(o, v->mesh ? "triangles" : "points", (double)things);
        console_print(o);
        cJSON_Delete(o);
    } else if (!j->console->quiet) {
        printf("%s: %" PRIu64 " picture%s of %zu %s, %d x %d\n", j->output, j->pictures,
               j->pictures == 1 ? "" : "s", things, v->mesh ? "triangles" : "points",
               j->options.width, j->options.height);
    }
}

static int code_of(omma_error err)
{
    switch (err) {
    case OMMA_INTERRUPTED:
        return interrupt_exit_code();
    case OMMA_DEGENERATE:
        return CODE_NO_MAP;
    default:
        return CODE_FAILED;
    }
}

static int render(job *j, const char *map)
{
    if (set_up(j))
        return console_fail(j->console, CODE_USAGE, NULL);
    if (check_place(j))
        return console_fail(j->console, CODE_FAILED, NULL);
    interrupt_watch(NULL);
    omma_error err = map_input_open(&j->input, map, j->values->salvage);

    if (err)
        return console_fail(j->console, map_input_code(err), NULL);
    map_input_tell_damage(&j->input, &j->console->log);
    err = make_scene(j);
    if (!err)
        err = write_all(j);
    console_line(j->console, "");
    if (err)
        return console_fail(j->console, (exit_code)code_of(err), NULL);
    print_result(j);
    return CODE_DONE;
}

static int run(const invocation *call)
{
    const render_values *v = call->values;
    console c;
    job j = {.console = &c, .values = v, .output = v->output ? v->output : "orbit.mp4"};

    console_init(&c, call, v->json);
    int code = render(&j, call->arguments[0]);

    omma_renderer_destroy(&j.renderer);
    omma_cloud_finish(&j.cloud);
    omma_mesh_finish(&j.mesh);
    map_input_finish(&j.input);
    console_finish(&c);
    return code;
}

const command command_render = {
    .name = "render",
    .summary = "make a video or pictures of a map",
    .arguments = "MAP",
    .completes = OPTION_FILE,
    .least = 1,
    .most = 1,
    .description =
        "Draws the map that omma map left: MAP is its folder or the file map.omma in it. The depth "
        "of the keyframes is fused into one cloud of points (with --mesh into a surface) and drawn "
        "with the camera's way, blue at its start and red at its end, and the keyframes' "
        "pyramids. A map without depth is drawn with its sparse points.\n\n"
        "A video is H.264 and plays in browsers. Surfaces are seen from the side that the camera "
        "saw: from outside one looks through the near wall into a room, unless --both-sides is "
        "given.",
    .options = rows,
    .examples =
        (const example_row[]){{"omma render kitchen-omma", "once around, into orbit.mp4"},
                              {"omma render kitchen-omma --path follow -o 'walk-%04d.png'",
                               "behind the camera, as pictures"},
                              {"omma render kitchen-omma --path top -o plan.png --size 2000x2000",
                               "one picture from above"},
                              {0}},
    .values_bytes = sizeof(render_values),
    .run = run,
};
