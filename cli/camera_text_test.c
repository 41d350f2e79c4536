/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_text.h"

#include <check.h>

static omma_error parse(omma_camera *c, const char *text)
{
    return camera_text_parse(c, text, strlen(text));
}

static void the_count_says_which_numbers_they_are(void)
{
    omma_camera c;
    CHECK_OK(parse(&c, "500,501,320,240"));
    CHECK(c.fx == 500 && c.fy == 501 && c.cx == 320 && c.cy == 240 && c.width == 0);
    CHECK_OK(parse(&c, "# a comment with 3 numbers 1 2\n500 501 320 240 640 480\n"));
    CHECK(c.width == 640 && c.height == 480 && c.k[0] == 0);
    CHECK_OK(parse(&c, "1,1,1,1,0.1,0.2,0.3,0.4"));
    CHECK(c.k[0] == 0.1 && c.k[3] == 0.4 && c.k[4] == 0 && c.width == 0);
    CHECK_OK(parse(&c, "1,1,1,1,0.1,0.2,0.3,0.4,0.5"));
    CHECK(c.k[4] == 0.5);
    CHECK_OK(parse(&c, "1 1 1 1 640 480 .1 .2 .3 .4"));
    CHECK(c.width == 640 && c.k[0] == 0.1 && c.k[3] == 0.4);
    CHECK_OK(parse(&c, "1 1 1 1 640 480 .1 .2 .3 .4 .5"));
    CHECK(c.k[4] == 0.5 && c.model == OMMA_CAMERA_PINHOLE);
    CHECK_OK(parse(&c, "fisheye 1 1 1 1 640 480 .1 .2 .3 .4"));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.k[3] == 0.4 && c.width == 640);
}

static void a_report_is_a_camera(void)
{
    omma_camera c;
    CHECK_OK(parse(&c, "{\"camera\": {\"width\": 640, \"height\": 480, \"fx\": 5, \"fy\": 6, "
                       "\"cx\": 7, \"cy\": 8, \"k\": [0.1, 0, 0, 0, 0.2]}}"));
    CHECK(c.width == 640 && c.fx == 5 && c.cy == 8 && c.k[0] == 0.1 && c.k[4] == 0.2);
    CHECK_OK(parse(&c, "{\"model\": \"fisheye\", \"width\": 640, \"height\": 480, \"fx\": 5, "
                       "\"fy\": 6, \"cx\": 7, \"cy\": 8, \"k\": [0.1, 0.2, 0.3, 0.4, 0]}"));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.k[3] == 0.4);
    CHECK(parse(&c, "{\"camera\": 3}") == OMMA_FORMAT);
    CHECK(parse(&c, "{\"fx\": ") == OMMA_FORMAT);
}

static void nonsense_is_refused_and_changes_nothing(void)
{
    static const char *const bad[] = {"",
                                      "1,2,3",
                                      "1,2,3,4,5",
                                      "nan,1,2,3",
                                      "1,2,3,inf",
                                      "a,b,c,d",
                                      "0,1,2,3",
                                      "1,-1,2,3",
                                      "1,1,2,3,0,480",
                                      "1 1 1 1 640 1e9",
                                      "fisheye 1 1 1 1 .1",
                                      "1,2,3,4,5,6,7,8,9,10,11,12,13"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        omma_camera c = {.fx = 42};
        if (!CHECK(parse(&c, bad[i]) == OMMA_FORMAT && c.fx == 42))
            fprintf(stderr, "    \"%s\"\n", bad[i]);
        CHECK(strstr(omma_why(), "camera") != NULL);
    }
}

int main(void)
{
    TEST(the_count_says_which_numbers_they_are);
    TEST(a_report_is_a_camera);
    TEST(nonsense_is_refused_and_changes_nothing);
    return check_done();
}
