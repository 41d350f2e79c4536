/* SPDX-License-Identifier: Apache-2.0 */
/* COLMAP's text files: the same numbers as in the binary ones, with all their digits. */
#include "colmap.h"

#include <inttypes.h>

static void put_doubles(omma_file *f, const double *values, int n)
{
    for (int i = 0; i < n; i++)
        omma_file_printf(f, " %.17g", values[i]);
}

omma_error colmap_write_cameras_txt(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    omma_file_printf(f,
                     "# Cameras, one a line:\n"
                     "#   CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]\n"
                     "# Unit: px; (0.5, 0.5) is the centre of the top-left pixel.\n"
                     "# Number of cameras: %zu\n",
                     c->camera_count);
    for (size_t i = 0; i < c->camera_count; i++) {
        const colmap_camera *camera = &c->cameras[i];

        omma_file_printf(f, "%zu %s %d %d", i + 1, camera->model_name, camera->source.width,
                         camera->source.height);
        put_doubles(f, camera->param, camera->params);
        omma_file_printf(f, "\n");
    }
    return omma_file_commit(&f);
}

static void put_image(omma_file *f, const colmap_image *image)
{
    omma_file_printf(f, "%" PRIu32, image->id);
    put_doubles(f, image->q_wxyz, 4);
    put_doubles(f, image->t, 3);
    omma_file_printf(f, " %" PRIu32 " %s\n", image->camera, image->name);
    for (size_t i = 0; i < image->point_count; i++) {
        const colmap_point2d *p = &image->points[i];

        omma_file_printf(f, "%s%.17g %.17g ", i ? " " : "", p->px[0], p->px[1]);
        if (p->point == COLMAP_NO_POINT)
            omma_file_printf(f, "-1");
        else
            omma_file_printf(f, "%" PRIu64, p->point);
    }
    omma_file_printf(f, "\n");
}

omma_error colmap_write_images_txt(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    omma_file_printf(f,
                     "# Images, two lines each:\n"
                     "#   IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME\n"
                     "#   POINTS2D[] as X Y POINT3D_ID\n"
                     "# Pose: camera_from_world (world to camera); camera axes: x right, y down, z "
                     "forward; unit of T: %s\n"
                     "# Number of images: %zu\n",
                     c->unit, c->image_count);
    for (size_t i = 0; i < c->image_count; i++)
        put_image(f, &c->images[i]);
    return omma_file_commit(&f);
}

static void put_point(omma_file *f, const colmap_model *c, const colmap_point *point)
{
    const omma_map_point *p = point->source;

    omma_file_printf(f, "%" PRIu64, point->id);
    put_doubles(f, p->world, 3);
    omma_file_printf(f, " %d %d %d %.17g", p->rgb[0], p->rgb[1], p->rgb[2], (double)p->error_px);
    for (size_t i = point->track_begin; i < point->track_end; i++)
        omma_file_printf(f, " %" PRIu32 " %" PRIu32, c->tracks[i].image, c->tracks[i].point2d);
    omma_file_printf(f, "\n");
}

omma_error colmap_write_points_txt(const colmap_model *c, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    omma_file_printf(f,
                     "# Points, one a line:\n"
                     "#   POINT3D_ID X Y Z R G B ERROR TRACK[] as IMAGE_ID POINT2D_IDX\n"
                     "# World axes right-handed; unit of X Y Z: %s; unit of ERROR: px\n"
                     "# Number of points: %zu\n",
                     c->unit, c->point_count);
    for (size_t i = 0; i < c->point_count; i++)
        put_point(f, c, &c->points[i]);
    return omma_file_commit(&f);
}
