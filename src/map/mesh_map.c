/* SPDX-License-Identifier: Apache-2.0 */
/* The surface of a map: its keyframes' depth through a volume, and then what makes it presentable.
 */
#include "mesh.h"
#include "volume.h"

#include <math.h>
#include <stdlib.h>

#define BLOCK_BYTES  8000 /* a block with its piece of surface, and its share of the mesh */
#define MOST_BYTES   ((size_t)1 << 30) /* beyond it voxels are made larger, or refused */
#define LOOKED_AT    16                /* keyframes, for how fine the depth is */
#define MAX_ERROR    0.05
#define HOLE_VOXELS  16
#define LEAST_PIECE  100
#define CARVE_ERRORS 0.5 /* of max_error: who says that nothing is there should know it well */

typedef struct maker {
    const omma_map *map;
    uint32_t submap;
    double max_error;
    map_stop stop;
} maker;

/* The i-th keyframe's depth, width 0 when it does not count. Given. */
static omma_error get_depth(const maker *k, size_t i, omma_map_keyframe *keyframe,
                            omma_depth_map *d)
{
    *d = (omma_depth_map){0};
    *keyframe = omma_map_get_keyframe(k->map, i);
    if (keyframe->submap != k->submap)
        return OMMA_OK;
    return omma_map_get_depth(k->map, i, d);
}

/* How large cells of a depth map are where they are, in the world, in the middle; 0 = nothing. */
static double cell_size(const maker *k, const omma_map_keyframe *keyframe, const omma_depth_map *d)
{
    size_t n = (size_t)d->width * d->height, count = 0;
    double *sizes = omma_new_array(double, n / 16 + 1), size;
    double angle = keyframe->camera.width / (keyframe->camera.fx * d->width);

    for (size_t i = 0; i < n; i += 16) {
        double depth = (double)d->depth[i], error = d->error ? (double)d->error[i] : 0;

        if (depth > 0 && error <= k->max_error)
            sizes[count++] = depth * fmax(angle, 0.5 * error);
    }
    size = omma_median(sizes, count) * keyframe->world_from_keyframe.s;
    free(sizes);
    return size;
}

/* Twice as large as the cells of the keyframes are in the middle. */
static omma_error choose_voxel(const maker *k, double *voxel)
{
    size_t n = omma_map_keyframe_count(k->map), step = n / LOOKED_AT + 1, count = 0;
    double sizes[LOOKED_AT + 1];

    for (size_t i = 0; i < n; i += step) {
        omma_map_keyframe keyframe;
        omma_depth_map d;
        omma_error err = get_depth(k, i, &keyframe, &d);

        if (err)
            return err;
        double size = d.width ? cell_size(k, &keyframe, &d) : 0;

        if (size > 0 && isfinite(size))
            sizes[count++] = size;
        omma_depth_map_finish(&d);
    }
    *voxel = 2 * omma_median(sizes, count);
    return OMMA_OK;
}

static omma_error take_in(const maker *k, omma_volume *v, bool carve)
{
    omma_error err = OMMA_OK;

    for (size_t i = 0;
         !(err = map_stop_check(&k->stop, err)) && i < omma_map_keyframe_count(k->map); i++) {
        omma_map_keyframe f;
        omma_depth_map d;

        err = get_depth(k, i, &f, &d);
        if (!err && d.width && carve)
            err =
                volume_carve(v, &d, &f.camera, &f.world_from_keyframe, CARVE_ERRORS * k->max_error);
        else if (!err && d.width)
            err = omma_volume_integrate(v, &d, &f.camera, &f.world_from_keyframe, k->max_error, 1);
        omma_depth_map_finish(&d);
    }
    return err;
}

/* Says in numbers that a voxel is too small, before the minutes that it would take. */
static omma_error check_room(const maker *k, double voxel, size_t bytes)
{
    size_t blocks = 0;
    omma_volume *v = NULL;
    omma_error err = omma_volume_create(&v, voxel, bytes / BLOCK_BYTES + 1);

    for (size_t i = 0;
         !(err = map_stop_check(&k->stop, err)) && i < omma_map_keyframe_count(k->map); i++) {
        omma_map_keyframe f;
        omma_depth_map d;

        err = get_depth(k, i, &f, &d);
        if (!err && d.width)
            err = volume_expect(v, &d, &f.camera, &f.world_from_keyframe, k->max_error, &blocks);
        omma_depth_map_finish(&d);
    }
    omma_volume_destroy(&v);
    if (err && err != OMMA_FULL)
        return err;
    const double needed = (double)blocks * BLOCK_BYTES, share = needed / (double)bytes;

    if (err)
        return omma_fail(OMMA_FULL, "voxels of %g need more than %.0f MB, and %.0f MB are allowed",
                         voxel, ceil(needed * 1e-6), (double)bytes * 1e-6);
    if (share > 1)
        return omma_fail(OMMA_FULL,
                         "voxels of %g need about %.0f MB, and %.0f MB are allowed: voxels of %.3g "
                         "would fit",
                         voxel, ceil(needed * 1e-6), (double)bytes * 1e-6,
                         1.1 * voxel * sqrt(share));
    return OMMA_OK;
}

static omma_error make_surface(const maker *k, double voxel, size_t max_blocks, omma_mesh *out)
{
    omma_volume *v;
    omma_error err = omma_volume_create(&v, voxel, max_blocks);

    if (err)
        return err;
    v->stop = k->stop;
    err = take_in(k, v, false);
    if (!err)
        err = take_in(k, v, true);
    if (!err)
        err = omma_volume_mesh(v, out);
    omma_volume_destroy(&v);
    return err;
}

static omma_error process(omma_mesh *mesh, const omma_mesh_options *o, double voxel)
{
    const map_stop stop = {o->stop, o->user};
    omma_error err = map_stop_check(&stop, mesh_make_manifold(mesh));

    if (!err)
        err = map_stop_check(&stop,
                             mesh_drop_pieces(mesh, o->min_piece ? o->min_piece : LEAST_PIECE));
    if (!err)
        err = mesh_close_holes(mesh, o->max_hole > 0 ? o->max_hole : HOLE_VOXELS * voxel, &stop);
    if (!err && o->max_triangles)
        err = mesh_decimate(mesh, o->max_triangles, &stop);
    return err;
}

omma_error omma_map_mesh(const omma_map *m, const omma_mesh_options *options, omma_mesh *out)
{
    static const omma_mesh_options defaults;
    const omma_mesh_options *o = options ? options : &defaults;
    maker k = {m, omma_map_main_submap(m), o->max_error > 0 ? o->max_error : MAX_ERROR,
               .stop = {o->stop, o->user}};
    const size_t bytes = o->max_bytes ? o->max_bytes : MOST_BYTES;
    omma_mesh mesh = {0};
    double voxel = o->voxel;
    omma_error err = OMMA_OK;

    if (!(voxel > 0) && (err = choose_voxel(&k, &voxel)))
        return err;
    if (!(voxel > 0)) { /* no depth at all */
        *out = mesh;
        return OMMA_OK;
    }
    if (o->voxel > 0 && (err = check_room(&k, voxel, bytes)))
        return err;
    while ((err = make_surface(&k, voxel, bytes / BLOCK_BYTES + 1, &mesh)) == OMMA_FULL &&
           !(o->voxel > 0))
        voxel *= 1.5;
    if (!err)
        err = process(&mesh, o, voxel);
    if (err)
        omma_mesh_finish(&mesh);
    else
        *out = mesh;
    return err;
}
