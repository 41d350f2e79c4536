/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"
#include "scratch.h"

#include <cjson/cJSON.h>

static uint32_t u32_at(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value); /* the tests run on little-endian machines */
    return value;
}

static double f64_at(const char *bytes)
{
    double value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static omma_cloud test_cloud(size_t n)
{
    omma_cloud c = {.points = omma_new_array(omma_cloud_point, n), .count = n, .voxel = 0.01};
    uint64_t seed = 3;

    for (size_t i = 0; i < n; i++) {
        omma_map_point p = test_point(&seed);

        for (int k = 0; k < 3; k++)
            c.points[i].world[k] = (float)p.world[k];
        memcpy(c.points[i].rgb, p.rgb, 3);
        c.points[i].normal[i % 3] = i % 2 ? 1 : -1;
        c.points[i].views = 3;
    }
    return c;
}

/* Two triangles. */
static float positions[] = {0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1};
static float normals[] = {0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1};
static uint8_t colors[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9};
static uint32_t triangles[] = {0, 2, 1, 0, 3, 2};
static const omma_mesh quad = {positions, normals, colors, 4, triangles, 2};

/* What was written; given. */
static char *written(const omma_scene *s, const char *name, size_t *n)
{
    char *folder = scratch_make(), *path = omma_text("%s/%s", folder, name);

    CHECK_OK(omma_scene_write(s, path, NULL));
    CHECK(omma_scene_write(s, path, NULL) == OMMA_EXISTS);
    CHECK_OK(omma_scene_write(s, path, &(omma_export_options){.replace = true}));
    char *text = scratch_read(folder, name, n);

    free(path);
    scratch_remove(folder);
    return text;
}

static const cJSON *member(const cJSON *o, const char *name, int i)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItem(o, name), i);
}

static const char *name_of(const cJSON *o)
{
    const cJSON *name = cJSON_GetObjectItem(o, "name");

    return name ? name->valuestring : "";
}

static double number(const cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(o, name);

    return n ? n->valuedouble : NAN;
}

static void glb_holds_what_was_seen(void)
{
    omma_map *m = test_map(10);
    omma_cloud c = test_cloud(500);
    size_t n = 0;

    c.points[7].world[1] = NAN;
    char *data =
        written(&(omma_scene){.map = m, .cloud = &c, .mesh = &quad, .cameras = true}, "x.glb", &n);

    CHECK(memcmp(data, "glTF", 4) == 0 && u32_at(data + 4) == 2 && u32_at(data + 8) == n);
    size_t json_bytes = u32_at(data + 12);
    cJSON *root = cJSON_ParseWithLength(data + 20, json_bytes);
    const char *bin = data + 28 + json_bytes;

    CHECK(root && u32_at(bin - 8) == n - 28 - json_bytes && n % 4 == 0);
    int root_node = member(member(root, "scenes", 0), "nodes", 0)->valueint;
    const cJSON *top = member(root, "nodes", root_node);
    CHECK(cJSON_GetArraySize(cJSON_GetObjectItem(top, "children")) == 4);
    static const char *const names[] = {"points", "mesh", "cameras", "trajectory"};
    for (int i = 0; i < 4; i++)
        CHECK_TEXT(name_of(member(root, "nodes", member(top, "children", i)->valueint)), names[i]);

    const cJSON *cameras = member(root, "nodes", member(top, "children", 2)->valueint);
    CHECK(cJSON_GetArraySize(cJSON_GetObjectItem(cameras, "children")) == 36); /* submap 3's */
    const cJSON *first = member(root, "nodes", member(cameras, "children", 0)->valueint);
    omma_se3 pose = test_pose(0);
    for (int k = 0; k < 3; k++)
        CHECK_CLOSE(member(first, "translation", k)->valuedouble, pose.t[k], .abs = 1e-7);

    const cJSON *path =
        member(root, "meshes", cJSON_GetArraySize(cJSON_GetObjectItem(root, "meshes")) - 1);
    CHECK(cJSON_GetArraySize(cJSON_GetObjectItem(path, "primitives")) == 2); /* lost between */

    const cJSON *accessor = member(root, "accessors", 0);
    const cJSON *view = member(root, "bufferViews", (int)number(accessor, "bufferView"));
    CHECK(number(accessor, "count") == 499);
    float x;
    memcpy(&x, bin + (size_t)number(view, "byteOffset") + 12 * 3, 4);
    CHECK(x == c.points[3].world[0]);
    cJSON_Delete(root);
    free(data);
    free(c.points);
    omma_map_destroy(&m);
}

/* The header by the numbers of the specification's table. */
static void las_is_laid_out_as_specified(void)
{
    omma_cloud c = test_cloud(300);
    size_t n = 0;
    char *data = written(&(omma_scene){.cloud = &c}, "x.las", &n);

    CHECK(memcmp(data, "LASF", 4) == 0 && data[24] == 1 && data[25] == 2);
    CHECK(n == 227 + 300 * 26 && data[94] == (char)227 && u32_at(data + 96) == 227);
    CHECK(data[104] == 2 && data[105] == 26 && u32_at(data + 107) == 300);
    CHECK(u32_at(data + 111) == 300 && u32_at(data + 115) == 0);
    for (size_t i = 0; i < 300; i++) {
        const char *r = data + 227 + 26 * i;
        const float *w = c.points[i].world;
        const double want[3] = {w[0], w[2], -w[1]};

        for (int k = 0; k < 3; k++) {
            double step = f64_at(data + 131 + 8 * k), offset = f64_at(data + 155 + 8 * k);
            double x = (int32_t)u32_at(r + 4 * k) * step + offset;

            CHECK(step <= 1e-4);
            CHECK_CLOSE(x, want[k], .abs = 0.51 * step);
            CHECK(x <= f64_at(data + 179 + 16 * k) && x >= f64_at(data + 187 + 16 * k));
            CHECK((uint8_t)r[20 + 2 * k] == c.points[i].rgb[k] &&
                  (uint8_t)r[21 + 2 * k] == c.points[i].rgb[k]);
        }
        CHECK(r[14] == 9 && r[17] == 3);
    }
    free(data);
    c.points[5].world[0] = 3e5f; /* 300 km: no place in steps of 0.1 mm */
    CHECK(omma_scene_write(&(omma_scene){.cloud = &c}, "/tmp/never.las", NULL) == OMMA_INVALID);
    free(c.points);
}

static void obj_counts_from_one_over_all_objects(void)
{
    omma_map *m = test_map(10);
    omma_cloud c = test_cloud(5);
    char *data = written(&(omma_scene){.map = m, .cloud = &c, .mesh = &quad, .cameras = true},
                         "x.OBJ", NULL);

    CHECK(strstr(data, "\nf 6//6 8//8 7//7\n") && strstr(data, "\nf 6//6 9//9 8//8\n"));
    CHECK(strstr(data, "\np 1\n") && strstr(data, "\np 5\n") && !strstr(data, "\np 6\n"));
    CHECK(strstr(data, "\nv 0 0 1 1 0 0\n") && strstr(data, "# unit: units\n"));
    CHECK(strstr(data, "\no cameras\n") && strstr(data, "\nl 10 11\n"));
    CHECK(strstr(data, "\no trajectory\n"));
    free(data);
    free(c.points);
    omma_map_destroy(&m);
}

static void what_cannot_be_held_is_refused(void)
{
    omma_map *m = omma_map_create();
    omma_cloud none = {0}, nowhere = test_cloud(1);
    const omma_scene empty = {.map = m, .cloud = &none, .cameras = true};

    nowhere.points[0].world[0] = INFINITY;
    CHECK(omma_scene_write(&empty, "/tmp/never.glb", NULL) == OMMA_INVALID);
    CHECK(omma_scene_write(&(omma_scene){.mesh = &quad}, "/tmp/never.las", NULL) == OMMA_INVALID);
    CHECK(omma_scene_write(&(omma_scene){.cloud = &nowhere}, "/tmp/n.las", NULL) == OMMA_INVALID);
    CHECK(omma_scene_write(&(omma_scene){.mesh = &quad}, "/tmp/x.stl", NULL) == OMMA_INVALID);
    CHECK(strstr(omma_why(), ".ply"));
    CHECK(omma_scene_write(&(omma_scene){.mesh = &quad}, "/nosuch/x.glb", NULL) == OMMA_NOT_FOUND);
    uint32_t beyond[] = {0, 1, 4};
    CHECK(omma_scene_write(
              &(omma_scene){.mesh = &(omma_mesh){positions, normals, colors, 4, beyond, 1}},
              "/tmp/never.glb", NULL) == OMMA_INVALID);
    free(nowhere.points);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(glb_holds_what_was_seen);
    TEST(las_is_laid_out_as_specified);
    TEST(obj_counts_from_one_over_all_objects);
    TEST(what_cannot_be_held_is_refused);
    return check_done();
}
