/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "console.h"
#include "interrupt.h"
#include "map_input.h"
#include "output_place.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct mesh_values {
    const char *output;
    uint64_t max_triangles, min_piece, max_memory;
    double voxel, max_hole, max_error;
    bool cameras, salvage, force, json;
} mesh_values;

#define ROW(field) .offset = offsetof(mesh_values, field)
static const option_row rows[] = {
    {'o', "output", OPTION_FILE, "FILE",
     "what to write; its ending says the format: .ply, .glb or .obj", ROW(output)},
    {0, "voxel", OPTION_REAL, "LENGTH",
     "edge of the cubes that the surface is sampled in, in the map's unit; otherwise as fine as "
     "the "
     "depth allows",
     ROW(voxel)},
    {0, "max-triangles", OPTION_UNSIGNED, "N",
     "at most so many triangles, placed where the shape needs them, but never fewer than keep each "
     "piece whole; otherwise all",
     ROW(max_triangles), .least = 4, .most = 1e9},
    {0, "max-hole", OPTION_REAL, "LENGTH",
     "close holes whose rim is at most this long, in the map's unit; otherwise 16 voxels",
     ROW(max_hole)},
    {0, "min-piece", OPTION_UNSIGNED, "N",
     "drop pieces of fewer triangles (before --max-triangles); otherwise 100", ROW(min_piece),
     .least = 1, .most = 1e9},
    {0, "max-error", OPTION_REAL, "SHARE",
     "leave out depth that is expected to be worse than this share of itself; otherwise 0.05",
     ROW(max_error), .least = 0.0001, .most = 1},
    {0, "max-memory", OPTION_UNSIGNED, "MB",
     "memory that the volume may take; otherwise 1000. What needs more is refused before the work, "
     "or without --voxel made coarser",
     ROW(max_memory), .least = 1, .most = 1000000},
    {0, "cameras", OPTION_FLAG, .help = "also the cameras and the trajectory (.glb, .obj)",
     ROW(cameras)},
    {0, "salvage", OPTION_FLAG, .help = "take what is intact of a damaged map", ROW(salvage)},
    {'f', "force", OPTION_FLAG, .help = "replace FILE", ROW(force)},
    {0, "json", OPTION_FLAG, .help = "print one JSON object that says what was written", ROW(json)},
    {0},
};

static bool has_ending(const char *path)
{
    static const char *const endings[] = {".ply", ".glb", ".obj"};
    size_t n = strlen(path);

    for (int i = 0; i < 3; i++)
        if (n > 4 && strcasecmp(path + n - 4, endings[i]) == 0)
            return true;
    return false;
}

/* Before the minutes that a large map may take. */
static omma_error check_output(const mesh_values *v)
{
    if (!v->output)
        return omma_fail(OMMA_INVALID,
                         "say with -o what to write: a name that ends in .ply, .glb or .obj");
    if (!has_ending(v->output))
        return omma_fail(OMMA_INVALID,
                         "%s: the ending says no format for a mesh; it is one of .ply, .glb, .obj",
                         v->output);
    return output_place_check(v->output, v->force);
}

/* Why there is no surface. */
static omma_error explain_nothing(const mesh_values *v, const map_input *in)
{
    char voxel[40] = "", error[40] = "", piece[40] = "";

    if (!map_input_has_depth(in))
        return omma_fail(OMMA_DEGENERATE, "%s has no depth to make a surface of", in->path);
    if (v->voxel > 0)
        snprintf(voxel, sizeof voxel, " --voxel %g", v->voxel);
    if (v->max_error > 0)
        snprintf(error, sizeof error, " --max-error %g", v->max_error);
    if (v->min_piece > 0)
        snprintf(piece, sizeof piece, " --min-piece %" PRIu64, v->min_piece);
    if (voxel[0] || error[0] || piece[0])
        return omma_fail(OMMA_INVALID,
                         "nothing of the surface is left with%s%s%s: try without, or with other "
                         "values",
                         voxel, error, piece);
    return omma_fail(OMMA_DEGENERATE,
                     "the depth of %s makes no piece of 100 triangles: try --min-piece 1",
                     in->path);
}

static exit_code code_of(omma_error err)
{
    switch (err) {
    case OMMA_INVALID:
        return CODE_USAGE;
    case OMMA_DEGENERATE:
        return CODE_NO_MAP;
    case OMMA_INTERRUPTED:
        return (exit_code)interrupt_exit_code();
    default:
        return CODE_FAILED;
    }
}

static omma_error make_mesh(const mesh_values *v, const map_input *in, omma_mesh *mesh)
{
    omma_error err = omma_map_mesh(in->map,
                                   &(omma_mesh_options){.voxel = v->voxel,
                                                        .max_error = v->max_error,
                                                        .max_hole = v->max_hole,
                                                        .max_triangles = v->max_triangles,
                                                        .min_piece = v->min_piece,
                                                        .max_bytes = v->max_memory * 1000000,
                                                        .stop = interrupt_asked},
                                   mesh);

    if (err == OMMA_FULL)
        return omma_fail(OMMA_FULL, "%s; more is allowed with --max-memory MB", omma_why());
    return err || mesh->triangle_count ? err : explain_nothing(v, in);
}

static void tell(console *c, const mesh_values *v, const map_input *in, const omma_mesh *mesh)
{
    if (!v->json) {
        console_say(c, "%s: %zu triangles, %zu vertices, unit: %s", v->output, mesh->triangle_count,
                    mesh->vertex_count, omma_map_unit(in->map));
        return;
    }
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "file", v->output);
    cJSON_AddStringToObject(o, "unit", omma_map_unit(in->map));
    cJSON_AddNumberToObject(o, "triangles", (double)mesh->triangle_count);
    cJSON_AddNumberToObject(o, "vertices", (double)mesh->vertex_count);
    cJSON_AddNumberToObject(o, "damaged_parts", (double)in->damage.damaged);
    console_print(o);
    cJSON_Delete(o);
}

static int mesh_map(console *c, const mesh_values *v, const char *name)
{
    omma_mesh mesh = {0};
    map_input in;
    omma_error err = check_output(v);

    if (err)
        return console_fail(c, err == OMMA_INVALID ? CODE_USAGE : CODE_FAILED, NULL);
    if ((err = map_input_open(&in, name, v->salvage)))
        return console_fail(c, map_input_code(err), NULL);
    map_input_tell_damage(&in, &c->log);
    interrupt_watch(NULL);
    err = make_mesh(v, &in, &mesh);
    interrupt_set_writing(true); /* soon done; a second signal would leave half a file */
    if (!err)
        err = omma_scene_write(&(omma_scene){.map = in.map, .mesh = &mesh, .cameras = v->cameras},
                               v->output, &(omma_export_options){.replace = v->force});
    interrupt_set_writing(false);
    int code = CODE_DONE;
    if (err)
        code = console_fail(c, code_of(err), NULL);
    else
        tell(c, v, &in, &mesh);
    omma_mesh_finish(&mesh);
    map_input_finish(&in);
    return code;
}

static int run(const invocation *call)
{
    const mesh_values *v = call->values;
    console c;

    console_init(&c, call, v->json);
    int code = mesh_map(&c, v, call->arguments[0]);
    console_finish(&c);
    return code;
}

const command command_mesh = {
    .name = "mesh",
    .summary = "make the surface of a map: PLY, GLB or OBJ",
    .arguments = "MAP",
    .completes = OPTION_FILE,
    .least = 1,
    .most = 1,
    .description =
        "Makes a triangle mesh with colours from the depth of all keyframes in map.omma (MAP is "
        "that file, or the folder that holds it): depth that agrees is averaged, what a keyframe "
        "sees through is taken away, small holes are closed and loose crumbs dropped. Places that "
        "no camera saw stay open.",
    .options = rows,
    .examples =
        (const example_row[]){{"omma mesh clip-omma -o clip.glb", "the surface for Blender"},
                              {"omma mesh clip-omma -o small.glb --max-triangles 50000",
                               "the same shape, light enough for a web page"},
                              {0}},
    .values_bytes = sizeof(mesh_values),
    .run = run,
};
