/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "export.h"
#include "map_fixture.h"
#include "scratch.h"

static void set_picture(omma_map *m, int keyframe, const char *bytes, const char *name)
{
    omma_buffer *jpeg = NULL;

    if (bytes) {
        CHECK_OK(omma_buffer_create(&jpeg, strlen(bytes)));
        memcpy(jpeg->data, bytes, strlen(bytes));
    }
    omma_map_set_picture(m, (uint32_t)(TEST_FIRST_ID + keyframe), jpeg, name);
}

static void check_content(const char *folder, const char *name, const char *want)
{
    char *text = scratch_read(folder, name, NULL);

    if (CHECK(text != NULL))
        CHECK_TEXT(text, want);
    else
        fprintf(stderr, "    %s is missing\n", name);
    free(text);
}

static void pictures_have_their_names(void)
{
    char *folder = scratch_make(), *inside = omma_text("%s/images", folder);
    omma_map *m = test_map(0);

    set_picture(m, 0, "zero", NULL);
    set_picture(m, 1, "one", "IMG_7.JPG");
    set_picture(m, 2, "two", "/home/me/frame 3.png");
    set_picture(m, 3, NULL, "without.jpg");
    CHECK_OK(omma_map_write_pictures(m, inside, NULL));
    check_content(inside, "000000.jpg", "zero");
    check_content(inside, "IMG_7.JPG", "one");
    check_content(inside, "frame_3.jpg", "two");
    CHECK(scratch_read(inside, "without.jpg", NULL) == NULL);
    CHECK(omma_map_write_pictures(m, inside, NULL) == OMMA_EXISTS);
    set_picture(m, 0, "new", NULL);
    CHECK_OK(omma_map_write_pictures(m, inside, &(omma_export_options){.replace = true}));
    check_content(inside, "000000.jpg", "new");
    free(inside);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void one_place_that_is_taken_stops_all(void)
{
    char *folder = scratch_make(), *taken = omma_text("%s/000010.jpg", folder);
    omma_map *m = test_map(0);
    FILE *f = fopen(taken, "w");

    fclose(f);
    set_picture(m, 0, "zero", NULL);
    set_picture(m, 1, "one", NULL);
    CHECK(omma_map_write_pictures(m, folder, NULL) == OMMA_EXISTS);
    CHECK(scratch_read(folder, "000000.jpg", NULL) == NULL);
    free(taken);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

static void bad_names_are_made_safe_and_unique(void)
{
    const char *names[] = {"../../etc/passwd",
                           "..",
                           ".hidden",
                           "",
                           "a\"b\\c\n.jpg",
                           "-rf",
                           "x.png",
                           "x.bmp",
                           "X.jpg",
                           "x-1006.jpg",
                           "\xff\xfe",
                           "d\xc3\xa4.jpg",
                           "a/",
                           "\xe2\x80\xae"
                           "gpj.jpg"};
    const char *want[] = {"passwd.jpg", "_.jpg",         "_hidden.jpg", "000030.jpg", "a_b_c_.jpg",
                          "_rf.jpg",    "x.jpg",         "x-1007.jpg",  "X-1008.jpg", "x-1006.jpg",
                          "__.jpg",     "d\xc3\xa4.jpg", "000120.jpg",  "___gpj.jpg"};
    omma_map *m = test_map(0);

    for (int i = 0; i < 14; i++)
        set_picture(m, i, NULL, names[i]);
    char **got = picture_names(m);

    for (int i = 0; i < 14; i++)
        CHECK_TEXT(got[i], want[i]);
    picture_names_free(got, m);
    char *longest = omma_new_array(char, 5001);

    memset(longest, 'n', 5000);
    set_picture(m, 0, NULL, longest);
    set_picture(m, 1, NULL, longest);
    got = picture_names(m);
    CHECK(strlen(got[0]) < 220 && strlen(got[1]) < 230 && strcmp(got[0], got[1]) != 0);
    picture_names_free(got, m);
    free(longest);
    omma_map_destroy(&m);
}

int main(void)
{
    TEST(pictures_have_their_names);
    TEST(one_place_that_is_taken_stops_all);
    TEST(bad_names_are_made_safe_and_unique);
    return check_done();
}
