/* SPDX-License-Identifier: Apache-2.0 */
/* The dense formats by the ending of the file's name. */
#include "cloud_ply.h"
#include "export.h"
#include "mesh_ply.h"
#include "scene_files.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static omma_error check_mesh(const omma_mesh *m, const char *path)
{
    for (size_t i = 0; i < 3 * m->vertex_count; i++)
        if (!isfinite(m->positions[i]))
            return omma_fail(OMMA_INVALID, "%s: a vertex of the mesh is not finite", path);
    for (size_t i = 0; i < 3 * m->triangle_count; i++)
        if (m->triangles[i] >= m->vertex_count)
            return omma_fail(OMMA_INVALID, "%s: a triangle of the mesh has no vertex", path);
    return OMMA_OK;
}

/* One or the other: readers look for one thing in a PLY file. */
static omma_error ply_write(const omma_scene *s, const char *path, bool replace)
{
    const omma_export_options o = {.replace = replace};
    omma_map *nameless = s->map ? NULL : omma_map_create();
    const omma_map *m = s->map ? s->map : nameless;
    omma_error err =
        s->cloud ? cloud_write_ply(s->cloud, m, path, &o) : mesh_write_ply(s->mesh, m, path, &o);

    omma_map_destroy(&nameless);
    return err;
}

static const struct {
    const char *ending;
    bool points, mesh, cameras; /* what it can hold */
    omma_error (*write)(const omma_scene *s, const char *path, bool replace);
} formats[] = {
    {".ply", true, true, false, ply_write},
    {".glb", true, true, true, glb_write},
    {".obj", true, true, true, obj_write},
    {".las", true, false, false, las_write},
};

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);

    return n > m && strcasecmp(path + n - m, ending) == 0;
}

omma_error omma_scene_write(const omma_scene *s, const char *path, const omma_export_options *o)
{
    size_t triangles = s->mesh ? s->mesh->triangle_count : 0;

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!ends_with(path, formats[i].ending))
            continue;
        omma_scene held = *s;

        if (!formats[i].points || scene_count_points(s) == 0)
            held.cloud = NULL;
        if (!formats[i].mesh || triangles == 0)
            held.mesh = NULL;
        held.cameras &= formats[i].cameras && s->map && omma_map_keyframe_count(s->map) > 0;
        if (!held.cloud && !held.mesh && !held.cameras)
            return omma_fail(OMMA_INVALID, "%s: the map has nothing that a %s file can hold", path,
                             formats[i].ending);
        omma_error err = held.mesh ? check_mesh(held.mesh, path) : OMMA_OK;
        if (err)
            return err;
        plain_numbers plain;

        plain_numbers_begin(&plain);
        err = formats[i].write(&held, path, o && o->replace);

        plain_numbers_end(&plain);
        return err;
    }
    return omma_fail(OMMA_INVALID,
                     "%s: the ending says no format; it is one of .ply, .glb, .obj, .las", path);
}
