/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/media.h>
#include <omma/slam.h>

#include "camera_option.h"
#include "commands.h"
#include "console.h"
#include "map_input.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>

#define MOST_BYTES ((size_t)512 << 20)

typedef struct locate_values {
    const char *camera;
    bool json;
} locate_values;

#define ROW(field) .offset = offsetof(locate_values, field)
static const option_row rows[] = {
    {'c', "camera", OPTION_FILE, "FILE|fx,fy,cx,cy[,k1,k2,p1,p2[,k3]]",
     "the camera of the pictures, as a file or as numbers (see omma map); otherwise it is the "
     "map's, scaled when the pictures are larger or smaller",
     ROW(camera)},
    {0, "json", OPTION_FLAG, .help = "print one JSON object", ROW(json)},
    {0},
};

/* What knows the map. */
typedef struct guide {
    map_input map;
    omma_tracker *tracker;
    const omma_camera *camera; /* as given; NULL: the map's */
} guide;

static void guide_finish(guide *g)
{
    omma_tracker_destroy(&g->tracker);
    map_input_finish(&g->map);
}

static omma_error guide_open(guide *g, const char *name, const omma_log *log)
{
    omma_buffer *memory = NULL;
    omma_error err = map_input_open_remembered(&g->map, name);

    if (err)
        return err;
    err = omma_map_get_memory(g->map.map, &memory);
    if (err == OMMA_NOT_FOUND)
        err = omma_fail(OMMA_FORMAT,
                        "%s does not hold what is needed to recognise places (an older omma wrote "
                        "it, or another backend made it)",
                        g->map.path);
    if (!err)
        err = omma_tracker_create(&g->tracker, log, NULL);
    if (!err)
        err = omma_tracker_restore(
            g->tracker, &(omma_tracker_memory){.data = memory->data, .bytes = memory->bytes});
    omma_buffer_unref(&memory);
    if (err)
        guide_finish(g);
    return err;
}

static omma_error read_picture(omma_frame **out, const char *path)
{
    char *data = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_BYTES, &data, &bytes);

    if (!err)
        err = omma_image_decode(out, data, bytes, path);
    free(data);
    return err;
}

/* The camera that was given, for a picture of this size. */
static omma_error fit_camera(omma_camera *c, const omma_frame *f, const char *name)
{
    if (c->width < 1 || c->height < 1) {
        c->width = f->width;
        c->height = f->height;
    } else if (omma_camera_fit(c, f->width, f->height) != OMMA_OK) {
        return omma_fail(OMMA_INVALID, "%s: %s", name, omma_why());
    }
    return omma_camera_check(c);
}

/* @param found whether the map knows the picture. */
static omma_error locate(const guide *g, const char *name, bool *found, omma_tracker_place *out)
{
    omma_frame *f = NULL;
    omma_camera camera;
    omma_error err = read_picture(&f, name);

    if (!err && g->camera) {
        camera = *g->camera;
        err = fit_camera(&camera, f, name);
    }
    if (!err) {
        err = omma_tracker_locate(g->tracker, f, g->camera ? &camera : NULL, out);
        if (err == OMMA_INVALID && !g->camera)
            omma_fail(err, "%s: %s; give its --camera", name, omma_why());
        *found = err == OMMA_OK;
        if (err == OMMA_NOT_FOUND)
            err = OMMA_OK;
    }
    omma_frame_unref(&f);
    return err;
}

/* -------------------------------------------------------------------------------------- results */

static void print_line(size_t i, const char *name, const omma_tracker_place *p)
{
    double q[4];

    if (!p) {
        printf("# %s: not known here\n", name);
        return;
    }
    const double *t = p->world_from_camera.t;
    omma_se3_to_quaternion(&p->world_from_camera, q);
    printf("# %s: %u of %u points agree, submap %u\n", name, (unsigned)p->inliers,
           (unsigned)p->matches, (unsigned)p->submap);
    printf("%zu %.9g %.9g %.9g %.9g %.9g %.9g %.9g\n", i, t[0], t[1], t[2], q[0], q[1], q[2], q[3]);
}

static void add_place(cJSON *pictures, const char *name, const omma_tracker_place *p)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddItemToArray(pictures, o);
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddBoolToObject(o, "found", p != NULL);
    if (!p)
        return;
    double q[4];
    omma_se3_to_quaternion(&p->world_from_camera, q);
    cJSON_AddItemToObject(o, "translation", cJSON_CreateDoubleArray(p->world_from_camera.t, 3));
    cJSON_AddItemToObject(o, "quaternion", cJSON_CreateDoubleArray(q, 4));
    cJSON_AddNumberToObject(o, "submap", p->submap);
    cJSON_AddNumberToObject(o, "inliers", p->inliers);
    cJSON_AddNumberToObject(o, "matches", p->matches);
}

static exit_code code_of(omma_error err)
{
    switch (err) {
    case OMMA_INVALID:
        return CODE_USAGE;
    case OMMA_NO_MEMORY:
    case OMMA_FAILED:
        return CODE_FAILED;
    default:
        return CODE_INPUT;
    }
}

/* All pictures; the first that cannot be read ends it. */
static int locate_all(console *c, const guide *g, const invocation *call, bool json)
{
    cJSON *result = cJSON_CreateObject(), *pictures;
    int code = CODE_DONE;

    cJSON_AddStringToObject(result, "map", g->map.path);
    cJSON_AddStringToObject(result, "unit", omma_map_unit(g->map.map));
    pictures = cJSON_AddArrayToObject(result, "pictures");
    if (!json)
        printf("# world_from_camera in %s: number of the picture, tx ty tz qx qy qz qw\n",
               omma_map_unit(g->map.map));
    for (size_t i = 0; i + 1 < call->count; i++) {
        const char *name = call->arguments[i];
        omma_tracker_place place;
        bool found = false;
        omma_error err = locate(g, name, &found, &place);

        if (err) {
            cJSON_Delete(result);
            return console_fail(c, code_of(err), NULL);
        }
        if (!found)
            code = CODE_NO_PLACE;
        if (json)
            add_place(pictures, name, found ? &place : NULL);
        else
            print_line(i, name, found ? &place : NULL);
    }
    if (json)
        console_print(result);
    cJSON_Delete(result);
    return code;
}

static int run(const invocation *call)
{
    const locate_values *v = call->values;
    omma_camera camera;
    guide g = {.camera = v->camera ? &camera : NULL};
    int code;
    console c;

    console_init(&c, call, v->json);
    omma_error err = v->camera ? camera_option_read(&camera, v->camera) : OMMA_OK;
    if (err) {
        code = console_fail(&c, CODE_USAGE, NULL);
    } else {
        err = guide_open(&g, call->arguments[call->count - 1], &c.log);
        code = err ? console_fail(&c, code_of(err), NULL) : locate_all(&c, &g, call, v->json);
        guide_finish(&g);
    }
    console_finish(&c);
    return code;
}

const command command_locate = {
    .name = "locate",
    .summary = "say where pictures were taken in a map",
    .arguments = "IMAGE... MAP",
    .completes = OPTION_FILE,
    .least = 2,
    .most = 100000,
    .description =
        "Recognises pictures in MAP (the folder of an earlier omma map, or its map.omma) and "
        "prints where each was taken: its camera's pose in the map's frame and unit, a line in "
        "TUM's format whose time is the picture's number here. A picture that is not recognised is "
        "\"not known here\", never guessed, and omma then ends with code 8.\n\n"
        "Pictures need not be of the camera that made the map; --camera tells theirs.",
    .options = rows,
    .examples =
        (const example_row[]){{"omma locate photo.jpg clip-omma", "where photo.jpg was taken"},
                              {"omma locate a.png b.png clip-omma --camera phone.txt --json",
                               "two pictures of a camera that is known"},
                              {0}},
    .values_bytes = sizeof(locate_values),
    .run = run,
};
