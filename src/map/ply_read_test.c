/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/map.h>

#include <check.h>

#define XYZ "property float x\nproperty float y\nproperty float z\n"

static omma_error parse(omma_points *p, const char *text)
{
    return omma_ply_parse(p, text, strlen(text));
}

static void refused(const char *says, const char *text)
{
    omma_points p;

    CHECK(parse(&p, text) == OMMA_FORMAT && p.xyz == NULL);
    if (!CHECK(strstr(omma_why(), says) != NULL))
        fprintf(stderr, "    wanted \"%s\" in: %s\n", says, omma_why());
}

static void text_is_read_past_what_is_not_asked_for(void)
{
    static const double want[] = {1, 2, 3, -4, 5e-3, 6};
    omma_points p;

    CHECK_OK(parse(&p, "ply\r\nformat ascii 1.0\r\ncomment c\r\nelement camera 1\r\n"
                       "property list uchar float k\r\nelement vertex 3\nproperty uchar red\n" XYZ
                       "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
                       "2 9 9\n7 1 2 3\n7 -4 5e-3 6\n7 nan 1 1\n3 0 1 1\n"));
    CHECK(p.count == 2 && p.skipped == 1);
    if (p.count == 2)
        CHECK_ARRAY_CLOSE((const double *)p.xyz, want, 6, .abs = 0);
    omma_points_finish(&p);
    CHECK(p.xyz == NULL);
}

/* 1 as float, -2 as short, 258 as ushort, of either byte order. */
static void bytes_have_an_order_and_signs(void)
{
    static const char *const form[] = {"little", "big"};
    static const unsigned char body[2][8] = {{0, 0, 0x80, 0x3f, 0xfe, 0xff, 2, 1},
                                             {0x3f, 0x80, 0, 0, 0xff, 0xfe, 1, 2}};
    static const double want[] = {1, -2, 258};

    for (int i = 0; i < 2; i++) {
        char *head = omma_text("ply\nformat binary_%s_endian 1.0\nelement vertex 1\nproperty float "
                               "x\nproperty int16 y\nproperty ushort z\nend_header\n",
                               form[i]);
        size_t n = strlen(head);
        char *all = malloc(n + 8);
        omma_points p;

        memcpy(all, head, n);
        memcpy(all + n, body[i], 8);
        CHECK_OK(omma_ply_parse(&p, all, n + 8));
        if (CHECK(p.count == 1))
            CHECK_ARRAY_CLOSE(p.xyz[0], want, 3, .abs = 0);
        omma_points_finish(&p);
        CHECK(omma_ply_parse(&p, all, n + 7) == OMMA_FORMAT);
        free(all);
        free(head);
    }
}

static void what_is_no_cloud_is_refused(void)
{
    refused("not a PLY", "");
    refused("not a PLY", "plywood\n");
    refused("does not end", "ply\nformat ascii 1.0\n");
    refused("says no format", "ply\nelement vertex 1\n" XYZ "end_header\n1 2 3\n");
    refused("\"utf8\"", "ply\nformat utf8 1.0\nend_header\n");
    refused("no vertices", "ply\nformat ascii 1.0\nelement face 1\nend_header\n");
    refused("lack x, y or z", "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\n"
                              "property float y\nend_header\n1 2\n");
    refused("how many", "ply\nformat ascii 1.0\nelement vertex -1\n" XYZ "end_header\n");
    refused("no known type", "ply\nformat ascii 1.0\nelement vertex 1\nproperty half x\n");
    refused("1 of 2 rows",
            "ply\nformat ascii 1.0\nelement vertex 2\n" XYZ "end_header\n1 2 3\n4 5");
    refused("rows", "ply\nformat ascii 1.0\nelement vertex 18446744073709551615\n" XYZ
                    "end_header\n1 2 3\n");
}

int main(void)
{
    TEST(text_is_read_past_what_is_not_asked_for);
    TEST(bytes_have_an_order_and_signs);
    TEST(what_is_no_cloud_is_refused);
    return check_done();
}
