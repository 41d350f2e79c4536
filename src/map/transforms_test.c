/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"
#include "scratch.h"

#include <cjson/cJSON.h>

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return CHECK(cJSON_IsNumber(item)) ? item->valuedouble : NAN;
}

static const char *string(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return CHECK(cJSON_IsString(item)) ? item->valuestring : "";
}

static cJSON *write_and_parse(const omma_map *m)
{
    char *folder = scratch_make(), *path = omma_text("%s/transforms.json", folder);

    CHECK_OK(omma_map_write_transforms(m, path, NULL));
    CHECK(omma_map_write_transforms(m, path, NULL) == OMMA_EXISTS);
    CHECK_OK(omma_map_write_transforms(m, path, &(omma_export_options){.replace = true}));
    char *text = scratch_read(folder, "transforms.json", NULL);
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);

    CHECK(json != NULL);
    free(text);
    free(path);
    scratch_remove(folder);
    return json;
}

/* A point before the camera is projected by the file's own rules: OpenGL axes, corner origin. */
static void check_frame(const cJSON *json, const cJSON *frame, int index)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(frame, "transform_matrix");
    omma_se3 T = test_pose(index), camera_from_world = omma_se3_inverse(&T);
    const double world[3] = {0.2, -0.3, 0.4};
    double x[3], gl[3] = {0}, px[2];

    CHECK(cJSON_GetArraySize(rows) == 4);
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 3; r++) {
            const cJSON *row = cJSON_GetArrayItem(rows, r);

            gl[c] += cJSON_GetArrayItem(row, c)->valuedouble *
                     (world[r] - cJSON_GetArrayItem(row, 3)->valuedouble);
        }
    omma_se3_apply(&camera_from_world, world, x);
    omma_camera_project(&test_camera, x, px, NULL);
    CHECK_CLOSE(number(json, "fl_x") * gl[0] / -gl[2] + number(json, "cx") - 0.5, px[0],
                .abs = 1e-9);
    CHECK_CLOSE(number(json, "fl_y") * -gl[1] / -gl[2] + number(json, "cy") - 0.5, px[1],
                .abs = 1e-9);
    CHECK(gl[2] < 0);
}

static void frames_see_what_the_keyframes_saw(void)
{
    omma_map *m = test_map(0);
    cJSON *json = write_and_parse(m);
    const cJSON *frames = cJSON_GetObjectItemCaseSensitive(json, "frames"), *frame;
    int i = 0;

    CHECK_TEXT(string(json, "camera_model"), "OPENCV");
    CHECK(number(json, "w") == 640 && number(json, "h") == 480);
    CHECK(cJSON_GetArraySize(frames) == 36);
    cJSON_ArrayForEach(frame, frames)
    {
        int index = TEST_EVERY * (i < 20 ? i : i + 2); /* two are lost */
        char *name = omma_text("images/%06d.jpg", index);

        CHECK_TEXT(string(frame, "file_path"), name);
        check_frame(json, frame, index);
        free(name);
        i++;
    }
    cJSON_Delete(json);
    omma_map_destroy(&m);
}

static void distortion_is_named_as_nerfstudio_names_it(void)
{
    omma_map *m = test_map(0);
    omma_camera c = test_camera;

    memcpy(c.k, (double[]){0.1, 0.2, 0.3, 0.4, 0.5}, sizeof c.k);
    omma_map_set_camera(m, &c);
    cJSON *json = write_and_parse(m);

    CHECK(number(json, "k1") == 0.1 && number(json, "k2") == 0.2 && number(json, "k3") == 0.5);
    CHECK(number(json, "p1") == 0.3 && number(json, "p2") == 0.4);
    cJSON_Delete(json);
    c.model = OMMA_CAMERA_FISHEYE;
    omma_map_set_camera(m, &c);
    json = write_and_parse(m);
    CHECK_TEXT(string(json, "camera_model"), "OPENCV_FISHEYE");
    CHECK(number(json, "k3") == 0.3 && number(json, "k4") == 0.4);
    CHECK(!cJSON_HasObjectItem(json, "p1"));
    cJSON_Delete(json);
    omma_map_destroy(&m);
}

static void cameras_that_differ_stand_in_their_frames(void)
{
    omma_map *m = omma_map_create();

    for (int i = 0; i < 20; i += 10) {
        omma_view v = test_view(i);

        v.camera.fx += i;
        omma_map_add_view(m, &v);
    }
    cJSON *json = write_and_parse(m);
    const cJSON *frames = cJSON_GetObjectItemCaseSensitive(json, "frames");

    CHECK(!cJSON_HasObjectItem(json, "fl_x"));
    CHECK(number(cJSON_GetArrayItem(frames, 0), "fl_x") == 500);
    CHECK(number(cJSON_GetArrayItem(frames, 1), "fl_x") == 510);
    cJSON_Delete(json);
    omma_map_destroy(&m);
}

static void empty_map_is_valid_json(void)
{
    omma_map *m = omma_map_create();
    cJSON *json = write_and_parse(m);

    CHECK(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "frames")) == 0);
    cJSON_Delete(json);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(frames_see_what_the_keyframes_saw);
    TEST(distortion_is_named_as_nerfstudio_names_it);
    TEST(cameras_that_differ_stand_in_their_frames);
    TEST(empty_map_is_valid_json);
    return check_done();
}
