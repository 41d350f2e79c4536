/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"
#include "scratch.h"

static float float_at(const char *bytes)
{
    float value;

    memcpy(&value, bytes, sizeof value); /* the tests run on little-endian machines */
    return value;
}

static void points_are_written_with_their_colors(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/cloud.ply", folder);
    omma_map *m = test_map(1000);
    size_t bytes, written = 0;

    omma_map_set_unit(m, "m");
    CHECK_OK(omma_map_write_ply(m, path, NULL));
    char *text = scratch_read(folder, "cloud.ply", &bytes);
    const char *end = strstr(text, "end_header\n");

    CHECK(strncmp(text, "ply\nformat binary_little_endian 1.0\ncomment ", 44) == 0);
    CHECK(end && strstr(text, "\ncomment unit: m\n") && strstr(text, "x right, y down, z forward"));
    CHECK(strstr(text, "\nelement vertex 980\n")); /* 1 % too bad, 1 % of another submap */
    end += strlen("end_header\n");
    CHECK(bytes == (size_t)(end - text) + 980 * 15);
    for (size_t i = 0; i < 1000; i++) {
        const omma_map_point *p = &omma_map_get_points(m)[i];

        if (i % 100 == 7 || i % 100 == 8)
            continue;
        for (int k = 0; k < 3; k++)
            CHECK(float_at(end + 15 * written + 4 * k) == (float)p->world[k]);
        CHECK(memcmp(end + 15 * written + 12, p->rgb, 3) == 0);
        written++;
    }
    free(text);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void error_limit_and_nan_leave_points_out(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/cloud.ply", folder);
    omma_map *m = omma_map_create();
    const omma_map_point points[] = {
        {.world = {1, 2, 3}, .error_px = 0.9f},
        {.world = {1, 2, 3}, .error_px = 2.1f},
        {.world = {1, NAN, 3}, .error_px = 0.1f},
        {.world = {1, 2, 3}, .error_px = NAN},
    };

    omma_map_set_points(m, points, 4, NULL, 0);
    CHECK_OK(omma_map_write_ply(m, path, NULL));
    char *text = scratch_read(folder, "cloud.ply", NULL);

    CHECK(strstr(text, "\nelement vertex 2\n"));
    free(text);
    CHECK_OK(
        omma_map_write_ply(m, path, &(omma_export_options){.replace = true, .max_error_px = 2}));
    text = scratch_read(folder, "cloud.ply", NULL);
    CHECK(strstr(text, "\nelement vertex 1\n"));
    free(text);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void file_that_is_there_stays(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/cloud.ply", folder);
    omma_map *m = omma_map_create();
    FILE *f = fopen(path, "w");

    fputs("mine", f);
    fclose(f);
    CHECK(omma_map_write_ply(m, path, NULL) == OMMA_EXISTS);
    char *text = scratch_read(folder, "cloud.ply", NULL);

    CHECK_TEXT(text, "mine");
    free(text);
    CHECK(omma_map_write_ply(m, "/nonexistent/cloud.ply", NULL) == OMMA_NOT_FOUND);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

int main(void)
{
    TEST(points_are_written_with_their_colors);
    TEST(error_limit_and_nan_leave_points_out);
    TEST(file_that_is_there_stays);
    return check_done();
}
