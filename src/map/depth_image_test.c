/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_files.h"
#include "depth_image.h"

#include <check.h>
#include <scratch.h>

static void what_is_written_is_read(void)
{
    static const uint16_t pixels[] = {0, 1, 65535, 5000, 256, 65534};
    static const float want[] = {0, 0.0002f, 0, 1, 0.0512f, 13.1068f};
    char *folder = scratch_make(), *path = omma_text("%s/1.PNG", folder);
    depth_image d;

    CHECK_OK(png16_write(pixels, 3, 2, NULL, path, false));
    CHECK_OK(depth_image_read(&d, path, 5000));
    if (CHECK(d.width == 3 && d.height == 2))
        CHECK_ARRAY_CLOSE(d.depth, want, 6, .rel = 1e-7);
    depth_image_finish(&d);
    free(path);
    scratch_remove(folder);
}

#define HEAD(type, order, shape)                                                                   \
    "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }"

static omma_error parse(depth_image *d, const char *head, const void *body, size_t bytes)
{
    size_t n = strlen(head);
    char *all = malloc(10 + n + bytes);

    memcpy(all, "\x93NUMPY\x01\x00", 8);
    all[8] = (char)n;
    all[9] = 0;
    memcpy(all + 10, head, n);
    memcpy(all + 10 + n, body, bytes);
    omma_error err = npy_parse(d, all, 10 + n + bytes);

    free(all);
    return err;
}

static void arrays_of_either_order_are_read(void)
{
    static const double by_columns[] = {1, 4, 2, 5, NAN, -6};
    static const float want[] = {1, 2, 0, 4, 5, 0};
    static const unsigned char big[] = {0x3f, 0x80, 0, 0, 0x40, 0, 0, 0};
    depth_image d;

    CHECK_OK(parse(&d, HEAD("<f8", "True", "(1, 2, 3)"), by_columns, sizeof by_columns));
    if (CHECK(d.width == 3 && d.height == 2))
        CHECK_ARRAY_CLOSE(d.depth, want, 6, .abs = 0);
    depth_image_finish(&d);
    CHECK_OK(parse(&d, HEAD(">f4", "False", "(1, 2)"), big, sizeof big));
    if (CHECK(d.width == 2 && d.height == 1))
        CHECK_ARRAY_CLOSE(d.depth, ((float[]){1, 2}), 2, .abs = 0);
    depth_image_finish(&d);
}

static void what_is_no_depth_is_refused(void)
{
    static const float body[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    depth_image d;

    CHECK(parse(&d, HEAD("<f4", "False", "(2, 4)"), body, 31) == OMMA_FORMAT);
    CHECK(parse(&d, HEAD("<f4", "False", "(8,)"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&d, HEAD("<f4", "False", "(2, 2, 2)"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&d, HEAD("<f4", "False", "(0, 2)"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&d, HEAD("<i4", "False", "(2, 4)"), body, 32) == OMMA_UNSUPPORTED);
    CHECK(npy_parse(&d, "\x93NUMPY", 6) == OMMA_FORMAT);
    CHECK(png16_parse(&d, "\x89PNG\r\n\x1a\n", 8, 1) == OMMA_FORMAT);
    CHECK(png16_parse(&d, "GIF89a..", 8, 1) == OMMA_FORMAT && d.depth == NULL);
}

int main(void)
{
    TEST(what_is_written_is_read);
    TEST(arrays_of_either_order_are_read);
    TEST(what_is_no_depth_is_refused);
    return check_done();
}
