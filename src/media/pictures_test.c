/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "media_fixture.h"
#include "picture_list.h"

#include <sys/stat.h>

static void make_folder(const char *name)
{
    char *path = fixture_path(name);
    CHECK_OK(omma_make_folder(path));
    free(path);
}

/* Pattern number n as folder/file. */
static void write_picture(const char *name, int width, int height, int number)
{
    char *path = fixture_path(name);
    omma_frame *f = fixture_frame(width, height, number);
    CHECK_OK(omma_image_write(path, f, true));
    omma_frame_unref(&f);
    free(path);
}

static void write_text(const char *name, const char *text)
{
    fixture_write(name, text, strlen(text));
}

static void seconds_are_exact(void)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"1305031102.175304", INT64_C(1305031102175304000)}, /* a double is off by 32 ns here */
        {"0", 0},
        {"0.1", 100000000},
        {".5", 500000000},
        {"7.", INT64_C(7000000000)},
        {"-1.25", -1250000000},
        {"0.0000000014", 1},
        {"0.0000000015", 2},
        {"8999999999.999999999", INT64_C(8999999999999999999)},
    };
    int64_t ns = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *end = picture_parse_seconds(cases[i].text, &ns);
        CHECK(end && *end == 0 && ns == cases[i].ns);
    }
    CHECK(!picture_parse_seconds("", &ns));
    CHECK(!picture_parse_seconds("x", &ns));
    CHECK(!picture_parse_seconds("-", &ns));
    CHECK(!picture_parse_seconds(".", &ns));
    CHECK(!picture_parse_seconds("99999999999", &ns));
}

static void names_sort_as_people_count(void)
{
    CHECK(picture_compare_names("x9.jpg", "x10.jpg") < 0);
    CHECK(picture_compare_names("x010.jpg", "x9.jpg") > 0);
    CHECK(picture_compare_names("a2b3", "a2b12") < 0);
    CHECK(picture_compare_names("a", "b") < 0);
    CHECK(picture_compare_names("a", "a1") < 0);
    CHECK(picture_compare_names("x7.jpg", "x7.jpg") == 0);
}

static void rgb_txt_gives_order_and_times(void)
{
    make_folder("tum/rgb");
    write_picture("tum/rgb/b.jpg", 96, 64, 0);
    write_picture("tum/rgb/a.png", 96, 64, 1);
    write_text("tum/rgb.txt", "# timestamp file\n\n1305031102.175304 rgb/b.jpg\r\n"
                              "1305031102.211214\trgb/a.png");
    omma_source *s = fixture_open("tum", NULL);
    const int64_t times[] = {INT64_C(1305031102175304000), INT64_C(1305031102211214000)};
    const char *const names[] = {"b.jpg", "a.png"};
    CHECK(s && omma_source_get_info(s)->frames == 2);
    CHECK(s && omma_source_get_info(s)->width == 96 && omma_source_get_info(s)->height == 64);
    for (uint64_t i = 0; s && i < 2; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        CHECK(f->time_ns == times[i] && f->index == i);
        CHECK_TEXT(f->name, names[i]);
        omma_frame_unref(&f);
    }
    CHECK(fixture_count(s) == 0);
    CHECK(s && omma_source_damaged(s) == 0);
    omma_source_close(&s);
}

/* Of nine lines three are wrong and three pictures are bad: three frames are left. */
static void damaged_pictures_cost_only_themselves(void)
{
    size_t bytes = 0;
    make_folder("bad");
    write_picture("bad/0.jpg", 96, 64, 0);
    write_picture("bad/3.jpg", 96, 64, 3);
    write_picture("bad/4.jpg", 64, 96, 4); /* another size */
    write_picture("bad/5.png", 96, 64, 5);
    char *jpeg = fixture_read("bad/0.jpg", &bytes);
    fixture_write("bad/2.jpg", jpeg, bytes / 2);
    free(jpeg);
    write_text("bad/rgb.txt", "0 0.jpg\n0.1 missing.jpg\n0.2 2.jpg\nsoon 3.jpg\n0.25\n"
                              "0.3 3.jpg\n0.4 4.jpg\n0.45 ../bad/3.jpg\n0.5 5.png\n");
    omma_source *s = fixture_open("bad/", NULL);
    const uint64_t index[] = {0, 3, 5};
    for (int i = 0; s && i < 3; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        CHECK(f->index == index[i]);
        CHECK(f->time_ns == (int64_t)index[i] * 100000000);
        omma_frame_unref(&f);
    }
    CHECK(fixture_count(s) == 0);
    CHECK(s && omma_source_damaged(s) == 6);
    omma_source_close(&s);
}

static void a_zero_byte_does_not_hide_the_rest(void)
{
    char text[] = "0 a.png\n1 b.png\0\n2 c\0.png\n3 d.png\n\0";
    picture_list list = {0};
    picture_list_parse(&list, "f", text, sizeof(text) - 1, NULL);
    CHECK(list.n == 4 && list.damaged == 1); /* the last line is a lone zero */
    CHECK_TEXT(list.n == 4 ? list.entry[3].path : "", "f/d.png");
    picture_list_finish(&list);
}

static void a_jpeg_broken_inside_is_not_given(void)
{
    size_t bytes = 0;
    make_folder("inside");
    write_picture("inside/0.jpg", 320, 240, 0);
    char *jpeg = fixture_read("inside/0.jpg", &bytes);
    memset(jpeg + bytes / 2, 0, bytes / 4);
    fixture_write("inside/1.jpg", jpeg, bytes);
    free(jpeg);
    write_picture("inside/2.jpg", 320, 240, 2);
    omma_source *s = fixture_open("inside", NULL);
    CHECK(fixture_count(s) == 2);
    CHECK(s && omma_source_damaged(s) == 1);
    omma_source_close(&s);
}

static void folders_and_patterns_go_by_name(void)
{
    make_folder("plain");
    write_picture("plain/x2.jpg", 64, 64, 2);
    write_picture("plain/x10.jpg", 64, 64, 10);
    write_picture("plain/x1.jpg", 64, 64, 1);
    write_picture("plain/y1.png", 64, 64, 20);
    write_text("plain/readme.txt", "not a picture");
    const int folder[] = {1, 2, 10, 20};
    const char *const urls[] = {"plain", "plain/x*.jpg"};
    for (int k = 0; k < 2; k++) {
        omma_source *s = fixture_open(urls[k], &(omma_source_options){.rate = 10});
        CHECK(s && omma_source_get_info(s)->frames == (uint64_t)(4 - k));
        CHECK(s && omma_source_get_info(s)->rate == 10);
        for (int i = 0; s && i < 3; i++) {
            omma_frame *f = NULL;
            CHECK_OK(omma_source_read(s, &f));
            if (!f)
                break;
            CHECK(f->time_ns == i * INT64_C(100000000));
            CHECK(fixture_error(f, folder[i]) < 2);
            omma_frame_unref(&f);
        }
        CHECK(fixture_count(s) == 1 - k);
        omma_source_close(&s);
    }
}

static void skip_step_and_limit_choose(void)
{
    make_folder("many");
    for (int i = 0; i < 12; i++) {
        char *name = omma_text("many/%d.jpg", i);
        write_picture(name, 64, 64, i);
        free(name);
    }
    omma_source_options options = {.skip = 2, .step = 3, .limit = 3};
    omma_source *s = fixture_open("many", &options);
    CHECK(s && omma_source_get_info(s)->frames == 3);
    for (uint64_t i = 0; s && i < 3; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        CHECK(f->index == 2 + 3 * i);
        CHECK(fixture_error(f, (int)f->index) < 2);
        omma_frame_unref(&f);
    }
    CHECK(fixture_count(s) == 0);
    omma_source_close(&s);
    s = fixture_open("many", &(omma_source_options){.skip = 100});
    CHECK(fixture_count(s) == 0);
    omma_source_close(&s);
}

static void times_that_stand_still_are_moved_on(void)
{
    make_folder("still");
    write_picture("still/0.jpg", 64, 64, 0);
    write_text("still/rgb.txt", "1.5 0.jpg\n1.5 0.jpg\n1.4 0.jpg\n1.6 0.jpg\n");
    const int64_t times[] = {1500000000, 1500001000, 1500002000, 1600000000};
    omma_source *s = fixture_open("still", NULL);
    for (int i = 0; s && i < 4; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        CHECK(f && f->time_ns == times[i]);
        omma_frame_unref(&f);
    }
    omma_source_close(&s);
}

/* Puts an EXIF block with DateTimeOriginal, SubSecTimeOriginal, FocalLengthIn35mmFilm and
 * Orientation behind the SOI of a JPEG (the layout is that of exif_test.c). */
static void add_exif(const char *name, const char date[20], const char sub_seconds[4],
                     uint8_t orientation)
{
    static const uint8_t block[] = {
        0xff, 0xe1, 0,    112,  'E', 'x',  'i',  'f', 0, 0,  'I', 'I', 42,  0,  8,
        0,    0,    0,    2,    0,   0x12, 0x01, 3,   0, 1,  0,   0,   0,   1,  0,
        0,    0,    0x69, 0x87, 4,   0,    1,    0,   0, 0,  38,  0,   0,   0,  0,
        0,    0,    0,    3,    0,   0x03, 0x90, 2,   0, 20, 0,   0,   0,   80, 0,
        0,    0,    0x91, 0x92, 2,   0,    4,    0,   0, 0,  '0', '0', '0', 0,  0x05,
        0xa4, 3,    0,    1,    0,   0,    0,    27,  0, 0,  0,   0,   0,   0,  0};
    uint8_t exif[114];
    size_t bytes = 0;
    memcpy(exif, block, sizeof(block));
    memcpy(exif + 10 + 80, date, 20);
    memcpy(exif + 10 + 72 - 12, sub_seconds, 4);
    exif[10 + 18] = orientation;
    memset(exif + 110, 0, 4);
    char *jpeg = fixture_read(name, &bytes), *whole = malloc(bytes + sizeof(exif));
    memcpy(whole, jpeg, 2);
    memcpy(whole + 2, exif, sizeof(exif));
    memcpy(whole + 2 + sizeof(exif), jpeg + 2, bytes - 2);
    fixture_write(name, whole, bytes + sizeof(exif));
    free(jpeg);
    free(whole);
}

static void exif_gives_times_focal_and_rotation(void)
{
    static const char *const sub_seconds[] = {"000", "250", "900"};
    const int64_t after[] = {0, 250000000, 900000000};
    make_folder("exif");
    for (int i = 0; i < 3; i++) {
        char name[] = "exif/0.jpg";
        name[5] = (char)('0' + i);
        write_picture(name, 96, 64, i);
        add_exif(name, "2024:05:17 12:34:56", sub_seconds[i], 8);
    }
    omma_source *s = fixture_open("exif", NULL);
    const omma_source_info *info = s ? omma_source_get_info(s) : NULL;
    CHECK(info && info->width == 64 && info->height == 96);
    /* 27 mm of a diagonal of 43.27 mm, in a picture whose diagonal is 115.38 px */
    CHECK(info && fabs(info->focal_px - 72.0) < 0.01);
    for (int i = 0; s && i < 3; i++) {
        omma_frame *f = NULL;
        CHECK_OK(omma_source_read(s, &f));
        if (!f)
            break;
        CHECK(f->time_ns == INT64_C(1715949296000000000) + after[i]);
        /* Orientation 8: rotate by 270 degrees clockwise, the right column becomes the top row. */
        CHECK_CLOSE(f->plane[0][5 * f->stride[0] + 20], fixture_luma(95 - 5, 20, i), .abs = 4);
        omma_frame_unref(&f);
    }
    omma_source_close(&s);

    s = fixture_open("exif", &(omma_source_options){.rate = 5}); /* who names a rate means it */
    omma_frame *f = NULL;
    for (int i = 0; s && i < 2; i++) {
        omma_frame_unref(&f);
        CHECK_OK(omma_source_read(s, &f));
    }
    CHECK(f && f->time_ns == 200000000);
    omma_frame_unref(&f);
    omma_source_close(&s);
}

/* Bursts have whole seconds: then the rate is the better guess. */
static void exif_times_that_do_not_increase_are_ignored(void)
{
    omma_frame *f = NULL;
    add_exif("plain/x1.jpg", "2024:05:17 12:34:56", "000", 1);
    add_exif("plain/x2.jpg", "2024:05:17 12:34:56", "000", 1);
    omma_source *s = fixture_open("plain/x[12].jpg", NULL);
    CHECK(s && omma_source_get_info(s)->frames == 2);
    for (int i = 0; s && i < 2; i++) {
        omma_frame_unref(&f);
        CHECK_OK(omma_source_read(s, &f));
    }
    CHECK(f && f->time_ns == 33333333);
    omma_frame_unref(&f);
    omma_source_close(&s);
}

static void a_stopped_source_says_so(void)
{
    omma_source *s = fixture_open("many", NULL);
    omma_frame *f = NULL;
    CHECK_OK(omma_source_read(s, &f));
    omma_frame_unref(&f);
    omma_source_stop(s);
    CHECK(omma_source_read(s, &f) == OMMA_INTERRUPTED);
    CHECK(omma_source_read(s, &f) == OMMA_INTERRUPTED);
    omma_source_close(&s);
}

/* Frames wrap the decoder's memory: they must outlive it. */
static void frames_outlive_their_source(void)
{
    omma_frame *f[3] = {NULL};
    omma_source *s = fixture_open("many", NULL);
    for (int i = 0; s && i < 3; i++)
        CHECK_OK(omma_source_read(s, &f[i]));
    omma_source_close(&s);
    for (int i = 0; i < 3; i++) {
        CHECK(f[i] && fixture_error(f[i], i) < 2);
        omma_frame_unref(&f[i]);
    }
}

static void what_cannot_be_read_is_said(void)
{
    make_folder("empty");
    make_folder("broken");
    make_folder("nothing");
    write_text("broken/a.jpg", "this is no picture");
    write_text("broken/b.jpg", "");
    write_text("nothing/rgb.txt", "# nothing\n\nhello world\n");
    write_text("text.png", "this is no picture");
    write_text("empty.png", "");
    CHECK(fixture_refusal("empty") == OMMA_FORMAT);
    CHECK(fixture_refusal("broken") == OMMA_FORMAT);
    CHECK(fixture_refusal("nothing") == OMMA_FORMAT);
    CHECK(fixture_refusal("text.png") == OMMA_FORMAT);
    CHECK(fixture_refusal("empty.png") == OMMA_FORMAT);
    CHECK(fixture_refusal("missing.png") == OMMA_NOT_FOUND);
    CHECK(fixture_refusal("missing*.png") == OMMA_NOT_FOUND);
    char *locked = fixture_path("locked");
    make_folder("locked");
    chmod(locked, 0);
    if (geteuid() != 0)
        CHECK(fixture_refusal("locked") == OMMA_DENIED);
    chmod(locked, 0700);
    free(locked);
}

int main(void)
{
    fixture_make_folder();
    TEST(seconds_are_exact);
    TEST(names_sort_as_people_count);
    TEST(rgb_txt_gives_order_and_times);
    TEST(damaged_pictures_cost_only_themselves);
    TEST(a_zero_byte_does_not_hide_the_rest);
    TEST(a_jpeg_broken_inside_is_not_given);
    TEST(folders_and_patterns_go_by_name);
    TEST(skip_step_and_limit_choose);
    TEST(times_that_stand_still_are_moved_on);
    TEST(exif_gives_times_focal_and_rotation);
    TEST(exif_times_that_do_not_increase_are_ignored);
    TEST(a_stopped_source_says_so);
    TEST(frames_outlive_their_source);
    TEST(what_cannot_be_read_is_said);
    fixture_remove_folder();
    return check_done();
}
