/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "console.h"
#include "depth_export.h"
#include "interrupt.h"
#include "map_input.h"
#include "max_points.h"
#include "output_place.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define REPORT_BYTES (1u << 28)

typedef struct export_values {
    const char *output;
    uint64_t max_points, threads;
    double voxel;
    int depth_format;
    bool mesh, depth, no_cameras, salvage, force, json;
} export_values;

#define ROW(field) .offset = offsetof(export_values, field)
static const option_row rows[] = {
    {'o', "output", OPTION_FILE, "FILE",
     "what to write; its ending says the format: .ply, .glb, .obj, .las or .zip; with --depth a "
     "folder",
     ROW(output)},
    {0, "depth", OPTION_FLAG,
     .help = "instead of all this the depth of every keyframe, as files NNNNNN.npy (by frame) in a "
             "folder",
     ROW(depth), .excludes = "mesh|max-points|voxel|no-cameras"},
    {0, "depth-format", OPTION_CHOICE, NULL,
     "of the files of --depth: NumPy, PNG of 16 bits, or both", ROW(depth_format),
     "npy|png16|both"},
    {0, "max-points", OPTION_UNSIGNED, "N",
     "at most so many points; otherwise SLAM3R_MAX_POINTCLOUD_SIZE of the environment, or 2000000",
     ROW(max_points), .least = 1, .most = 1e9},
    {0, "voxel", OPTION_REAL, "LENGTH",
     "one point in each cube of this edge, in the map's unit; otherwise as fine as the depth is",
     ROW(voxel)},
    {0, "mesh", OPTION_FLAG,
     .help = "also the surface (.glb, .obj), or instead of the points (.ply)", ROW(mesh)},
    {0, "no-cameras", OPTION_FLAG, .help = "without the cameras and the trajectory (.glb, .obj)",
     ROW(no_cameras)},
    {0, "salvage", OPTION_FLAG, .help = "take what is intact of a damaged map", ROW(salvage)},
    {'j', "threads", OPTION_UNSIGNED, "N",
     "threads; otherwise as many as cores; the result does not depend on it", ROW(threads),
     .most = 256},
    {'f', "force", OPTION_FLAG, .help = "replace FILE", ROW(force)},
    {0, "json", OPTION_FLAG, .help = "print one JSON object that says what was written", ROW(json)},
    {0},
};

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);

    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static const char *const endings[] = {".ply", ".glb", ".obj", ".las", ".zip", NULL};

/* What was done, for the last line or the JSON. */
typedef struct export_result {
    size_t points, triangles, files, depths;
    const char *sparse; /* why; NULL: it is dense */
} export_result;

/* --------------------------------------------------------------------------------- zip */

static bool is_file(const char *folder, const char *name)
{
    char *path = omma_text("%s/%s", folder, name);
    struct stat st;
    bool is = lstat(path, &st) == 0 && S_ISREG(st.st_mode);

    free(path);
    return is;
}

/* The files of the map, as its report names them. */
static omma_error zip_files(const map_input *in, const cJSON *report, const char *path,
                            const omma_export_options *o, export_result *r)
{
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(report, "outputs");
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(outputs, "files"), *file;
    const char **names = omma_new_array(const char *, (size_t)cJSON_GetArraySize(files) + 1);
    omma_error err = OMMA_OK;

    cJSON_ArrayForEach(file, files)
    {
        if (!cJSON_IsString(file) || !is_file(in->folder, file->valuestring))
            err = omma_fail(OMMA_FORMAT, "%s/report.json names %s, which is not there", in->folder,
                            cJSON_IsString(file) ? file->valuestring : "a file");
        else
            names[r->files++] = file->valuestring;
        if (err)
            break;
    }
    if (!err && r->files == 0)
        err = omma_fail(OMMA_FORMAT, "%s/report.json names no files", in->folder);
    if (!err)
        err = omma_zip_write(path, in->folder, names, r->files, o);
    free(names);
    return err;
}

static omma_error export_zip(const map_input *in, const char *path, const omma_export_options *o,
                             export_result *r)
{
    char *report = omma_text("%s/report.json", in->folder), *text = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(report, REPORT_BYTES, &text, &bytes);

    if (!err) {
        cJSON *root = cJSON_ParseWithLength(text, bytes);

        err = zip_files(in, root, path, o, r);
        cJSON_Delete(root);
    }
    free(text);
    free(report);
    return err;
}

/* ------------------------------------------------------------------------------- scene */

static omma_error export_scene(const map_input *in, const export_values *v,
                               const omma_export_options *o, export_result *r)
{
    const bool is_ply = ends_with(v->output, ".ply");
    omma_cloud cloud = {0};
    omma_mesh mesh = {0};
    omma_error err = OMMA_OK;

    size_t most = v->max_points;

    if (!most)
        err = max_points_read(&most);
    if (!err && !(v->mesh && is_ply))
        err = map_input_cloud(in,
                              &(omma_fuse_options){.max_points = most,
                                                   .voxel = v->voxel,
                                                   .threads = (unsigned)v->threads,
                                                   .stop = interrupt_asked},
                              &cloud, &r->sparse);
    if (!err && v->mesh) {
        err = omma_map_mesh(
            in->map, &(omma_mesh_options){.voxel = 2 * v->voxel, .stop = interrupt_asked}, &mesh);
        if (!err && mesh.triangle_count == 0)
            err =
                map_input_has_depth(in) && v->voxel > 0
                    ? omma_fail(OMMA_INVALID, "--voxel %g leaves nothing of the surface", v->voxel)
                    : omma_fail(OMMA_DEGENERATE, "%s has no depth that makes a surface", in->path);
    }
    r->points = cloud.count;
    r->triangles = mesh.triangle_count;
    interrupt_set_writing(true); /* soon done; a second signal would leave half a file */
    if (!err)
        err = omma_scene_write(&(omma_scene){.map = in->map,
                                             .cloud = cloud.count ? &cloud : NULL,
                                             .mesh = mesh.triangle_count ? &mesh : NULL,
                                             .cameras = !v->no_cameras},
                               v->output, o);
    interrupt_set_writing(false);
    omma_cloud_finish(&cloud);
    omma_mesh_finish(&mesh);
    return err;
}

/* -------------------------------------------------------------------------------- main */

static void tell(console *c, const export_values *v, const map_input *in, const export_result *r)
{
    if (v->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "file", v->output);
        cJSON_AddStringToObject(o, "unit", omma_map_unit(in->map));
        cJSON_AddNumberToObject(o, "points", (double)r->points);
        cJSON_AddBoolToObject(o, "sparse", r->sparse != NULL);
        cJSON_AddNumberToObject(o, "triangles", (double)r->triangles);
        cJSON_AddNumberToObject(o, "files", (double)r->files);
        cJSON_AddNumberToObject(o, "depths", (double)r->depths);
        cJSON_AddNumberToObject(o, "damaged_parts", (double)in->damage.damaged);
        console_print(o);
        cJSON_Delete(o);
    } else if (v->depth) {
        console_say(c, "%s: depth of %zu keyframes, unit: %s", v->output, r->depths,
                    omma_map_unit(in->map));
    } else if (r->files) {
        console_say(c, "%s: %zu files", v->output, r->files);
    } else {
        console_say(c, "%s: %zu points%s%s%s, %zu triangles, unit: %s", v->output, r->points,
                    r->sparse ? " (sparse: " : "", r->sparse ? r->sparse : "", r->sparse ? ")" : "",
                    r->triangles, omma_map_unit(in->map));
    }
}

/* The wrong file is no reason to read the map for a minute. */
static omma_error check_output(const export_values *v)
{
    size_t i = 0;

    if (v->depth_format && !v->depth)
        return omma_fail(OMMA_INVALID, "--depth-format has no files to be of: say --depth too");
    if (v->depth)
        return v->output ? depth_export_check(v->output, v->force)
                         : omma_fail(OMMA_INVALID, "say with -o into which folder");
    if (!v->output)
        return omma_fail(OMMA_INVALID, "say with -o what to write: a name that ends in .ply, .glb, "
                                       ".obj, .las or .zip");
    while (endings[i] && !ends_with(v->output, endings[i]))
        i++;
    if (!endings[i])
        return omma_fail(OMMA_INVALID,
                         "%s: the ending says no format; it is one of .ply, .glb, .obj, .las, .zip",
                         v->output);
    if (v->mesh && (ends_with(v->output, ".las") || ends_with(v->output, ".zip")))
        return omma_fail(OMMA_INVALID, "%s: %s holds no mesh made now; leave out --mesh", v->output,
                         endings[i]);
    return output_place_check(v->output, v->force);
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

static int export_map(console *c, const export_values *v, const char *name)
{
    const omma_export_options o = {.replace = v->force};
    export_result r = {0};
    map_input in;
    omma_error err = check_output(v);

    if (err)
        return console_fail(c, err == OMMA_INVALID ? CODE_USAGE : CODE_FAILED, NULL);
    if ((err = map_input_open(&in, name, v->salvage)))
        return console_fail(c, map_input_code(err), NULL);
    map_input_tell_damage(&in, &c->log);
    interrupt_watch(NULL);
    if (v->depth)
        err = depth_export(&in, v->output, (omma_depth_format)v->depth_format, v->force, &r.depths);
    else if (ends_with(v->output, ".zip"))
        err = export_zip(&in, v->output, &o, &r);
    else
        err = export_scene(&in, v, &o, &r);
    int code = CODE_DONE;
    if (err)
        code = console_fail(c, code_of(err), NULL);
    else
        tell(c, v, &in, &r);
    map_input_finish(&in);
    return code;
}

static int run(const invocation *call)
{
    const export_values *v = call->values;
    console c;

    console_init(&c, call, v->json);
    int code = export_map(&c, v, call->arguments[0]);
    console_finish(&c);
    return code;
}

const command command_export = {
    .name = "export",
    .summary = "write a map as PLY, GLB, OBJ, LAS or ZIP",
    .arguments = "MAP",
    .completes = OPTION_FILE,
    .least = 1,
    .most = 1,
    .description =
        "Writes the map in map.omma (MAP is that file, or the folder that holds it) in a format "
        "that other programs read: the depth of all keyframes fused into one cloud of points, or "
        "the sparse points of a map without depth.\n\n"
        ".ply holds the points, or with --mesh the surface instead; .glb (glTF 2.0) points, "
        "surface, cameras and trajectory, each to be switched; .obj the same; .las (1.2) points, "
        "with z up; .zip all files of the map's folder. With --depth a folder is written instead, "
        "with "
        "the depth of every keyframe as an array or a picture.",
    .options = rows,
    .examples = (const example_row[]){{"omma export clip-omma -o clip.glb",
                                       "points, cameras and trajectory for Blender or a browser"},
                                      {"omma export clip-omma --mesh -o clip.ply", "the surface"},
                                      {"omma export clip-omma -o clip.zip", "all in one file"},
                                      {"omma export clip-omma --depth -o depth",
                                       "depth/000000.npy and so on, for NumPy"},
                                      {0}},
    .values_bytes = sizeof(export_values),
    .run = run,
};
