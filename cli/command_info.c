/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/media.h>

#include "commands.h"
#include "console.h"
#include "identify.h"
#include "map_input.h"
#include "map_run.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD_BYTES  65536u
#define WHOLE_BYTES (1u << 28)

typedef struct info_values {
    bool json;
} info_values;

static const option_row rows[] = {
    {0, "json", OPTION_FLAG, .help = "print one JSON object",
     .offset = offsetof(info_values, json)},
    {0},
};

/* Everything is said as one flat JSON object; people get its lines. */
static void print_value(const cJSON *item)
{
    if (cJSON_IsString(item)) {
        printf("%s", item->valuestring);
    } else {
        char *text = cJSON_PrintUnformatted(item);
        printf("%s", text);
        free(text);
    }
}

static void print_object(const cJSON *o, bool json)
{
    const cJSON *item;

    if (json) {
        console_print(o);
        return;
    }
    cJSON_ArrayForEach(item, o)
    {
        printf("%-18s", item->string);
        print_value(item);
        printf("\n");
    }
}

static void add_vector(cJSON *o, const char *name, const double *v, int n)
{
    cJSON_AddItemToObject(o, name, cJSON_CreateDoubleArray(v, n));
}

/* ------------------------------------------------------------------------------------- kinds */

static omma_error info_trajectory(cJSON *o, const char *path)
{
    omma_trajectory t;
    omma_error err = omma_trajectory_read(&t, path);
    double length = 0, low[3] = {INFINITY, INFINITY, INFINITY};
    double high[3] = {-INFINITY, -INFINITY, -INFINITY}, size[3];

    if (err)
        return err;
    for (size_t i = 0; i < t.count; i++) {
        const double *p = t.poses[i].world_from_camera.t;
        const double *before = t.poses[i ? i - 1 : 0].world_from_camera.t;
        length +=
            sqrt((p[0] - before[0]) * (p[0] - before[0]) + (p[1] - before[1]) * (p[1] - before[1]) +
                 (p[2] - before[2]) * (p[2] - before[2]));
        for (int k = 0; k < 3; k++) {
            low[k] = fmin(low[k], p[k]);
            high[k] = fmax(high[k], p[k]);
        }
    }
    for (int k = 0; k < 3; k++)
        size[k] = high[k] - low[k];
    cJSON_AddStringToObject(o, "kind", "trajectory (TUM format)");
    cJSON_AddNumberToObject(o, "poses", (double)t.count);
    cJSON_AddNumberToObject(o, "skipped_lines", (double)t.skipped_lines);
    cJSON_AddNumberToObject(o, "from_s", t.poses[0].time_s);
    cJSON_AddNumberToObject(o, "to_s", t.poses[t.count - 1].time_s);
    cJSON_AddNumberToObject(o, "path_length", length);
    add_vector(o, "extent", size, 3);
    omma_trajectory_finish(&t);
    return OMMA_OK;
}

static omma_error info_ply(cJSON *o, const char *text, size_t bytes)
{
    ply_header h;
    omma_error err = ply_header_parse(&h, text, bytes);

    if (err)
        return err;
    cJSON_AddStringToObject(o, "kind", "points (PLY)");
    cJSON_AddStringToObject(o, "format", h.format);
    cJSON_AddNumberToObject(o, "vertices", (double)h.vertices);
    cJSON_AddNumberToObject(o, "faces", (double)h.faces);
    cJSON_AddStringToObject(o, "properties", h.properties);
    cJSON_AddStringToObject(o, "comments", h.comments);
    return OMMA_OK;
}

static omma_error info_camera(cJSON *o, const char *text, size_t bytes)
{
    omma_camera c;
    omma_error err = omma_camera_parse(&c, text, bytes);

    if (err)
        return err;
    cJSON_AddStringToObject(o, "kind", "camera");
    cJSON_AddStringToObject(o, "model", c.model == OMMA_CAMERA_FISHEYE ? "fisheye" : "pinhole");
    cJSON_AddNumberToObject(o, "width", c.width);
    cJSON_AddNumberToObject(o, "height", c.height);
    cJSON_AddNumberToObject(o, "fx", c.fx);
    cJSON_AddNumberToObject(o, "fy", c.fy);
    cJSON_AddNumberToObject(o, "cx", c.cx);
    cJSON_AddNumberToObject(o, "cy", c.cy);
    add_vector(o, "k", c.k, 5);
    if (c.width > 0)
        cJSON_AddNumberToObject(o, "fov_degrees", 360 / M_PI * atan(0.5 * c.width / c.fx));
    return OMMA_OK;
}

/* A report is shown as it is; other JSON only by its size. */
static omma_error info_json(cJSON *o, const char *path)
{
    char *text = NULL;
    size_t bytes;
    omma_error err = omma_file_read(path, WHOLE_BYTES, &text, &bytes);

    if (err)
        return err;
    cJSON *root = cJSON_ParseWithLength(text, bytes);
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");
    free(text);
    if (!root)
        return omma_fail(OMMA_FORMAT, "%s begins like JSON and is not: it is damaged or cut off",
                         path);
    if (cJSON_IsString(format) && strcmp(format->valuestring, "omma-report") == 0) {
        cJSON_AddStringToObject(o, "kind", "report of omma map");
        for (cJSON *item; (item = cJSON_DetachItemFromArray(root, 0));) {
            char *name = item->string; /* adding copies it */
            item->string = NULL;
            cJSON_AddItemToObject(o, name, item);
            free(name);
        }
    } else if (cJSON_GetObjectItemCaseSensitive(root, "frames")) {
        cJSON_AddStringToObject(o, "kind", "transforms.json (nerfstudio)");
        cJSON_AddNumberToObject(
            o, "pictures", cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "frames")));
    } else {
        cJSON_AddStringToObject(o, "kind", "JSON");
        cJSON_AddNumberToObject(o, "members", cJSON_GetArraySize(root));
    }
    cJSON_Delete(root);
    return OMMA_OK;
}

static void add_counts(cJSON *o, const omma_map *m)
{
    size_t posed = 0, pictures = 0, depths = 0, keyframes = omma_map_keyframe_count(m);

    for (size_t i = 0; i < omma_map_frame_count(m); i++)
        posed += omma_map_get_pose(m, i).has_pose;
    for (size_t i = 0; i < keyframes; i++) {
        omma_depth_map d = {0};

        pictures += omma_map_get_keyframe(m, i).jpeg != NULL;
        depths += omma_map_get_depth(m, i, &d) == OMMA_OK && d.width > 0;
        omma_depth_map_finish(&d);
    }
    cJSON_AddNumberToObject(o, "frames", (double)omma_map_frame_count(m));
    cJSON_AddNumberToObject(o, "posed", (double)posed);
    cJSON_AddNumberToObject(o, "keyframes", (double)keyframes);
    cJSON_AddNumberToObject(o, "pictures", (double)pictures);
    cJSON_AddNumberToObject(o, "depths", (double)depths);
    cJSON_AddNumberToObject(o, "points", (double)omma_map_point_count(m));
    cJSON_AddNumberToObject(o, "observations", (double)omma_map_observation_count(m));
}

/* Also of a damaged map: how many of its parts are. */
static omma_error info_map(cJSON *o, const char *path)
{
    map_input in;
    omma_error err = map_input_open(&in, path, true);

    if (err)
        return err;
    cJSON_AddStringToObject(
        o, "kind", omma_map_is_unfinished(in.map) ? "map, cut off while it was made" : "map");
    cJSON_AddStringToObject(o, "written_by", in.damage.writer);
    cJSON_AddStringToObject(o, "unit", omma_map_unit(in.map));
    add_counts(o, in.map);
    cJSON_AddNumberToObject(o, "main_submap", omma_map_main_submap(in.map));
    cJSON_AddNumberToObject(o, "parts", (double)in.damage.parts);
    cJSON_AddNumberToObject(o, "damaged_parts", (double)in.damage.damaged);
    cJSON_AddNumberToObject(o, "orphaned_parts", (double)in.damage.orphans);
    map_input_finish(&in);
    return OMMA_OK;
}

static omma_error info_source(cJSON *o, const char *url, const omma_log *log)
{
    omma_source *s = NULL;
    omma_error err = omma_source_open(&s, url, NULL, log);

    if (err)
        return err;
    const omma_source_info *info = omma_source_get_info(s);
    cJSON_AddStringToObject(o, "kind", "input of omma map");
    cJSON_AddStringToObject(o, "description", info->description);
    cJSON_AddNumberToObject(o, "width", info->width);
    cJSON_AddNumberToObject(o, "height", info->height);
    cJSON_AddNumberToObject(o, "rate", info->rate);
    cJSON_AddNumberToObject(o, "frames", (double)info->frames);
    cJSON_AddBoolToObject(o, "live", info->live);
    cJSON_AddNumberToObject(o, "focal_px", info->focal_px);
    omma_source_close(&s);
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- main */

static size_t read_head(const char *path, char *head, bool *whole)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t bytes = fread(head, 1, HEAD_BYTES, f);
    *whole = feof(f) || bytes < HEAD_BYTES;
    fclose(f);
    return bytes;
}

static omma_error info_file(cJSON *o, const char *path, const omma_log *log)
{
    bool whole = false;
    char *head = omma_new_array(char, HEAD_BYTES);
    size_t bytes = read_head(path, head, &whole);
    omma_error err;

    cJSON_AddStringToObject(o, "name", path);
    switch (bytes ? identify(head, bytes, whole) : FILE_OTHER) {
    case FILE_PLY:
        err = info_ply(o, head, bytes);
        break;
    case FILE_MAP:
        err = info_map(o, path);
        break;
    case FILE_JSON:
        err = info_json(o, path);
        break;
    case FILE_TRAJECTORY:
        err = info_trajectory(o, path);
        break;
    case FILE_CAMERA:
        err = info_camera(o, head, bytes);
        break;
    default:
        err = info_source(o, path, log);
    }
    free(head);
    return err;
}

/* A file inside a folder, or NULL; given. */
static char *file_in(const char *folder, const char *name)
{
    struct stat st;
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return NULL;
    char *path = omma_text("%s/%s", folder, name);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return path;
    free(path);
    return NULL;
}

/* A folder is its report, and the map file in it; without a report the map file alone. */
static omma_error info(cJSON *o, const char *path, const char *report, const omma_log *log)
{
    char *map = file_in(path, "map.omma");
    if (!map && !report)
        map = file_in(path, OMMA_JOURNAL_NAME);
    omma_error err = info_file(o, report ? report : map ? map : path, log);

    if (!err && report && map) {
        cJSON *inner = cJSON_AddObjectToObject(o, "map");
        err = info_map(inner, map);
    }
    free(map);
    return err;
}

static int run(const invocation *call)
{
    const info_values *v = call->values;
    const char *path = call->arguments[0];
    char *report = file_in(path, "report.json"), *text = NULL;
    size_t bytes;
    int code = CODE_DONE;
    console c;

    console_init(&c, call, v->json);
    if (report && !v->json && omma_file_read(report, WHOLE_BYTES, &text, &bytes) == OMMA_OK) {
        map_summary(text, path, NULL);
    } else {
        cJSON *o = cJSON_CreateObject();
        omma_error err = info(o, path, report, &c.log);
        if (err)
            code = console_fail(&c, exit_code_of_input(err, path), NULL);
        else
            print_object(o, v->json);
        cJSON_Delete(o);
    }
    console_finish(&c);
    free(text);
    free(report);
    return code;
}

const command command_info = {
    .name = "info",
    .summary = "say what a file or input is",
    .arguments = "FILE",
    .completes = OPTION_FILE,
    .least = 1,
    .most = 1,
    .description =
        "Says what FILE is and what can be read from it: a video, a folder of pictures or an "
        "embedded scene (anything that omma map takes), a trajectory, a PLY file, a camera file, a "
        "report.json, a map.omma (of a damaged one, what is left), or the folder of a map.",
    .options = rows,
    .examples = (const example_row[]){{"omma info clip.mp4", "size, rate and length of a video"},
                                      {"omma info clip-omma", "what became of an earlier omma map"},
                                      {0}},
    .values_bytes = sizeof(info_values),
    .run = run,
};
