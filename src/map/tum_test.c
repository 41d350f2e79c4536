/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_fixture.h"
#include "scratch.h"

#include <locale.h>
#include <unistd.h>

static size_t count_text(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

static void what_is_written_is_read_back(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/trajectory.txt", folder);
    omma_map *m = test_map(0);
    omma_trajectory t;
    size_t i = 0;

    CHECK_OK(omma_map_write_tum(m, path, NULL));
    CHECK_OK(omma_trajectory_read(&t, path));
    CHECK(t.count == TEST_OTHER_FROM - 20 && t.skipped_lines == 0);
    for (int frame = 0; frame < TEST_OTHER_FROM && i < t.count; frame++) {
        omma_se3 want = test_pose(frame);

        if (!test_has_pose(frame))
            continue;
        CHECK(t.poses[i].time_s == (double)TEST_TIME_NS(frame) / 1e9 ||
              fabs(t.poses[i].time_s - (double)TEST_TIME_NS(frame) / 1e9) < 3e-7);
        /* nine digits of numbers up to 5 */
        CHECK_ARRAY_CLOSE(t.poses[i].world_from_camera.t, want.t, 3, .abs = 5.1e-9);
        CHECK_ARRAY_CLOSE(t.poses[i].world_from_camera.R, want.R, 9, .abs = 1e-8);
        i++;
    }
    omma_trajectory_finish(&t);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void text_says_axes_unit_times_and_status(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/trajectory.txt", folder);
    omma_map *m = test_map(0);

    CHECK_OK(omma_map_write_tum(m, path, NULL));
    char *text = scratch_read(folder, "trajectory.txt", NULL);

    CHECK(strstr(text, "world_from_camera") && strstr(text, "x right, y down, z forward"));
    CHECK(strstr(text, "tx ty tz: units\n"));
    CHECK(strstr(text,
                 "# status frame 0 time 1700000000.000000001: tracking\n1700000000.000000001 "));
    CHECK(strstr(text, "\n1700000000.033333334 "));
    CHECK(strstr(text, "# status frame 200 time 1700000006.666666601: lost\n# status frame 220 "));
    CHECK(strstr(text, "# status frame 380 time 1700000012.666666541: tracking in submap 7\n"));
    CHECK(count_text(text, "# status") == 4);
    free(text);
    text = scratch_read(folder, "trajectory-submap7.txt", NULL);
    CHECK(text && strstr(text, "# submap 7") && count_text(text, "\n17") == 20);
    free(text);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void odd_times_are_exact(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/a.b/trajectory", folder);
    omma_map *m = omma_map_create();
    const int64_t times[] = {INT64_MIN, -1, 0, 999999999, INT64_MAX};
    const char *want[] = {"\n-9223372036.854775808 ", "\n-0.000000001 ", "\n0.000000000 ",
                          "\n0.999999999 ", "\n9223372036.854775807 "};
    char *inside = omma_text("%s/a.b", folder);

    CHECK_OK(omma_make_folder(inside));
    for (int i = 0; i < 5; i++) {
        omma_view v = test_view(i);

        v.time_ns = times[i];
        v.submap = i == 4 ? 2 : 1;
        v.keyframe = v.submap;
        v.is_keyframe = false;
        omma_map_add_view(m, &v);
    }
    CHECK_OK(omma_map_write_tum(m, path, NULL));
    char *text = scratch_read(inside, "trajectory", NULL);
    char *other =
        scratch_read(inside, "trajectory-submap2", NULL); /* the folder's dot is no ending */

    for (int i = 0; i < 5; i++)
        CHECK(strstr(i < 4 ? text : other, want[i]));
    free(text);
    free(other);
    free(inside);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void nothing_is_replaced_unasked(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/trajectory.txt", folder);
    char *beside = omma_text("%s/trajectory-submap7.txt", folder);
    omma_map *m = test_map(0);
    FILE *f = fopen(beside, "w");

    fputs("mine", f);
    fclose(f);
    CHECK(omma_map_write_tum(m, path, NULL) == OMMA_EXISTS);
    CHECK(access(path, F_OK) != 0); /* not even the other file appears */
    CHECK_OK(omma_map_write_tum(m, path, &(omma_export_options){.replace = true}));
    CHECK(access(path, F_OK) == 0);
    CHECK(omma_map_write_tum(m, path, NULL) == OMMA_EXISTS);
    free(beside);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void map_without_poses_is_a_header(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/trajectory.txt", folder);
    omma_map *m = omma_map_create();
    omma_view v = test_view(TEST_LOST_FROM);
    omma_trajectory t;

    omma_map_add_view(m, &v);
    CHECK_OK(omma_map_write_tum(m, path, NULL));
    CHECK(omma_trajectory_read(&t, path) == OMMA_FORMAT);
    free(path);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

int main(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed, commas must not come out */
    TEST(what_is_written_is_read_back);
    TEST(text_says_axes_unit_times_and_status);
    TEST(odd_times_are_exact);
    TEST(nothing_is_replaced_unasked);
    TEST(map_without_poses_is_a_header);
    return check_done();
}
