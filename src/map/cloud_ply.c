/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Turk, "The PLY polygon file format", 1994. */
#include "cloud_ply.h"

#include <string.h>

#define VERTEX_BYTES 32

static void write_header(omma_file *f, const omma_cloud *c, const omma_map *map)
{
    static const char *const floats[] = {"x", "y", "z", "nx", "ny", "nz"};
    static const char *const bytes[] = {"red", "green", "blue"};

    omma_file_printf(f,
                     "ply\n"
                     "format binary_little_endian 1.0\n"
                     "comment written by omma %s\n"
                     "comment points in the world of the trajectory (point = world_from_camera * "
                     "point in camera)\n"
                     "comment axes: right-handed; cameras have x right, y down, z forward\n"
                     "comment unit: %s\n"
                     "comment normals point towards the cameras; error: expected, in the unit; "
                     "views: keyframes that saw the point\n"
                     "element vertex %zu\n",
                     omma_version(), omma_map_unit(map), c->count);
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        omma_file_printf(f, "property float %s\n", floats[i]);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        omma_file_printf(f, "property uchar %s\n", bytes[i]);
    omma_file_printf(f, "property float error\nproperty uchar views\nend_header\n");
}

static void put_float(unsigned char *to, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(bits >> (8 * i));
}

omma_error cloud_write_ply(const omma_cloud *c, const omma_map *map, const char *path,
                           const omma_export_options *o)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, o && o->replace);

    if (err)
        return err;
    write_header(f, c, map);
    for (size_t i = 0; i < c->count; i++) {
        const omma_cloud_point *p = &c->points[i];
        unsigned char vertex[VERTEX_BYTES];

        for (int k = 0; k < 3; k++) {
            put_float(vertex + 4 * k, p->world[k]);
            put_float(vertex + 12 + 4 * k, p->normal[k]);
        }
        memcpy(vertex + 24, p->rgb, 3);
        put_float(vertex + 27, p->error);
        vertex[31] = p->views;
        omma_file_write(f, vertex, sizeof vertex);
    }
    return omma_file_commit(&f);
}
