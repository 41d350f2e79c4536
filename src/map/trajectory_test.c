/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/map.h>

#include "check.h"

static omma_trajectory parse(const char *text)
{
    omma_trajectory t = {0};

    CHECK_OK(omma_trajectory_parse(&t, text, strlen(text)));
    return t;
}

static void good_lines_are_read(void)
{
    omma_trajectory t = parse("# comment\n\n"
                              "1.5 1 2 3 0 0 0 1\r\n"
                              "  2.5,-1e-3,2.,+3,0,0,2,0\n" /* normalised */
                              "\t3 1, 2, 3, 0 0 0 1 further columns\n"
                              "4 0 0 0 0 0 0 1"); /* no end of line */

    CHECK(t.count == 4 && t.skipped_lines == 0);
    CHECK(t.poses[0].time_s == 1.5 && t.poses[1].time_s == 2.5 && t.poses[3].time_s == 4);
    CHECK_ARRAY_CLOSE(t.poses[1].world_from_camera.t, ((double[]){-1e-3, 2, 3}), 3, .abs = 0);
    CHECK_ARRAY_CLOSE(t.poses[1].world_from_camera.R, ((double[]){-1, 0, 0, 0, -1, 0, 0, 0, 1}), 9,
                      .abs = 1e-15);
    omma_trajectory_finish(&t);
    CHECK(t.poses == NULL && t.count == 0);
    omma_trajectory_finish(&t);
}

static void bad_lines_are_skipped_and_counted(void)
{
    omma_trajectory t = parse("0 0 0 0 0 0 0 0\n"           /* no rotation */
                              "1 0 0 0 0 0 0\n"             /* seven */
                              "2 0 0 nan 0 0 0 1\n"         /* not finite */
                              "3 0 0 1e999 0 0 0 1\n"       /* too large */
                              "4 0 0 0x10 0 0 0 1\n"        /* not decimal */
                              "5 0 0 1.5m 0 0 0 1\n"        /* a unit */
                              "time tx ty tz qx qy qz qw\n" /* a header */
                              "6 0 0 0 1e-200 0 0 1e-200\n" /* cannot be normalised */
                              "7 0 0 0 0 0 0 1\n"           /* good */
                              "8 0 0 0 1e200 0 0 1e200\n"   /* good: only its direction counts */
                              "8.5 0 1e13 0 0 0 0 1\n"      /* further than anybody went */
                              "9 0 0 0 0 0 0 1 # so is this\n" /* good */);

    CHECK(t.count == 3 && t.skipped_lines == 9);
    CHECK(t.poses[0].time_s == 7);
    CHECK_ARRAY_CLOSE(t.poses[1].world_from_camera.R, ((double[]){1, 0, 0, 0, 0, -1, 0, 1, 0}), 9,
                      .abs = 1e-15);
    omma_trajectory_finish(&t);
}

static void times_increase_and_the_first_of_equal_ones_stays(void)
{
    omma_trajectory t = parse("3 1 0 0 0 0 0 1\n"
                              "1 2 0 0 0 0 0 1\n"
                              "3 3 0 0 0 0 0 1\n"
                              "2 4 0 0 0 0 0 1\n"
                              "1 5 0 0 0 0 0 1\n");
    const double x[] = {2, 4, 1};

    CHECK(t.count == 3 && t.skipped_lines == 0);
    for (size_t i = 0; i < 3; i++)
        CHECK(t.poses[i].time_s == (double)(i + 1) && t.poses[i].world_from_camera.t[0] == x[i]);
    omma_trajectory_finish(&t);
}

static void what_is_no_trajectory_is_refused(void)
{
    omma_trajectory t = {0};
    static const char zeros[64] = {0};

    CHECK(omma_trajectory_parse(&t, "", 0) == OMMA_FORMAT);
    CHECK(omma_trajectory_parse(&t, "# nothing\n", 10) == OMMA_FORMAT);
    CHECK(omma_trajectory_parse(&t, zeros, sizeof zeros) == OMMA_FORMAT);
    CHECK(omma_trajectory_parse(&t, "1 2 3\n4 5 6\n", 12) == OMMA_FORMAT);
    CHECK(omma_trajectory_read(&t, "/nonexistent/trajectory.txt") == OMMA_NOT_FOUND);
    CHECK(omma_trajectory_read(&t, "/") != OMMA_OK);
    CHECK(t.poses == NULL);
}

static void bytes_behind_the_end_are_not_read(void)
{
    const char text[] = "1 2 3 4 0 0 0 1\n2 2 3 4 0 0 0 1";
    omma_trajectory t = {0};
    char *exact = malloc(sizeof text - 2); /* ASan sees a step too far; without the last digit */

    memcpy(exact, text, sizeof text - 2);
    CHECK_OK(omma_trajectory_parse(&t, exact, sizeof text - 2));
    CHECK(t.count == 1 && t.skipped_lines == 1);
    omma_trajectory_finish(&t);
    free(exact);
}

int main(void)
{
    TEST(good_lines_are_read);
    TEST(bad_lines_are_skipped_and_counted);
    TEST(times_increase_and_the_first_of_equal_ones_stays);
    TEST(what_is_no_trajectory_is_refused);
    TEST(bytes_behind_the_end_are_not_read);
    return check_done();
}
