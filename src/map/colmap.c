/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyframes of the main submap as a COLMAP model. What differs from our conventions:
 * quaternions are w x y z, poses camera_from_world and rigid, and the pixel origin is the corner of
 * the first pixel, so that half a pixel is added to principal points and observations. The axes are
 * the same. Source: https://colmap.github.io/format.html.
 */
#include "colmap.h"

#include "export.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- cameras */

static void set_params(colmap_camera *c, colmap_model_id model, const char *name, int params,
                       const double *values)
{
    c->model = model;
    c->model_name = name;
    c->params = params;
    memcpy(c->param, values, (size_t)params * sizeof *values);
}

colmap_camera colmap_camera_of(const omma_camera *camera)
{
    colmap_camera c = {.source = *camera};
    const double *k = camera->k; /* pinhole: k1 k2 p1 p2 k3; fisheye: k1 k2 k3 k4 */
    double fx = camera->fx, fy = camera->fy, cx = camera->cx + 0.5, cy = camera->cy + 0.5;
    bool is_tangential = k[2] != 0 || k[3] != 0;

    if (camera->model == OMMA_CAMERA_FISHEYE)
        set_params(&c, COLMAP_OPENCV_FISHEYE, "OPENCV_FISHEYE", 8,
                   (double[]){fx, fy, cx, cy, k[0], k[1], k[2], k[3]});
    else if (k[4] != 0)
        set_params(&c, COLMAP_FULL_OPENCV, "FULL_OPENCV", 12,
                   (double[]){fx, fy, cx, cy, k[0], k[1], k[2], k[3], k[4], 0, 0, 0});
    else if (!is_tangential && k[0] == 0 && k[1] == 0)
        set_params(&c, COLMAP_PINHOLE, "PINHOLE", 4, (double[]){fx, fy, cx, cy});
    else if (is_tangential || fx != fy)
        set_params(&c, COLMAP_OPENCV, "OPENCV", 8,
                   (double[]){fx, fy, cx, cy, k[0], k[1], k[2], k[3]});
    else if (k[1] != 0)
        set_params(&c, COLMAP_RADIAL, "RADIAL", 5, (double[]){fx, cx, cy, k[0], k[1]});
    else
        set_params(&c, COLMAP_SIMPLE_RADIAL, "SIMPLE_RADIAL", 4, (double[]){fx, cx, cy, k[0]});
    return c;
}

static bool is_same_camera(const omma_camera *a, const omma_camera *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height &&
           a->fx == b->fx && a->fy == b->fy && a->cx == b->cx && a->cy == b->cy &&
           memcmp(a->k, b->k, sizeof a->k) == 0;
}

/* The id of a camera; one that was not there before is added. Nearly always there is just one, or
 * the latest is the one. */
static uint32_t camera_id(colmap_model *c, const omma_camera *camera)
{
    for (size_t i = c->camera_count; i-- > 0;)
        if (is_same_camera(&c->cameras[i].source, camera))
            return (uint32_t)i + 1;
    omma_grow((void **)&c->cameras, &c->camera_capacity, c->camera_count + 1, sizeof *c->cameras);
    c->cameras[c->camera_count++] = colmap_camera_of(camera);
    return (uint32_t)c->camera_count;
}

/* ----------------------------------------------------------------------------- images */

/* camera_from_world without the scale: x_camera = R^T (x_world - t), the centre t stays where it is
 * and the camera measures in the world's unit. */
static void set_pose(colmap_image *image, const omma_sim3 *world_from_keyframe)
{
    omma_se3 world_from_camera, camera_from_world;
    double q[4];

    memcpy(world_from_camera.R, world_from_keyframe->R, sizeof world_from_camera.R);
    memcpy(world_from_camera.t, world_from_keyframe->t, sizeof world_from_camera.t);
    camera_from_world = omma_se3_inverse(&world_from_camera);
    omma_se3_to_quaternion(&camera_from_world, q);
    memcpy(image->q_wxyz, (double[4]){q[3], q[0], q[1], q[2]}, sizeof image->q_wxyz);
    memcpy(image->t, camera_from_world.t, sizeof image->t);
}

static void add_images(colmap_model *c, const omma_map *m, uint32_t submap)
{
    size_t n = omma_map_keyframe_count(m);

    c->names = picture_names(m);
    c->images = omma_new_array(colmap_image, n + 1);
    for (size_t i = 0; i < n; i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);
        colmap_image *image = &c->images[c->image_count];

        if (k.submap != submap)
            continue;
        image->id = (uint32_t)++c->image_count;
        image->camera = camera_id(c, &k.camera);
        image->keyframe = k.id;
        image->name = c->names[i];
        set_pose(image, &k.world_from_keyframe);
    }
}

typedef struct image_of_keyframe {
    uint32_t keyframe;
    colmap_image *image;
} image_of_keyframe;

static int compare_keyframes(const void *a, const void *b)
{
    const image_of_keyframe *x = a, *y = b;

    return (x->keyframe > y->keyframe) - (x->keyframe < y->keyframe);
}

static image_of_keyframe *images_by_keyframe(const colmap_model *c)
{
    image_of_keyframe *list = omma_new_array(image_of_keyframe, c->image_count + 1);

    for (size_t i = 0; i < c->image_count; i++)
        list[i] = (image_of_keyframe){c->images[i].keyframe, &c->images[i]};
    qsort(list, c->image_count, sizeof *list, compare_keyframes);
    return list;
}

/* ----------------------------------------------------------------------------- points */

static void add_point2d(colmap_image *image, const float px[2], uint64_t point)
{
    omma_grow((void **)&image->points, &image->point_capacity, image->point_count + 1,
              sizeof *image->points);
    image->points[image->point_count++] = (colmap_point2d){
        .px = {(double)px[0] + 0.5, (double)px[1] + 0.5},
        .point = point,
    };
}

static bool is_in_track(const colmap_model *c, size_t begin, uint32_t image)
{
    for (size_t i = begin; i < c->track_count; i++)
        if (c->tracks[i].image == image)
            return true;
    return false;
}

static void add_track(colmap_model *c, uint32_t image, size_t point2d)
{
    omma_grow((void **)&c->tracks, &c->track_capacity, c->track_count + 1, sizeof *c->tracks);
    c->tracks[c->track_count++] = (colmap_track){image, (uint32_t)point2d};
}

/* One point's observations, which are neighbours in the list. A point that is left out (id
 * COLMAP_NO_POINT) or seen twice in an image leaves observations without a point. */
static void add_observations(colmap_model *c, const image_of_keyframe *by_keyframe,
                             const omma_map_observation *o, size_t n, uint64_t id)
{
    size_t begin = c->track_count;

    for (size_t i = 0; i < n; i++) {
        const image_of_keyframe *found =
            bsearch(&(image_of_keyframe){.keyframe = o[i].keyframe}, by_keyframe, c->image_count,
                    sizeof *by_keyframe, compare_keyframes);

        if (!found)
            continue;
        bool belongs = id != COLMAP_NO_POINT && !is_in_track(c, begin, found->image->id);

        if (belongs)
            add_track(c, found->image->id, found->image->point_count);
        add_point2d(found->image, o[i].px, belongs ? id : COLMAP_NO_POINT);
    }
}

static void add_points(colmap_model *c, const omma_map *m, const export_choice *choice)
{
    const omma_map_point *points = omma_map_get_points(m);
    const omma_map_observation *o = omma_map_get_observations(m);
    size_t n = omma_map_point_count(m), at = 0, end = omma_map_observation_count(m);
    image_of_keyframe *by_keyframe = images_by_keyframe(c);

    c->points = omma_new_array(colmap_point, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool wanted = export_wants(choice, &points[i]);
        uint64_t id = wanted ? c->point_count + 1 : COLMAP_NO_POINT;
        size_t first = at, track_begin = c->track_count;

        while (at < end && o[at].point == i)
            at++;
        add_observations(c, by_keyframe, o + first, at - first, id);
        if (wanted)
            c->points[c->point_count++] =
                (colmap_point){id, &points[i], track_begin, c->track_count};
    }
    free(by_keyframe);
}

/* ------------------------------------------------------------------------------ files */

typedef struct colmap_writer {
    const char *file;
    omma_error (*write)(const colmap_model *c, const char *path, bool replace);
} colmap_writer;

static const colmap_writer writers[] = {
    {"cameras.bin", colmap_write_cameras_bin}, {"images.bin", colmap_write_images_bin},
    {"points3D.bin", colmap_write_points_bin}, {"cameras.txt", colmap_write_cameras_txt},
    {"images.txt", colmap_write_images_txt},   {"points3D.txt", colmap_write_points_txt},
};

static omma_error write_files(const colmap_model *c, const char *folder, bool replace)
{
    omma_error err = omma_make_folder(folder);

    for (int writing = 0; writing < 2; writing++)
        for (size_t i = 0; !err && i < sizeof writers / sizeof *writers; i++) {
            char *path = omma_text("%s/%s", folder, writers[i].file);

            err = writing ? writers[i].write(c, path, replace) : export_check_free(path, replace);
            free(path);
        }
    return err;
}

static void finish(colmap_model *c, const omma_map *m)
{
    for (size_t i = 0; i < c->image_count; i++)
        free(c->images[i].points);
    free(c->images);
    free(c->cameras);
    free(c->points);
    free(c->tracks);
    picture_names_free(c->names, m);
}

omma_error omma_map_write_colmap(const omma_map *m, const char *folder,
                                 const omma_export_options *o)
{
    export_choice choice = export_choose(m, o);
    colmap_model c = {.unit = omma_map_unit(m)};
    plain_numbers plain;

    plain_numbers_begin(&plain);
    add_images(&c, m, choice.submap);
    add_points(&c, m, &choice);
    omma_error err = write_files(&c, folder, choice.replace);

    finish(&c, m);
    plain_numbers_end(&plain);
    return err;
}
