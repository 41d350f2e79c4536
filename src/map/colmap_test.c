/* SPDX-License-Identifier: Apache-2.0 */
/* With a folder as argument a model is left there, to be opened with COLMAP itself. */
#include "check.h"
#include "colmap.h"
#include "map_fixture.h"
#include "scratch.h"

#include <unistd.h>

typedef struct reader {
    const char *at, *end;
} reader;

static uint64_t get_number(reader *r, int bytes)
{
    uint64_t value = 0;

    if (r->end - r->at < bytes) {
        CHECK(!"the file goes on");
        return 0;
    }
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)*r->at++ << (8 * i);
    return value;
}

static double get_double(reader *r)
{
    uint64_t bits = get_number(r, 8);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ------------------------------------------------------------------- projecting as COLMAP */

typedef struct read_image {
    omma_se3 camera_from_world;
    char name[64];
    double (*px)[2];
    uint64_t *point, count;
} read_image;

static void rotate_wxyz(const double q[4], double R[9])
{
    omma_se3 T = omma_se3_from_quaternion((double[4]){q[1], q[2], q[3], q[0]}, (double[3]){0});

    memcpy(R, T.R, sizeof T.R);
}

static read_image get_image(reader *r, uint64_t want_id)
{
    read_image image = {.count = 0};
    double q[4];

    CHECK(get_number(r, 4) == want_id);
    for (int i = 0; i < 4; i++)
        q[i] = get_double(r);
    CHECK(q[0] >= 0);
    rotate_wxyz(q, image.camera_from_world.R);
    for (int i = 0; i < 3; i++)
        image.camera_from_world.t[i] = get_double(r);
    CHECK(get_number(r, 4) == 1);
    snprintf(image.name, sizeof image.name, "%s", r->at);
    r->at += strlen(r->at) + 1;
    image.count = get_number(r, 8);
    image.px = calloc(image.count + 1, sizeof *image.px);
    image.point = calloc(image.count + 1, sizeof *image.point);
    for (uint64_t i = 0; i < image.count; i++) {
        image.px[i][0] = get_double(r);
        image.px[i][1] = get_double(r);
        image.point[i] = get_number(r, 8);
    }
    return image;
}

/* x = f X / Z + c, with COLMAP's principal point. */
static void check_reprojection(const read_image *image, uint64_t point2d, const double world[3])
{
    double x[3];

    omma_se3_apply(&image->camera_from_world, world, x);
    /* observations are floats below 640: half a unit is 3e-5 */
    CHECK_CLOSE(image->px[point2d][0], 500 * x[0] / x[2] + 320, .abs = 4e-5);
    CHECK_CLOSE(image->px[point2d][1], 500 * x[1] / x[2] + 240, .abs = 4e-5);
}

static char *read_model_file(const char *folder, const char *name, reader *r)
{
    size_t bytes = 0;
    char *data = scratch_read(folder, name, &bytes);

    *r = (reader){data, data + bytes};
    return data;
}

/* --------------------------------------------------------------------------------- tests */

static void points_project_onto_their_observations(void)
{
    char *folder = scratch_make();
    omma_map *m = test_map(1000);
    reader r;
    read_image *images;
    size_t tracked = 0, listed = 0, untied = 0;

    CHECK_OK(omma_map_write_colmap(m, folder, NULL));
    char *data = read_model_file(folder, "images.bin", &r);
    uint64_t image_count = get_number(&r, 8);

    CHECK(image_count == 36); /* 40, less 2 of the lost and 2 of the other submap */
    images = calloc(image_count, sizeof *images);
    for (uint64_t i = 0; i < image_count; i++) {
        images[i] = get_image(&r, i + 1);
        for (uint64_t k = 0; k < images[i].count; k++) {
            listed += images[i].point[k] != COLMAP_NO_POINT;
            untied += images[i].point[k] == COLMAP_NO_POINT;
        }
    }
    CHECK(r.at == r.end);
    CHECK_TEXT(images[3].name, "000030.jpg");
    free(data);

    data = read_model_file(folder, "points3D.bin", &r);
    CHECK(get_number(&r, 8) == 980);
    for (uint64_t id = 1; id <= 980; id++) {
        double world[3];

        CHECK(get_number(&r, 8) == id);
        for (int k = 0; k < 3; k++)
            world[k] = get_double(&r);
        r.at += 3;
        CHECK(get_double(&r) == 0.5);
        uint64_t track = get_number(&r, 8);

        for (uint64_t k = 0; k < track; k++) {
            uint64_t image = get_number(&r, 4), point2d = get_number(&r, 4);

            CHECK(image >= 1 && image <= image_count);
            CHECK(point2d < images[image - 1].count);
            CHECK(images[image - 1].point[point2d] == id);
            check_reprojection(&images[image - 1], point2d, world);
            tracked++;
        }
    }
    CHECK(r.at == r.end && tracked == listed && tracked > 3000 && untied > 50);
    free(data);
    for (uint64_t i = 0; i < image_count; i++) {
        free(images[i].px);
        free(images[i].point);
    }
    free(images);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

/* The text of both forms is the same to the last digit: read from the text, compared in binary. */
static void text_and_binary_say_the_same(void)
{
    char *folder = scratch_make();
    omma_map *m = test_map(200);
    reader r;

    CHECK_OK(omma_map_write_colmap(m, folder, NULL));
    char *data = read_model_file(folder, "points3D.bin", &r);
    char *text = scratch_read(folder, "points3D.txt", NULL), *at = text;
    uint64_t n = get_number(&r, 8);

    while (*at == '#')
        at = strchr(at, '\n') + 1;
    for (uint64_t i = 0; i < n; i++) {
        CHECK(strtoull(at, &at, 10) == get_number(&r, 8));
        for (int k = 0; k < 3; k++)
            CHECK(strtod(at, &at) == get_double(&r));
        for (int k = 0; k < 3; k++)
            CHECK(strtoull(at, &at, 10) == get_number(&r, 1));
        CHECK(strtod(at, &at) == get_double(&r));
        for (uint64_t track = 2 * get_number(&r, 8); track > 0; track--)
            CHECK(strtoull(at, &at, 10) == get_number(&r, 4));
        CHECK(*at++ == '\n');
    }
    CHECK(*at == 0);
    free(text);
    free(data);

    data = read_model_file(folder, "images.bin", &r);
    text = scratch_read(folder, "images.txt", NULL), at = text;
    n = get_number(&r, 8);
    while (*at == '#')
        at = strchr(at, '\n') + 1;
    for (uint64_t i = 0; i < n; i++) {
        CHECK(strtoull(at, &at, 10) == get_number(&r, 4));
        for (int k = 0; k < 7; k++)
            CHECK(strtod(at, &at) == get_double(&r));
        CHECK(strtoull(at, &at, 10) == get_number(&r, 4));
        CHECK(*at == ' ' && strncmp(at + 1, r.at, strlen(r.at)) == 0);
        at += 1 + strlen(r.at);
        r.at += strlen(r.at) + 1;
        CHECK(*at++ == '\n');
        for (uint64_t k = get_number(&r, 8); k > 0; k--) {
            CHECK(strtod(at, &at) == get_double(&r));
            CHECK(strtod(at, &at) == get_double(&r));
            CHECK((uint64_t)strtoll(at, &at, 10) == get_number(&r, 8));
        }
        CHECK(*at++ == '\n');
    }
    CHECK(*at == 0);
    free(text);
    free(data);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void check_model(omma_camera camera, const char *name, int params, const double *values)
{
    colmap_camera c = colmap_camera_of(&camera);

    CHECK_TEXT(c.model_name, name);
    CHECK(c.params == params);
    CHECK_ARRAY_CLOSE(c.param, values, params, .abs = 0);
}

static void smallest_model_that_holds_the_distortion_is_taken(void)
{
    omma_camera c = test_camera;

    check_model(c, "PINHOLE", 4, (double[]){500, 500, 320, 240});
    c.k[0] = 0.1;
    check_model(c, "SIMPLE_RADIAL", 4, (double[]){500, 320, 240, 0.1});
    c.k[1] = -0.2;
    check_model(c, "RADIAL", 5, (double[]){500, 320, 240, 0.1, -0.2});
    c.fy = 501;
    check_model(c, "OPENCV", 8, (double[]){500, 501, 320, 240, 0.1, -0.2, 0, 0});
    c.fy = 500;
    c.k[3] = 0.01;
    check_model(c, "OPENCV", 8, (double[]){500, 500, 320, 240, 0.1, -0.2, 0, 0.01});
    c.k[4] = 0.3;
    check_model(c, "FULL_OPENCV", 12,
                (double[]){500, 500, 320, 240, 0.1, -0.2, 0, 0.01, 0.3, 0, 0, 0});
    c.model = OMMA_CAMERA_FISHEYE;
    c.k[4] = 0;
    check_model(c, "OPENCV_FISHEYE", 8, (double[]){500, 500, 320, 240, 0.1, -0.2, 0, 0.01});
}

static void different_cameras_are_kept_apart(void)
{
    char *folder = scratch_make();
    omma_map *m = omma_map_create();

    for (int i = 0; i < 40; i += 10) {
        omma_view v = test_view(i);

        v.camera.fx += i >= 20;
        omma_map_add_view(m, &v);
    }
    CHECK_OK(omma_map_write_colmap(m, folder, NULL));
    char *text = scratch_read(folder, "cameras.txt", NULL);

    CHECK(strstr(text, "\n1 PINHOLE 640 480 500 500 320 240\n2 PINHOLE 640 480 501 500 320 240\n"));
    free(text);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void nothing_is_replaced_unasked(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/points3D.txt", folder);
    char *inside = omma_text("%s/new", folder), *first = omma_text("%s/cameras.bin", folder);
    omma_map *m = omma_map_create(); /* an empty one can be written, too */
    FILE *f = fopen(path, "w");

    fclose(f);
    CHECK(omma_map_write_colmap(m, folder, NULL) == OMMA_EXISTS);
    CHECK(access(first, F_OK) != 0);
    CHECK_OK(omma_map_write_colmap(m, folder, &(omma_export_options){.replace = true}));
    CHECK_OK(omma_map_write_colmap(m, inside, NULL)); /* the folder is made */
    free(path);
    free(inside);
    free(first);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        omma_map *m = test_map(TEST_POINTS);

        CHECK_OK(omma_map_write_colmap(m, argv[1], &(omma_export_options){.replace = true}));
        omma_map_destroy(&m);
    }
    TEST(points_project_onto_their_observations);
    TEST(text_and_binary_say_the_same);
    TEST(smallest_model_that_holds_the_distortion_is_taken);
    TEST(different_cameras_are_kept_apart);
    TEST(nothing_is_replaced_unasked);
    return check_done();
}
