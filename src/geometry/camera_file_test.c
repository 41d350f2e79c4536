/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "check.h"

#include <unistd.h>

static omma_error parse(const char *text, omma_camera *c)
{
    return omma_camera_parse(c, text, strlen(text));
}

static void own_lines_are_read(void)
{
    omma_camera c;
    CHECK_OK(parse("500 510 319.5 239.5 640 480", &c));
    CHECK(c.model == OMMA_CAMERA_PINHOLE && c.width == 640 && c.height == 480);
    CHECK(c.fx == 500 && c.fy == 510 && c.cx == 319.5 && c.cy == 239.5 && c.k[0] == 0);
    CHECK_OK(parse("# calibrated in May\r\n\n  458.654, 457.296, 367.215, 248.375, 752, 480,"
                   " -0.283,0.0739,1.9e-4,1.76e-5 # EuRoC\r\n# end",
                   &c));
    CHECK(c.fy == 457.296 && c.width == 752 && c.k[0] == -0.283 && c.k[3] == 1.76e-5 &&
          c.k[4] == 0);
    CHECK_OK(parse("pinhole\t700 700 640 360 1280 720 0.1 0.05 0 0 0.01\n", &c));
    CHECK(c.model == OMMA_CAMERA_PINHOLE && c.k[4] == 0.01);
    CHECK_OK(parse("fisheye 190 190 255 256 512 512 0.0034 0.0007 -0.002 0.0002", &c));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.k[3] == 0.0002);
}

static void the_count_says_which_numbers_they_are(void)
{
    omma_camera c;
    CHECK_OK(parse("500,510,319.5,239.5", &c));
    CHECK(c.fy == 510 && c.cy == 239.5 && c.width == 0 && c.height == 0 && c.k[0] == 0);
    CHECK_OK(parse("500 510 319.5 239.5 -0.1 0.02 1e-3 2e-3", &c));
    CHECK(c.width == 0 && c.k[0] == -0.1 && c.k[3] == 2e-3 && c.k[4] == 0);
    CHECK_OK(parse("500 510 319.5 239.5 -0.1 0.02 1e-3 2e-3 0.01", &c));
    CHECK(c.width == 0 && c.k[3] == 2e-3 && c.k[4] == 0.01);
    CHECK_OK(parse("fisheye 190 190 255 256 0.0034 0.0007 -0.002 0.0002", &c));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.width == 0 && c.k[3] == 0.0002);
    CHECK_OK(parse("fisheye 190 190 255 256", &c));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.width == 0 && c.k[0] == 0);
}

static void colmap_lines_are_read(void)
{
    omma_camera c;
    CHECK_OK(parse("# Camera list with one line of data per camera:\n#   CAMERA_ID, MODEL, ...\n"
                   "# Number of cameras: 1\n1 SIMPLE_PINHOLE 640 480 500 320 240\n",
                   &c));
    CHECK(c.fx == 500 && c.fy == 500 && c.cx == 319.5 && c.cy == 239.5 && c.width == 640);
    CHECK_OK(parse("1 PINHOLE 640 480 500 510 320 240", &c));
    CHECK(c.fy == 510 && c.cy == 239.5);
    CHECK_OK(parse("1 SIMPLE_RADIAL 640 480 500 320 240 -0.1", &c));
    CHECK(c.k[0] == -0.1 && c.k[1] == 0);
    CHECK_OK(parse("1 RADIAL 640 480 500 320 240 -0.1 0.02", &c));
    CHECK(c.fy == 500 && c.k[1] == 0.02);
    CHECK_OK(parse("7 OPENCV 640 480 500 510 320 240 -0.1 0.02 1e-3 2e-3", &c));
    CHECK(c.model == OMMA_CAMERA_PINHOLE && c.k[2] == 1e-3 && c.k[3] == 2e-3 && c.k[4] == 0);
    CHECK_OK(parse("7 OPENCV_FISHEYE 640 480 500 510 320 240 -0.01 0.002 1e-3 2e-3", &c));
    CHECK(c.model == OMMA_CAMERA_FISHEYE && c.k[2] == 1e-3);
}

static void refuse(const char *text, const char *line, const char *found, const char *expected)
{
    omma_camera c = {.width = 77};
    check_test = text;
    CHECK(parse(text, &c) == OMMA_FORMAT);
    CHECK(strstr(omma_why(), line) != NULL);
    CHECK(strstr(omma_why(), found) != NULL);
    CHECK(strstr(omma_why(), expected) != NULL);
    CHECK(c.width == 77);
}

static void wrong_text_is_named(void)
{
    refuse("", "empty", "empty", "fx fy cx cy");
    refuse("# nothing\n\n , ,\n", "empty", "empty", "fx fy cx cy");
    refuse("\n500 510 320 240 640", "line 2", "5 numbers", "fx fy cx cy [width height]");
    refuse("500 510 320 240 640 480 0.1", "line 1", "7 numbers", "k1 k2 p1 p2");
    refuse("500 510 320", "line 1", "3 numbers", "fx fy cx cy");
    refuse("fisheye 500 510 320 240 0 0 0 0 0", "line 1", "9 numbers", "k1 k2 k3 k4");
    refuse("500 510 320 240 -0.9 0 0 0", "line 1", "folds", "pixel");
    refuse("0 510 320 240", "line 1", "0,", "above 0");
    refuse("500 inf 320 240", "line 1", "\"inf\"", "number");
    refuse("a b c d", "line 1", "\"a\"", "fisheye");
    refuse("fisheye 500 510 320 240 640 480 0 0 0 0 0", "line 1", "11 numbers", "k1 k2 k3 k4");
    refuse("500 510 32o 240 640 480", "line 1", "\"32o\"", "number");
    refuse("500 510 nan 240 640 480", "line 1", "\"nan\"", "number");
    refuse("500 1e999 320 240 640 480", "line 1", "\"1e999\"", "number");
    refuse("panorama 500 510 320 240 640 480", "line 1", "panorama", "fisheye");
    refuse("500 510 320 240 640.5 480", "line 1", "640.5", "whole pixels");
    refuse("500 510 320 240 640 -1", "line 1", "-1", "whole pixels");
    refuse("500 510 320 240 1e9 480", "line 1", "1e+09", "whole pixels");
    refuse("-500 510 320 240 640 480", "line 1", "-500", "above 0");
    refuse("500 510 320 240 640 480 -0.9 0 0 0", "line 1", "folds", "pixel");
    refuse("500 510 320 240 640 480\n500 510 320 240 640 480", "line 2", "second", "one");
    refuse("1 FOV 640 480 500 500 320 240 0.1", "line 1", "\"FOV\"", "OPENCV");
    refuse("1 OPENCV 640 480 500 500 320 240 0.1", "line 1", "7 numbers", "k1 k2 p1 p2");
    refuse("1 PINHOLE", "line 1", "0 numbers", "fx fy cx cy");
    refuse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "line 1", "more than 16", "words");
    refuse("12345678901234567890123456789012345678901234567890", "line 1", "50", "numbers");
    check_test = "bytes that are not text";
    omma_camera c;
    CHECK(omma_camera_parse(&c, "500 510\0320 240 640 480", 22) == OMMA_FORMAT);
    CHECK(omma_camera_parse(&c, "500 510 320 240 640 48\n", 3) == OMMA_FORMAT);
}

static void files_are_read(void)
{
    char path[] = "/tmp/omma-camera-XXXXXX";
    int fd = mkstemp(path);
    omma_camera c;
    const char text[] = "500 510 320 240 640 480\n";
    CHECK(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    CHECK_OK(omma_camera_read(&c, path));
    CHECK(c.fy == 510);
    CHECK(write(fd, "x", 1) == 1);
    CHECK(omma_camera_read(&c, path) == OMMA_FORMAT);
    CHECK(strstr(omma_why(), path) && strstr(omma_why(), "line 2"));
    close(fd);
    unlink(path);
    CHECK(omma_camera_read(&c, path) == OMMA_NOT_FOUND);
}

int main(void)
{
    TEST(own_lines_are_read);
    TEST(the_count_says_which_numbers_they_are);
    TEST(colmap_lines_are_read);
    TEST(wrong_text_is_named);
    TEST(files_are_read);
    return check_done();
}
