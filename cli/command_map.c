/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_option.h"
#include "commands.h"
#include "interrupt.h"
#include "map_input.h"
#include "map_run.h"
#include "max_points.h"
#include "output_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct map_values {
    const char *output, *camera, *format, *resume;
    double fov, rate;
    int backend;
    double scale;
    const char *known_distance;
    uint64_t max_points, depth_every;
    int depth_format;
    bool write_depth, mesh, colmap_dense;
    bool no_loops, sparse, every_frame, realtime, no_pictures, no_colmap, force, json;
    uint64_t threads, seed, skip, limit, step;
} map_values;

#define ROW(field) .offset = offsetof(map_values, field)
static const option_row rows[] = {
    {'o', "output", OPTION_FOLDER, "DIR", "where the files go; otherwise <name of INPUT>-omma here",
     ROW(output)},
    {'c', "camera", OPTION_FILE, "FILE|fx,fy,cx,cy[,k1,k2,p1,p2[,k3]]",
     "the camera, in pixels, as a file (fx fy cx cy w h k1 k2 p1 p2, or a report.json) or as "
     "numbers; otherwise it is found from the video",
     ROW(camera)},
    {0, "fov", OPTION_REAL, "DEG", "horizontal field of view, as a first guess of the focal length",
     ROW(fov), .least = 1, .most = 170, .excludes = "camera|resume"},
    {'r', "resume", OPTION_FILE, "MAP",
     "go on in this map (the folder of an earlier omma map, or its map.omma) with another clip of "
     "the same place and camera",
     ROW(resume), .excludes = "camera"},
    {'b', "backend", OPTION_CHOICE, NULL,
     "who finds the poses: classical, or synthetic, which hands on the truth that synthetic: "
     "inputs "
     "carry",
     ROW(backend), "classical|synthetic"},
    {0, "sparse", OPTION_FLAG, .help = "sparse points only: no depth, no dense cloud", ROW(sparse)},
    {0, "max-points", OPTION_UNSIGNED, "N",
     "points of cloud.ply, at most; otherwise SLAM3R_MAX_POINTCLOUD_SIZE of the environment, "
     "or 2000000",
     ROW(max_points), .least = 1, .most = 1e9},
    {0, "mesh", OPTION_FLAG, .help = "write mesh.ply as well", ROW(mesh), .excludes = "sparse"},
    {0, "write-depth", OPTION_FLAG,
     .help = "write the depth of every keyframe as depth/NNNNNN.npy (by frame)", ROW(write_depth),
     .excludes = "sparse"},
    {0, "depth-format", OPTION_CHOICE, NULL,
     "of the files of --write-depth and --depth-every: NumPy, PNG of 16 bits, or both",
     ROW(depth_format), "npy|png16|both", .excludes = "sparse"},
    {0, "depth-every", OPTION_UNSIGNED, "N",
     "make and write depth for every N-th frame as well as for keyframes", ROW(depth_every),
     .least = 1, .most = 1e9, .excludes = "sparse"},
    {0, "colmap-dense", OPTION_FLAG, .help = "write COLMAP's depth maps beside its model",
     ROW(colmap_dense), .excludes = "sparse|no-colmap"},
    {0, "scale", OPTION_REAL, "S", "metres per unit: the map is then in metres", ROW(scale),
     .least = 1e-9, .most = 1e9},
    {0, "known-distance", OPTION_TEXT, "A,B,METRES",
     "the camera stood METRES apart in the frames A and B (counted from 0): the map is then in "
     "metres",
     ROW(known_distance), .excludes = "scale"},
    {0, "every-frame", OPTION_FLAG,
     .help = "track every frame however long it takes; so it is for files", ROW(every_frame)},
    {0, "realtime", OPTION_FLAG,
     .help = "keep up with the clock and drop frames that come too late; so it is for live inputs",
     ROW(realtime), .excludes = "every-frame"},
    {0, "no-loops", OPTION_FLAG,
     .help = "do not look for places seen before: the drift between stays in the map",
     ROW(no_loops)},
    {'j', "threads", OPTION_UNSIGNED, "N",
     "threads of the tracker; otherwise as many as cores; the result does not depend on it",
     ROW(threads), .most = 256},
    {0, "seed", OPTION_UNSIGNED, "N", "seed of every random choice", ROW(seed)},
    {0, "skip", OPTION_UNSIGNED, "N", "leave out the first N frames", ROW(skip)},
    {0, "limit", OPTION_UNSIGNED, "N", "end after N frames", ROW(limit)},
    {0, "step", OPTION_UNSIGNED, "N", "take every N-th frame only", ROW(step), .least = 1,
     .most = 1e6},
    {0, "rate", OPTION_REAL, "HZ",
     "frames per second of a folder of pictures without times, or wished from a camera", ROW(rate),
     .least = 0.001, .most = 10000},
    {0, "format", OPTION_TEXT, "NAME",
     "FFmpeg's name of the input's format, when it cannot be guessed", ROW(format)},
    {0, "no-pictures", OPTION_FLAG, .help = "do not write images/", ROW(no_pictures)},
    {0, "no-colmap", OPTION_FLAG, .help = "do not write colmap/ and transforms.json",
     ROW(no_colmap)},
    {'f', "force", OPTION_FLAG, .help = "replace the files of an older map", ROW(force)},
    {0, "json", OPTION_FLAG, .help = "print the report as one JSON object", ROW(json)},
    {0},
};

/* "A,B,METRES" */
static omma_error read_distance(omma_session_options *o, const char *text)
{
    unsigned long long a, b;
    double metres;
    int end = 0;

    if (text[0] == '-' || sscanf(text, "%llu,%llu,%lf%n", &a, &b, &metres, &end) != 3 ||
        text[end] || strchr(text, '-') || a == b || !(metres > 0 && metres < 1e9))
        return omma_fail(OMMA_INVALID,
                         "--known-distance %s: two different frames and the metres between them "
                         "are wanted, such as 0,120,1.5",
                         text);
    o->distance_frame[0] = a;
    o->distance_frame[1] = b;
    o->distance_m = metres;
    return OMMA_OK;
}

static bool wants_depth(const map_values *v)
{
    return v->write_depth || v->depth_every;
}

static omma_error make_options(omma_session_options *o, omma_camera *camera, const map_values *v,
                               const char *input)
{
    *o = (omma_session_options){
        .input = input,
        .source = {.format = v->format,
                   .rate = v->rate,
                   .skip = v->skip,
                   .limit = v->limit,
                   .step = v->step},
        .tracker = {.backend = v->backend ? OMMA_TRACKER_SYNTHETIC : OMMA_TRACKER_CLASSICAL,
                    .threads = (unsigned)v->threads,
                    .seed = v->seed,
                    .no_loops = v->no_loops,
                    .dense = !v->sparse,
                    .depth_every = (unsigned)v->depth_every},
        .fov_degrees = v->fov,
        .realtime = v->realtime,
        .every_frame = v->every_frame,
        .pictures = !v->no_pictures,
        .keep_depth = wants_depth(v),
        .scale = v->scale,
    };
    if (v->depth_format && !wants_depth(v))
        return omma_fail(OMMA_INVALID, "--depth-format has no files to be of: say --write-depth or "
                                       "--depth-every too");
    if (v->known_distance && read_distance(o, v->known_distance) != OMMA_OK)
        return OMMA_INVALID;
    if (!v->camera)
        return OMMA_OK;
    o->tracker.camera = camera;
    return camera_option_read(camera, v->camera);
}

static void tell_result(const map_values *v, const console *c, omma_session *s, const char *folder)
{
    char *report = omma_session_report(s);
    if (v->json) {
        char *json = map_report_json(report, folder, NULL);
        puts(json);
        free(json);
    } else if (!c->quiet) {
        map_summary(report, folder, NULL);
    }
    free(report);
}

/* The session goes on in the map that was asked for, if one was. */
static exit_code resume(console *c, omma_session *s, const char *name)
{
    map_input old;

    if (!name)
        return CODE_DONE;
    omma_error err = map_input_open_remembered(&old, name);
    if (err)
        return (exit_code)console_fail(c, map_input_code(err), NULL);
    omma_map *taken = old.map;
    old.map = NULL;
    err = omma_session_resume(s, taken);
    if (err)
        omma_fail(err, "%s: %s", old.path, omma_why());
    map_input_finish(&old);
    switch (err) {
    case OMMA_OK:
        return CODE_DONE;
    case OMMA_INVALID:
    case OMMA_UNSUPPORTED:
        return (exit_code)console_fail(c, CODE_USAGE, NULL);
    case OMMA_FORMAT:
        return (exit_code)console_fail(c, CODE_INPUT, NULL);
    default:
        return (exit_code)console_fail(c, CODE_FAILED, NULL);
    }
}

/* journal: the map's while it is made. */
static int map(console *c, const map_values *v, const char *input, const char *journal,
               const omma_outputs *outputs)
{
    omma_session_options options;
    omma_session *s = NULL;
    omma_camera camera = {0};
    bool written = false;

    if (make_options(&options, &camera, v, input) != OMMA_OK)
        return console_fail(c, CODE_USAGE, NULL);
    options.journal = journal;
    options.replace_journal = v->force;
    options.progress = console_progress;
    options.user = c;
    omma_error err = omma_outputs_check(outputs);
    if (err)
        return console_fail(c, err == OMMA_INVALID ? CODE_USAGE : CODE_FAILED, NULL);
    interrupt_watch(NULL);
    err = omma_session_create(&s, &options, &c->log);
    if (err && interrupt_signal()) /* while it waited for the input: there is nothing to save */
        return console_fail(c, (exit_code)interrupt_exit_code(), "stopped before the first frame");
    if (err)
        return console_fail(c, exit_code_of_input(err, input), NULL);
    int code = resume(c, s, v->resume);
    if (!code)
        code = map_run(c, s, input, outputs, &written);
    if (written)
        tell_result(v, c, s, outputs->folder);
    omma_session_destroy(&s);
    return code;
}

/* With what a second Ctrl-C takes away: the journal, and the folder that was made for it. */
static int map_with_journal(console *c, const map_values *v, const char *input,
                            const omma_outputs *outputs)
{
    struct stat st;
    char *journal = omma_text("%s/" OMMA_JOURNAL_NAME, outputs->folder);
    const bool there = stat(outputs->folder, &st) == 0;
    const char *const leftovers[] = {journal, there ? NULL : outputs->folder, NULL};

    interrupt_set_leftovers(leftovers);
    int code = map(c, v, input, journal, outputs);
    interrupt_set_leftovers(NULL);
    free(journal);
    return code;
}

static int run(const invocation *call)
{
    const map_values *v = call->values;
    const char *input = call->arguments[0];
    char *folder = v->output ? omma_text("%s", v->output) : output_name(input);
    console c;

    console_init(&c, call, v->json);
    size_t points = v->max_points;
    if (!points && max_points_read(&points) != OMMA_OK) {
        int code = console_fail(&c, CODE_USAGE, NULL);
        console_finish(&c);
        free(folder);
        return code;
    }
    int code = map_with_journal(&c, v, input,
                                &(omma_outputs){.folder = folder,
                                                .replace = v->force,
                                                .no_colmap = v->no_colmap,
                                                .no_transforms = v->no_colmap,
                                                .no_pictures = v->no_pictures,
                                                .max_points = points,
                                                .depth = wants_depth(v),
                                                .depth_format = (omma_depth_format)v->depth_format,
                                                .colmap_depth = v->colmap_dense,
                                                .mesh = v->mesh,
                                                .input = input});
    console_finish(&c);
    free(folder);
    return code;
}

const command command_map = {
    .name = "map",
    .summary = "make a map from a video, pictures or a camera",
    .arguments = "INPUT",
    .completes = OPTION_FILE,
    .least = 1,
    .most = 1,
    .description =
        "Finds where the camera was at every frame of INPUT and what it saw, and writes the "
        "trajectory, a dense cloud of points, the map itself (map.omma, for omma render, export "
        "and "
        "mesh), a COLMAP model, transforms.json, the keyframes' pictures and a report into one "
        "folder.\n\n"
        "INPUT is a video file, a folder of pictures (or, in quotes, a pattern such as "
        "'DIR/*.jpg'), "
        "- for a video on standard input, an rtsp:// or http:// address, a camera such as "
        "/dev/video0, the screen (x11::0.0), or an embedded scene such as synthetic:room.\n\n"
        "The scale of a map from one camera is arbitrary: lengths are in units, not metres, unless "
        "--scale or --known-distance tells more. Ctrl-C ends the input; the map so far is written.",
    .options = rows,
    .examples =
        (const example_row[]){
            {"omma map clip.mp4", "a map of the clip in the folder clip-omma"},
            {"omma map frames/ --camera camera.txt -o out",
             "pictures in name order from a known camera"},
            {"omma map clip.mp4 --mesh --known-distance 0,120,1.5",
             "in metres, for the camera moved 1.5 m between the two frames; a mesh besides"},
            {"omma map second.mp4 --resume first-omma -o both",
             "a map of two clips of one place, in the frame and unit of the first"},
            {"omma map /dev/video0 --limit 900", "half a minute of a live camera"},
            {"omma map 'synthetic:room?frames=60' --backend synthetic --json",
             "a perfect map of an embedded scene, for trying out other programs"},
            {0}},
    .values_bytes = sizeof(map_values),
    .run = run,
};
