/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU time of single pieces of work, each beside the cost of copying one grey picture of the same
 * size: the ratio says more about the code than the seconds, which are the machine's.
 */
#include <omma/frame.h>
#include <omma/map.h>
#include <omma/media.h>
#include <omma/slam.h>

#include "commands.h"
#include "console.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH   640
#define HEIGHT  480
#define REPEATS 31

typedef struct bench_values {
    uint64_t frames;
    bool json;
} bench_values;

#define ROW(field) .offset = offsetof(bench_values, field)
static const option_row rows[] = {
    {0, "frames", OPTION_UNSIGNED, "N", "frames of each scene to track; otherwise 90", ROW(frames),
     .least = 1, .most = 10000},
    {0, "json", OPTION_FLAG, .help = "print one JSON object", ROW(json)},
    {0},
};

typedef struct bench {
    console *console;
    cJSON *results;
    double floor_s; /* copying one picture */
    bool json;
} bench;

static void result(bench *b, const char *name, double cpu_s, const char *note)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddNumberToObject(o, "cpu_s", cpu_s);
    cJSON_AddNumberToObject(o, "times_floor", b->floor_s > 0 ? cpu_s / b->floor_s : 0);
    cJSON_AddStringToObject(o, "note", note);
    cJSON_AddItemToArray(b->results, o);
    if (!b->json)
        printf("%-28s %10.4f ms  %9.1f x floor  %s\n", name, cpu_s * 1e3,
               b->floor_s > 0 ? cpu_s / b->floor_s : 0, note);
}

/* Median CPU seconds of one call; every sample is long enough for the clock. */
static double median_cost(void (*work)(void *user), void *user)
{
    double sample[REPEATS];
    int rounds = 1;

    for (;; rounds *= 2) {
        int64_t from = omma_clock_thread_ns();
        for (int i = 0; i < rounds; i++)
            work(user);
        if (omma_clock_thread_ns() - from > 1000000)
            break;
    }
    for (int k = 0; k < REPEATS; k++) {
        int64_t from = omma_clock_thread_ns();
        for (int i = 0; i < rounds; i++)
            work(user);
        sample[k] = (double)(omma_clock_thread_ns() - from) * 1e-9 / rounds;
    }
    return omma_median(sample, REPEATS);
}

typedef struct pixels {
    omma_frame *from, *to;
    omma_pyramid pyramid;
} pixels;

static void copy(void *user)
{
    pixels *p = user;
    memcpy(p->to->plane[0], p->from->plane[0], (size_t)WIDTH * HEIGHT);
    __asm__ volatile("" ::: "memory"); /* so that no round is left out */
}

static void build_pyramid(void *user)
{
    pixels *p = user;
    omma_pyramid_build(&p->pyramid, p->from, 4);
}

static omma_error bench_pixels(bench *b)
{
    pixels p = {0};
    omma_error err = omma_frame_create(&p.from, OMMA_FORMAT_GRAY8, WIDTH, HEIGHT);

    if (!err)
        err = omma_frame_create(&p.to, OMMA_FORMAT_GRAY8, WIDTH, HEIGHT);
    if (!err) {
        uint64_t seed = 1;
        for (int i = 0; i < p.from->stride[0] * HEIGHT; i++)
            p.from->plane[0][i] = (uint8_t)omma_random_u64(&seed);
        b->floor_s = median_cost(copy, &p);
        result(b, "copy (the floor)", b->floor_s, "640 x 480 grey, memcpy");
        result(b, "pyramid", median_cost(build_pyramid, &p), "4 levels");
    }
    omma_pyramid_finish(&p.pyramid);
    omma_frame_unref(&p.from);
    omma_frame_unref(&p.to);
    return err;
}

/* All frames of a scene in memory; *count of them. */
static omma_error render(bench *b, const char *scene, uint64_t frames, omma_frame **out,
                         uint64_t *count)
{
    char *url =
        omma_text("synthetic:%s?frames=%u&size=%dx%d", scene, (unsigned)frames, WIDTH, HEIGHT);
    char *name = omma_text("scene %s", scene);
    omma_source *s = NULL;
    omma_error err = omma_source_open(&s, url, NULL, &b->console->log);
    int64_t from = omma_clock_cpu_ns(); /* opening a scene computes its light, once */

    while (!err && *count < frames && (err = omma_source_read(s, &out[*count])) == OMMA_OK)
        ++*count;
    omma_source_close(&s);
    if ((!err || err == OMMA_END) && *count)
        result(b, name, (double)(omma_clock_cpu_ns() - from) * 1e-9 / (double)*count,
               "rendering one frame");
    free(name);
    free(url);
    return err == OMMA_END ? OMMA_OK : err;
}

static size_t posed_frames(const omma_map *map)
{
    size_t posed = 0;
    for (size_t i = 0; i < omma_map_frame_count(map); i++)
        posed += omma_map_get_pose(map, i).has_pose;
    return posed;
}

static omma_error track(bench *b, const char *scene, omma_frame **frame, uint64_t count)
{
    omma_tracker *t = NULL;
    omma_map *map = omma_map_create(); /* only to count: a view may be told more than once */
    const omma_update *update = NULL;
    char *name = omma_text("tracking %s", scene);
    int64_t cpu_ns = 0;
    omma_error err = omma_tracker_create(&t, &b->console->log, &(omma_tracker_options){0});

    for (uint64_t i = 0; !err && i <= count; i++) {
        int64_t from = omma_clock_cpu_ns();
        err = i < count ? omma_tracker_push(t, omma_frame_ref(frame[i]), &update)
                        : omma_tracker_finish(t, &update);
        cpu_ns += omma_clock_cpu_ns() - from;
        for (size_t k = 0; !err && k < update->view_count; k++)
            omma_map_add_view(map, &update->views[k]);
    }
    char *note = omma_text("per frame, %u frames, %u posed, camera unknown", (unsigned)count,
                           (unsigned)posed_frames(map));
    if (!err)
        result(b, name, (double)cpu_ns * 1e-9 / (double)(count ? count : 1), note);
    omma_tracker_destroy(&t);
    omma_map_destroy(&map);
    free(note);
    free(name);
    return err;
}

static omma_error bench_scene(bench *b, const char *scene, uint64_t frames)
{
    omma_frame **frame = omma_new_array(omma_frame *, frames);
    uint64_t count = 0;
    omma_error err = render(b, scene, frames, frame, &count);

    if (!err)
        err = track(b, scene, frame, count);
    for (uint64_t i = 0; i < count; i++)
        omma_frame_unref(&frame[i]);
    free(frame);
    return err;
}

static omma_error bench_all(bench *b, uint64_t frames)
{
    omma_error err = bench_pixels(b);
    for (const char *const *scene = omma_source_scenes(); !err && *scene; scene++)
        err = bench_scene(b, *scene, frames);
    return err;
}

static void print_json(const bench *b)
{
    char cpu[128];
    cJSON *o = cJSON_CreateObject();

    omma_cpu_describe(omma_cpu_flags(), cpu, sizeof(cpu));
    cJSON_AddStringToObject(o, "omma", omma_version());
    cJSON_AddStringToObject(o, "cpu", cpu);
    cJSON_AddItemReferenceToObject(o, "results", b->results);
    console_print(o);
    cJSON_Delete(o);
}

static int run(const invocation *call)
{
    const bench_values *v = call->values;
    int code = CODE_DONE;
    console c;

    console_init(&c, call, v->json);
    c.log.level = OMMA_LOG_WARN < c.log.level ? OMMA_LOG_WARN : c.log.level;
    bench b = {.console = &c, .results = cJSON_CreateArray(), .json = v->json};
    if (bench_all(&b, v->frames ? v->frames : 90) != OMMA_OK)
        code = console_fail(&c, CODE_FAILED, NULL);
    else if (v->json)
        print_json(&b);
    cJSON_Delete(b.results);
    console_finish(&c);
    return code;
}

const command command_bench = {
    .name = "bench",
    .summary = "measure what the pieces cost on this machine",
    .arguments = "",
    .description =
        "Measures the CPU time of a picture pyramid, of rendering the embedded scenes and "
        "of tracking them, each also as a multiple of copying one picture (the floor). "
        "Medians; the tracker runs as in omma map without a camera.",
    .options = rows,
    .examples =
        (const example_row[]){{"omma bench --json", "for a machine that keeps records"}, {0}},
    .values_bytes = sizeof(bench_values),
    .run = run,
};
