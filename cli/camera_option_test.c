/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_option.h"

#include <check.h>

static void numbers_are_a_camera(void)
{
    omma_camera c;
    CHECK_OK(camera_option_read(&c, "500,501,320,240"));
    CHECK(c.fx == 500 && c.fy == 501 && c.cx == 320 && c.cy == 240 && c.width == 0);
    CHECK_OK(camera_option_read(&c, "500,501,320,240,640,480"));
    CHECK(c.width == 640 && c.height == 480);
    CHECK(camera_option_read(&c, "1,2,3") == OMMA_FORMAT);
    CHECK(strstr(omma_why(), "camera") != NULL);
}

static omma_error report(omma_camera *c, const char *text)
{
    return camera_report_parse(c, text, strlen(text));
}

static void a_report_is_a_camera(void)
{
    omma_camera c;
    CHECK_OK(report(&c, "{\"camera\": {\"width\": 640, \"height\": 480, \"fx\": 500, \"fy\": 600, "
                        "\"cx\": 310, \"cy\": 230, \"k\": [0.1, 0, 0, 0, 0.2]}}"));
    CHECK(c.width == 640 && c.fx == 500 && c.cy == 230 && c.k[0] == 0.1 && c.k[4] == 0.2);
    CHECK_OK(report(&c, "{\"camera\": {\"model\": \"fisheye\", \"width\": 640, \"height\": 480, "
                        "\"fx\": 300, \"fy\": 300, \"cx\": 320, \"cy\": 240, "
                        "\"k\": [0.01, 0.02, 0.003, 0.0004, 0]}}"));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.k[3] == 0.0004);
}

static void another_json_is_refused_and_changes_nothing(void)
{
#define REST "\"fy\": 500, \"cx\": 310, \"cy\": 230, \"width\": 640"
    static const char *const bad[] = {
        "",
        "{",
        "{\"camera\": 3}",
        "{\"camera\": {" REST ", \"height\": 480}}",
        "{\"camera\": {\"fx\": -1, " REST ", \"height\": 480}}",
        "{\"camera\": {\"fx\": \"500\", " REST ", \"height\": 480}}",
        "{\"camera\": {\"fx\": 500, " REST ", \"height\": 1e300}}",
        "{\"camera\": {\"fx\": 500, " REST ", \"height\": 480, \"k\": [\"x\"]}}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        omma_camera c = {.fx = 42};
        if (!CHECK(report(&c, bad[i]) == OMMA_FORMAT && c.fx == 42))
            fprintf(stderr, "    %s\n", bad[i]);
        CHECK(strstr(omma_why(), "camera") != NULL);
    }
}

static void a_file_that_is_missing_is_named(void)
{
    omma_camera c;
    CHECK(camera_option_read(&c, "no/such,camera.txt") == OMMA_NOT_FOUND);
    CHECK(strstr(omma_why(), "no/such,camera.txt") != NULL);
    CHECK(camera_option_read(&c, "nonsense") == OMMA_NOT_FOUND);
    CHECK(strstr(omma_why(), "fx,fy,cx,cy") != NULL);
    CHECK(camera_option_read(&c, "no/report.json") == OMMA_NOT_FOUND);
    CHECK(strstr(omma_why(), "no/report.json") != NULL);
}

int main(void)
{
    TEST(numbers_are_a_camera);
    TEST(a_report_is_a_camera);
    TEST(another_json_is_refused_and_changes_nothing);
    TEST(a_file_that_is_missing_is_named);
    return check_done();
}
