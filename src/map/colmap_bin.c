/* SPDX-License-Identifier: Apache-2.0 */
/* COLMAP's binary files: little-endian, no padding. */
#include "colmap.h"

#include <string.h>

static void put_number(omma_file *f, uint64_t value, int bytes)
{
    unsigned char text[8];

    for (int i = 0; i < bytes; i++)
        text[i] = (unsigned char)(value >> (8 * i));
    omma_file_write(f, text, (size_t)bytes);
}

static void put_double(omma_file *f, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_number(f, bits, 8);
}

static void put_doubles(omma_file *f, const double *values, int n)
{
    for (int i = 0; i < n; i++)
        put_double(f, values[i]);
}

omma_error colmap_write_cameras_bin(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    put_number(f, c->camera_count, 8);
    for (size_t i = 0; i < c->camera_count; i++) {
        const colmap_camera *camera = &c->cameras[i];

        put_number(f, i + 1, 4);
        put_number(f, camera->model, 4);
        put_number(f, (uint64_t)camera->source.width, 8);
        put_number(f, (uint64_t)camera->source.height, 8);
        put_doubles(f, camera->param, camera->params);
    }
    return omma_file_commit(&f);
}

static void put_image(omma_file *f, const colmap_image *image)
{
    put_number(f, image->id, 4);
    put_doubles(f, image->q_wxyz, 4);
    put_doubles(f, image->t, 3);
    put_number(f, image->camera, 4);
    omma_file_write(f, image->name, strlen(image->name) + 1);
    put_number(f, image->point_count, 8);
    for (size_t i = 0; i < image->point_count; i++) {
        put_doubles(f, image->points[i].px, 2);
        put_number(f, image->points[i].point, 8);
    }
}

omma_error colmap_write_images_bin(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    put_number(f, c->image_count, 8);
    for (size_t i = 0; i < c->image_count; i++)
        put_image(f, &c->images[i]);
    return omma_file_commit(&f);
}

static void put_point(omma_file *f, const colmap_model *c, const colmap_point *point)
{
    put_number(f, point->id, 8);
    put_doubles(f, point->source->world, 3);
    omma_file_write(f, point->source->rgb, 3);
    put_double(f, (double)point->source->error_px);
    put_number(f, point->track_end - point->track_begin, 8);
    for (size_t i = point->track_begin; i < point->track_end; i++) {
        put_number(f, c->tracks[i].image, 4);
        put_number(f, c->tracks[i].point2d, 4);
    }
}

omma_error colmap_write_points_bin(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    put_number(f, c->point_count, 8);
    for (size_t i = 0; i < c->point_count; i++)
        put_point(f, c, &c->points[i]);
    return omma_file_commit(&f);
}
