/* SPDX-License-Identifier: Apache-2.0 */
/* The points as binary PLY. Source: Turk, "The PLY polygon file format", 1994. */
#include "export.h"

#include <string.h>

#define VERTEX_BYTES 15

static size_t count_vertices(const omma_map *m, const export_choice *choice)
{
    const omma_map_point *points = omma_map_get_points(m);
    size_t n = 0;

    for (size_t i = 0; i < omma_map_point_count(m); i++)
        n += export_wants(choice, &points[i]);
    return n;
}

/* Of n points every (n / most)-th, so that all places lose alike. */
static bool is_kept(size_t i, size_t n, size_t most)
{
    return !most || n <= most || (uint64_t)i * most / n != (uint64_t)(i + 1) * most / n;
}

static void write_header(omma_file *f, const omma_map *m, size_t vertices)
{
    omma_file_printf(f,
                     "ply\n"
                     "format binary_little_endian 1.0\n"
                     "comment written by omma %s\n"
                     "comment points in the world of the trajectory (point = world_from_camera * "
                     "point in camera)\n"
                     "comment axes: right-handed; cameras have x right, y down, z forward\n"
                     "comment unit: %s\n"
                     "element vertex %zu\n"
                     "property float x\n"
                     "property float y\n"
                     "property float z\n"
                     "property uchar red\n"
                     "property uchar green\n"
                     "property uchar blue\n"
                     "end_header\n",
                     omma_version(), omma_map_unit(m), vertices);
}

static void put_float(unsigned char *to, double value)
{
    float single = (float)value;
    uint32_t bits;

    memcpy(&bits, &single, sizeof bits);
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(bits >> (8 * i));
}

omma_error omma_map_write_ply(const omma_map *m, const char *path, const omma_export_options *o)
{
    export_choice choice = export_choose(m, o);
    const omma_map_point *points = omma_map_get_points(m);
    const size_t n = count_vertices(m, &choice), most = o ? o->max_points : 0;
    omma_file *f;
    omma_error err = omma_file_create(&f, path, choice.replace);

    if (err)
        return err;
    write_header(f, m, most && n > most ? most : n);
    for (size_t i = 0, wanted = 0; i < omma_map_point_count(m); i++) {
        unsigned char vertex[VERTEX_BYTES];

        if (!export_wants(&choice, &points[i]) || !is_kept(wanted++, n, most))
            continue;
        for (int k = 0; k < 3; k++)
            put_float(vertex + 4 * k, points[i].world[k]);
        memcpy(vertex + 12, points[i].rgb, 3);
        omma_file_write(f, vertex, sizeof vertex);
    }
    return omma_file_commit(&f);
}
