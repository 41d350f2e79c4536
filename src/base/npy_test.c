/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#define HEAD(type, order, shape)                                                                   \
    "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }"

static char file[512];

static omma_error parse(omma_npy *a, const char *head, const void *body, size_t bytes)
{
    size_t n = strlen(head);

    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)n;
    file[9] = 0;
    memcpy(file + 10, head, n);
    memcpy(file + 10 + n, body, bytes);
    return omma_npy_parse(a, file, 10 + n + bytes);
}

static void numbers_of_either_order_and_end_are_read(void)
{
    static const double by_columns[] = {1, 4, 2, 5, 3, -6}; /* [[1, 2, 3], [4, 5, -6]] */
    static const double want[] = {1, 2, 3, 4, 5, -6};
    static const unsigned char big[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
    omma_npy a;

    CHECK_OK(parse(&a, HEAD("<f8", "True", "(1, 2, 3)"), by_columns, sizeof by_columns));
    CHECK(a.side_count == 3 && a.side[1] == 2 && a.side[2] == 3 && a.count == 6 && a.by_columns);
    for (uint64_t i = 0; i < 6; i++)
        CHECK(omma_npy_at(&a, i) == want[i]);
    CHECK_OK(parse(&a, HEAD(">f4", "False", "(2,)"), big, sizeof big));
    CHECK(a.side_count == 1 && a.big_endian && a.bytes_each == 4);
    CHECK(omma_npy_at(&a, 0) == 1 && omma_npy_at(&a, 1) == -2);
    CHECK_OK(parse(&a, HEAD("<f8", "False", "()"), by_columns, 8));
    CHECK(a.side_count == 0 && a.count == 1 && omma_npy_at(&a, 0) == 1);
    CHECK_OK(parse(&a, HEAD("<f4", "True", "(0, 3)"), big, 0));
    CHECK(a.count == 0);
}

static void what_cannot_be_is_refused(void)
{
    static const float body[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    omma_npy a;

    CHECK(parse(&a, HEAD("<f4", "False", "(2, 4)"), body, 31) == OMMA_FORMAT);
    CHECK(parse(&a, HEAD("<f4", "False", "(2, 4"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&a, HEAD("<f4", "False", "2, 4"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&a, HEAD("<f4", "False", "(4294967296, 4294967296, 2)"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&a, HEAD("<f4", "False", "(99999999999999999999,)"), body, 32) == OMMA_FORMAT);
    CHECK(parse(&a, HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), body, 4) == OMMA_UNSUPPORTED);
    CHECK(parse(&a, HEAD("<i4", "False", "(2, 4)"), body, 32) == OMMA_UNSUPPORTED);
    CHECK(omma_npy_parse(&a, "\x93NUMPY", 6) == OMMA_FORMAT);
    CHECK(omma_npy_parse(&a, "\x93NUMPY\x09\0\0\0\0\0", 12) == OMMA_UNSUPPORTED);
    CHECK(omma_npy_parse(&a, "\x93NUMPY\x01\0\xff\xff{}", 12) == OMMA_FORMAT);
}

int main(void)
{
    TEST(numbers_of_either_order_and_end_are_read);
    TEST(what_cannot_be_is_refused);
    return check_done();
}
