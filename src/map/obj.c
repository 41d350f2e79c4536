/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wavefront OBJ: "v x y z r g b" with colours in 0..1, as MeshLab, Blender and Open3D read them;
 * points are "p", frusta and trajectory "l", each an object of its own. Numbers count from 1 over
 * the whole file.
 */
#include "scene_files.h"

#include <math.h>

typedef struct obj_writer {
    omma_file *file;
    size_t vertices, normals; /* so far */
} obj_writer;

static void put_vertex(obj_writer *w, const float x[3], const uint8_t rgb[3])
{
    omma_file_printf(w->file, "v %.9g %.9g %.9g %.4g %.4g %.4g\n", (double)x[0], (double)x[1],
                     (double)x[2], rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
    w->vertices++;
}

static void put_normal(obj_writer *w, const float n[3])
{
    omma_file_printf(w->file, "vn %.5g %.5g %.5g\n", (double)n[0], (double)n[1], (double)n[2]);
    w->normals++;
}

/* Normals of points have no place in "p", but readers pair them with the vertices by number. */
static void put_points(obj_writer *w, const omma_scene *s)
{
    bool has_normals = scene_has_normals(s);
    size_t first = w->vertices + 1;

    omma_file_printf(w->file, "o points\n");
    for (size_t i = 0; i < s->cloud->count; i++) {
        const omma_cloud_point *p = &s->cloud->points[i];

        if (!scene_point_is_finite(p))
            continue;
        put_vertex(w, p->world, p->rgb);
        if (has_normals)
            put_normal(w, p->normal);
    }
    for (size_t i = first; i <= w->vertices; i++)
        omma_file_printf(w->file, "p %zu\n", i);
}

static void put_mesh(obj_writer *w, const omma_mesh *m)
{
    size_t v = w->vertices + 1, n = w->normals + 1;

    omma_file_printf(w->file, "o mesh\n");
    for (size_t i = 0; i < m->vertex_count; i++) {
        put_vertex(w, m->positions + 3 * i, m->rgb + 3 * i);
        put_normal(w, m->normals + 3 * i);
    }
    for (size_t i = 0; i < m->triangle_count; i++) {
        const uint32_t *t = m->triangles + 3 * i;

        omma_file_printf(w->file, "f %zu//%zu %zu//%zu %zu//%zu\n", v + t[0], n + t[0], v + t[1],
                         n + t[1], v + t[2], n + t[2]);
    }
}

static void put_frustum(obj_writer *w, const omma_map_keyframe *k, double depth)
{
    static const uint8_t orange[3] = {255, 128, 0};
    double corners[4][3];
    size_t first = w->vertices + 1;
    omma_sim3 T = k->world_from_keyframe;
    float x[3] = {(float)T.t[0], (float)T.t[1], (float)T.t[2]};

    T.s = 1;
    scene_frustum(&k->camera, depth, corners);
    put_vertex(w, x, orange);
    for (int i = 0; i < 4; i++) {
        double out[3];

        omma_sim3_apply(&T, corners[i], out);
        for (int j = 0; j < 3; j++)
            x[j] = (float)out[j];
        put_vertex(w, x, orange);
    }
    omma_file_printf(w->file, "l %zu %zu %zu %zu %zu\n", first + 1, first + 2, first + 3, first + 4,
                     first + 1);
    for (size_t i = 1; i <= 4; i++)
        omma_file_printf(w->file, "l %zu %zu\n", first, first + i);
}

static void put_lines(obj_writer *w, const omma_scene *s)
{
    static const uint8_t blue[3] = {0, 64, 255};
    scene_lines l;

    scene_lines_init(&l, s);
    if (l.keyframe_count > 0)
        omma_file_printf(w->file, "o cameras\n");
    for (size_t i = 0; i < l.keyframe_count; i++) {
        omma_map_keyframe k = omma_map_get_keyframe(s->map, l.keyframes[i]);

        put_frustum(w, &k, l.depth);
    }
    if (l.path_count > 0)
        omma_file_printf(w->file, "o trajectory\n");
    for (size_t i = 0; i < l.path_count; i++) {
        put_vertex(w, l.path[i], blue);
        if (l.joined[i])
            omma_file_printf(w->file, "l %zu %zu\n", w->vertices - 1, w->vertices);
    }
    scene_lines_finish(&l);
}

omma_error obj_write(const omma_scene *s, const char *path, bool replace)
{
    obj_writer w = {0};
    omma_error err = omma_file_create(&w.file, path, replace);

    if (err)
        return err;
    omma_file_printf(w.file,
                     "# written by omma %s\n"
                     "# axes: right-handed; cameras have x right, y down, z forward\n"
                     "# unit: %s\n",
                     omma_version(), s->map ? omma_map_unit(s->map) : "units");
    if (s->cloud)
        put_points(&w, s);
    if (s->mesh)
        put_mesh(&w, s->mesh);
    if (s->cameras)
        put_lines(&w, s);
    return omma_file_commit(&w.file);
}
