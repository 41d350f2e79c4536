/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Turk, "The PLY polygon file format", 1994. */
#include "mesh_ply.h"

#include <string.h>

#define VERTEX_BYTES 27
#define FACE_BYTES   13

static void write_header(omma_file *f, const omma_mesh *mesh, const omma_map *map)
{
    omma_file_printf(f,
                     "ply\n"
                     "format binary_little_endian 1.0\n"
                     "comment written by omma %s\n"
                     "comment surface in the world of the trajectory (point = world_from_camera * "
                     "point in camera)\n"
                     "comment axes: right-handed; cameras have x right, y down, z forward\n"
                     "comment triangles are counter-clockwise seen from where the cameras were\n"
                     "comment unit: %s\n"
                     "element vertex %zu\n"
                     "property float x\n"
                     "property float y\n"
                     "property float z\n"
                     "property float nx\n"
                     "property float ny\n"
                     "property float nz\n"
                     "property uchar red\n"
                     "property uchar green\n"
                     "property uchar blue\n"
                     "element face %zu\n"
                     "property list uchar int vertex_indices\n"
                     "end_header\n",
                     omma_version(), map ? omma_map_unit(map) : "units", mesh->vertex_count,
                     mesh->triangle_count);
}

static void put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static void put_float(unsigned char *to, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_u32(to, bits);
}

omma_error mesh_write_ply(const omma_mesh *mesh, const omma_map *map, const char *path,
                          const omma_export_options *o)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, o && o->replace);

    if (err)
        return err;
    write_header(f, mesh, map);
    for (size_t i = 0; i < mesh->vertex_count; i++) {
        unsigned char vertex[VERTEX_BYTES];

        for (int k = 0; k < 3; k++) {
            put_float(vertex + 4 * k, mesh->positions[3 * i + k]);
            put_float(vertex + 12 + 4 * k, mesh->normals[3 * i + k]);
        }
        memcpy(vertex + 24, mesh->rgb + 3 * i, 3);
        omma_file_write(f, vertex, sizeof vertex);
    }
    for (size_t t = 0; t < mesh->triangle_count; t++) {
        unsigned char face[FACE_BYTES] = {3};

        for (int k = 0; k < 3; k++)
            put_u32(face + 1 + 4 * k, mesh->triangles[3 * t + k]);
        omma_file_write(f, face, sizeof face);
    }
    return omma_file_commit(&f);
}
