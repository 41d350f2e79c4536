/* SPDX-License-Identifier: Apache-2.0 */
/* report.json: docs/report.md is its contract; a key that is there keeps its meaning. */
#include "session.h"
#include "warnings.h"

#include <cjson/cJSON.h>
#include <libavutil/avutil.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATUSES 5

static void add_rounded(cJSON *object, const char *name, double value, double unit)
{
    cJSON_AddNumberToObject(object, name, isfinite(value) ? round(value / unit) * unit : 0);
}

char *omma_library_versions(void)
{
    return omma_text("omma %s\nffmpeg %s\ncjson %s\n", omma_version(), av_version_info(),
                     cJSON_Version());
}

static void add_libraries(cJSON *report)
{
    cJSON *libraries = cJSON_AddObjectToObject(report, "libraries");
    char *text = omma_library_versions(), *rest = text, *line;

    while ((line = strsep(&rest, "\n")) && *line) {
        char *name = strsep(&line, " ");
        cJSON_AddStringToObject(libraries, name, line ? line : "");
    }
    free(text);
}

static void add_source(cJSON *report, const omma_session *s)
{
    const omma_source_info *info = omma_source_get_info(s->source);
    cJSON *source = cJSON_AddObjectToObject(report, "source");

    cJSON_AddStringToObject(source, "description", info->description);
    cJSON_AddNumberToObject(source, "width", info->width);
    cJSON_AddNumberToObject(source, "height", info->height);
    add_rounded(source, "rate", info->rate, 1e-6);
    cJSON_AddNumberToObject(source, "frames", (double)info->frames);
    cJSON_AddBoolToObject(source, "live", info->live);
    add_rounded(source, "focal_px", info->focal_px, 1e-6);
}

static const char *camera_source(const omma_session *s, const omma_tracker_stats *stats)
{
    if (stats->camera_found)
        return s->options.tracker.camera ? "refined" : "found";
    if (s->options.tracker.camera || s->resumed.frames) /* a map's camera is given with it */
        return "given";
    return s->options.tracker.backend == OMMA_TRACKER_SYNTHETIC ? "scene" : "assumed";
}

static void add_camera(cJSON *report, const omma_session *s, const omma_tracker_stats *stats)
{
    const omma_camera *c = &stats->camera;
    cJSON *camera = cJSON_AddObjectToObject(report, "camera");

    cJSON_AddStringToObject(camera, "source", camera_source(s, stats));
    cJSON_AddStringToObject(camera, "model",
                            c->model == OMMA_CAMERA_FISHEYE ? "fisheye" : "pinhole");
    cJSON_AddNumberToObject(camera, "width", c->width);
    cJSON_AddNumberToObject(camera, "height", c->height);
    cJSON_AddNumberToObject(camera, "fx", c->fx);
    cJSON_AddNumberToObject(camera, "fy", c->fy);
    cJSON_AddNumberToObject(camera, "cx", c->cx);
    cJSON_AddNumberToObject(camera, "cy", c->cy);
    cJSON_AddItemToObject(camera, "k", cJSON_CreateDoubleArray(c->k, 5));
    add_rounded(camera, "focal_sigma_px", stats->focal_sigma_px, 1e-6);
}

/* A run of frames without a pose, as they follow each other in the source. */
static void add_interval(cJSON *lost, const omma_map *map, size_t first, size_t last)
{
    omma_map_pose from = omma_map_get_pose(map, first), to = omma_map_get_pose(map, last);
    cJSON *interval = cJSON_CreateObject();

    cJSON_AddNumberToObject(interval, "first_frame", (double)from.frame_index);
    cJSON_AddNumberToObject(interval, "last_frame", (double)to.frame_index);
    cJSON_AddNumberToObject(interval, "frames", (double)(last - first + 1));
    add_rounded(interval, "from_s", (double)from.time_ns * 1e-9, 1e-6);
    add_rounded(interval, "to_s", (double)to.time_ns * 1e-9, 1e-6);
    cJSON_AddStringToObject(interval, "status", omma_status_name(from.status));
    cJSON_AddItemToArray(lost, interval);
}

static void add_frames(cJSON *report, const omma_session *s)
{
    size_t n = omma_map_frame_count(s->map), posed = 0, in_main = 0, lost_from = SIZE_MAX;
    size_t count[STATUSES] = {0};
    uint32_t main_submap = omma_map_main_submap(s->map);
    cJSON *status = cJSON_CreateObject(), *lost = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++) {
        omma_map_pose p = omma_map_get_pose(s->map, i);
        if ((unsigned)p.status < STATUSES)
            count[p.status]++;
        posed += p.has_pose;
        in_main += p.has_pose && p.submap == main_submap;
        if (!p.has_pose && lost_from == SIZE_MAX)
            lost_from = i;
        if (lost_from != SIZE_MAX && (p.has_pose || i + 1 == n)) {
            add_interval(lost, s->map, lost_from, p.has_pose ? i - 1 : i);
            lost_from = SIZE_MAX;
        }
    }
    for (int i = 0; i < STATUSES; i++)
        cJSON_AddNumberToObject(status, omma_status_name((omma_status)i), (double)count[i]);
    const uint64_t frames = s->resumed.frames + s->now.frames, all = frames + s->now.dropped;
    cJSON_AddNumberToObject(report, "frames", (double)frames);
    cJSON_AddNumberToObject(report, "dropped", (double)s->now.dropped);
    cJSON_AddNumberToObject(report, "damaged", (double)s->now.damaged);
    cJSON_AddNumberToObject(report, "posed", (double)posed);
    cJSON_AddNumberToObject(report, "posed_in_main_submap", (double)in_main);
    add_rounded(report, "coverage", all ? (double)posed / (double)all : 0, 1e-6);
    cJSON_AddItemToObject(report, "status", status);
    cJSON_AddItemToObject(report, "without_pose", lost);
}

static void add_resumed(cJSON *report, const omma_session *s)
{
    cJSON *resumed = cJSON_AddObjectToObject(report, "resumed");

    cJSON_AddNumberToObject(resumed, "frames", (double)s->resumed.frames);
    cJSON_AddNumberToObject(resumed, "keyframes", (double)s->resumed.keyframes);
    cJSON_AddNumberToObject(resumed, "posed", (double)omma_session_posed(s));
}

static void add_dense(cJSON *report, const omma_session *s)
{
    cJSON *dense = cJSON_AddObjectToObject(report, "dense");
    size_t maps = 0;

    for (size_t i = 0; i < omma_map_keyframe_count(s->map); i++)
        maps += omma_map_has_depth(s->map, i);
    cJSON_AddNumberToObject(dense, "depth_maps", (double)maps);
    cJSON_AddNumberToObject(dense, "points", (double)s->cloud_points);
    cJSON_AddNumberToObject(dense, "voxel", s->cloud_voxel);
}

static void add_stage(cJSON *stages, const char *name, double cpu_s, uint64_t calls)
{
    cJSON *stage = cJSON_CreateObject();
    cJSON_AddStringToObject(stage, "name", name);
    add_rounded(stage, "cpu_s", cpu_s, 1e-6);
    cJSON_AddNumberToObject(stage, "calls", (double)calls);
    cJSON_AddItemToArray(stages, stage);
}

static void add_time(cJSON *report, const omma_session *s, const omma_tracker_stats *stats)
{
    cJSON *time = cJSON_AddObjectToObject(report, "time");
    double frames = s->now.frames ? (double)s->now.frames : 1;

    add_rounded(time, "wall_s", s->wall_s, 1e-6);
    add_rounded(time, "cpu_s", s->cpu_s, 1e-6);
    add_rounded(time, "frames_per_s", s->now.frames_per_s, 1e-3);
    add_rounded(time, "wall_s_per_frame", s->wall_s / frames, 1e-6);
    add_rounded(time, "cpu_s_per_frame", s->cpu_s / frames, 1e-6);
    cJSON *stages = cJSON_AddArrayToObject(time, "stages");
    add_stage(stages, "decode", s->decoder_cpu_s, s->now.frames + s->now.dropped);
    for (int i = 0; i < stats->stages; i++)
        add_stage(stages, stats->stage[i].name, stats->stage[i].cpu_s, stats->stage[i].calls);
    add_stage(stages, "fuse", s->fuse_cpu_s, s->now.frames);
}

/* Where the metres of a map are from. */
static void add_scale(cJSON *settings, const omma_session *s)
{
    const omma_session_options *o = &s->options;

    cJSON_AddNumberToObject(settings, "scale", o->scale);
    if (o->distance_m > 0) {
        cJSON *known = cJSON_AddObjectToObject(settings, "known_distance");

        cJSON_AddNumberToObject(known, "from_frame", (double)o->distance_frame[0]);
        cJSON_AddNumberToObject(known, "to_frame", (double)o->distance_frame[1]);
        cJSON_AddNumberToObject(known, "metres", o->distance_m);
    } else {
        cJSON_AddNullToObject(settings, "known_distance");
    }
    cJSON_AddNumberToObject(settings, "scaled_by", s->scaled_by);
}

static void add_settings(cJSON *report, const omma_session *s)
{
    const omma_tracker_options *t = &s->options.tracker;
    const omma_source_options *from = &s->options.source;
    cJSON *settings = cJSON_AddObjectToObject(report, "settings");

    cJSON_AddStringToObject(settings, "backend",
                            t->backend == OMMA_TRACKER_SYNTHETIC ? "synthetic" : "classical");
    cJSON_AddStringToObject(settings, "mode", s->realtime ? "realtime" : "every-frame");
    cJSON_AddNumberToObject(settings, "seed", (double)t->seed);
    cJSON_AddNumberToObject(settings, "threads", t->threads);
    cJSON_AddBoolToObject(settings, "loops", !t->no_loops);
    cJSON_AddNumberToObject(settings, "skip", (double)from->skip);
    cJSON_AddNumberToObject(settings, "limit", (double)from->limit);
    cJSON_AddNumberToObject(settings, "step", from->step ? (double)from->step : 1);
    add_rounded(settings, "focal_hint_px", t->focal_hint_px, 1e-6);
    cJSON_AddBoolToObject(settings, "sparse", !t->dense);
    cJSON_AddNumberToObject(settings, "depth_every", t->depth_every);
    cJSON_AddNumberToObject(settings, "max_points", (double)s->max_points);
    add_scale(settings, s);
}

static void add_loops(cJSON *report, const omma_session *s)
{
    cJSON *loops = cJSON_AddArrayToObject(report, "loops");

    for (size_t i = 0; i < s->loop_count; i++) {
        const omma_loop *l = &s->loops[i];
        cJSON *loop = cJSON_CreateObject();
        cJSON_AddNumberToObject(loop, "frame", (double)l->frame);
        cJSON_AddNumberToObject(loop, "earlier_frame", (double)l->earlier_frame);
        cJSON_AddNumberToObject(loop, "inliers", l->inliers);
        cJSON_AddBoolToObject(loop, "joined", l->joined);
        add_rounded(loop, "scale", l->scale, 1e-6);
        cJSON_AddItemToArray(loops, loop);
    }
}

char *omma_session_report(omma_session *s)
{
    omma_tracker_stats stats = {0};
    cJSON *report = cJSON_CreateObject();

    omma_tracker_get_stats(s->tracker, &stats);
    cJSON_AddStringToObject(report, "format", "omma-report");
    cJSON_AddNumberToObject(report, "format_version", 1);
    cJSON_AddStringToObject(report, "omma", omma_version());
    cJSON_AddStringToObject(report, "input", s->input);
    add_source(report, s);
    add_frames(report, s);
    if (s->resumed.frames)
        add_resumed(report, s);
    cJSON_AddNumberToObject(report, "keyframes", (double)omma_map_keyframe_count(s->map));
    cJSON_AddNumberToObject(report, "points", (double)omma_map_point_count(s->map));
    add_dense(report, s);
    cJSON_AddNumberToObject(report, "submaps", (double)stats.submaps);
    cJSON_AddNumberToObject(report, "relocalisations", (double)stats.relocalisations);
    add_loops(report, s);
    add_camera(report, s, &stats);
    add_rounded(report, "rms_px", stats.rms_px, 1e-6);
    cJSON_AddStringToObject(report, "unit", omma_map_unit(s->map));
    cJSON_AddItemToObject(report, "warnings", warnings_of(s, &stats));
    add_time(report, s, &stats);
    cJSON_AddNumberToObject(report, "peak_memory_bytes", (double)omma_peak_memory_bytes());
    add_settings(report, s);
    add_libraries(report);

    char *text = cJSON_Print(report); /* cJSON's malloc is the C library's */
    char *valid = omma_text_utf8(text);
    free(text);
    cJSON_Delete(report);
    return valid;
}
