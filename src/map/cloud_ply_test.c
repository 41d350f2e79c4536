/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "cloud_ply.h"
#include "scratch.h"

#include <string.h>

static void points_are_written_with_all_they_have(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/cloud.ply", folder);
    omma_cloud_point points[2] = {
        {{1, 2, 3}, {0, 0, -1}, {10, 20, 30}, 4, 0.05f, 7},
        {{-1, -2, -3}, {0, 1, 0}, {40, 50, 60}, 255, 0.5f, 8},
    };
    const omma_cloud c = {.points = points, .count = 2, .voxel = 0.1};
    omma_map *m = omma_map_create();
    size_t bytes = 0;

    omma_map_set_unit(m, "m");
    CHECK_OK(cloud_write_ply(&c, m, path, NULL));
    CHECK(cloud_write_ply(&c, m, path, NULL) == OMMA_EXISTS);
    CHECK_OK(cloud_write_ply(&c, m, path, &(omma_export_options){.replace = true}));
    char *text = NULL;

    CHECK_OK(omma_file_read(path, 1 << 20, &text, &bytes));
    size_t at = (size_t)(strstr(text, "end_header\n") - text) + strlen("end_header\n");

    CHECK(strncmp(text, "ply\nformat binary_little_endian 1.0\n", 36) == 0);
    CHECK(strstr(text, "\ncomment unit: m\n"));
    CHECK(strstr(text, "\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
                       "property float nx\nproperty float ny\nproperty float nz\n"
                       "property uchar red\nproperty uchar green\nproperty uchar blue\n"
                       "property float error\nproperty uchar views\nend_header\n"));
    CHECK(bytes == at + 2 * 32);
    for (int i = 0; i < 2; i++) {
        const char *body = text + at + 32 * i;
        float floats[6], error;

        memcpy(floats, body, sizeof floats); /* the tests run on little-endian machines */
        memcpy(&error, body + 27, sizeof error);
        CHECK(memcmp(floats, points[i].world, 12) == 0);
        CHECK(memcmp(floats + 3, points[i].normal, 12) == 0);
        CHECK(memcmp(body + 24, points[i].rgb, 3) == 0);
        CHECK(error == points[i].error && (uint8_t)body[31] == points[i].views);
    }
    free(text);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

int main(void)
{
    TEST(points_are_written_with_all_they_have);
    return check_done();
}
