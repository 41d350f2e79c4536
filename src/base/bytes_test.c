/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static omma_byte_reader reader_of(const omma_byte_list *b)
{
    return (omma_byte_reader){.at = b->at, .left = b->count};
}

static void numbers_come_back(void)
{
    omma_byte_list b = {0};

    omma_bytes_u8(&b, 200);
    omma_bytes_u16(&b, 0xfedc);
    omma_bytes_u32(&b, 0xfedcba98);
    omma_bytes_u64(&b, UINT64_C(0xfedcba9876543210));
    omma_bytes_f32(&b, -0.1f);
    omma_bytes_f64(&b, 1e-300);
    omma_bytes_text(&b, "\xc3\xa9t\xc3\xa9");
    CHECK(b.count == 1 + 2 + 4 + 8 + 4 + 8 + 2 + 5);
    omma_byte_reader r = reader_of(&b);

    CHECK(omma_read_u8(&r) == 200);
    CHECK(omma_read_u16(&r) == 0xfedc);
    CHECK(omma_read_u32(&r) == 0xfedcba98);
    CHECK(omma_read_u64(&r) == UINT64_C(0xfedcba9876543210));
    CHECK(omma_read_f32(&r) == -0.1f);
    CHECK(omma_read_f64(&r) == 1e-300);
    char *text = omma_read_text(&r);
    CHECK(strcmp(text, "\xc3\xa9t\xc3\xa9") == 0);
    CHECK(!r.bad && r.left == 0);
    free(text);
    omma_bytes_finish(&b);
}

static void the_lowest_byte_comes_first(void)
{
    omma_byte_list b = {0};

    omma_bytes_u32(&b, 0x01020304);
    omma_bytes_u32_big(&b, 0x01020304);
    omma_bytes_u8(&b, 9);
    omma_bytes_pad(&b, 4);
    CHECK(b.count == 12 && memcmp(b.at, "\4\3\2\1\1\2\3\4\t\0\0\0", 12) == 0);
    omma_bytes_finish(&b);
}

static void reading_past_the_end_is_bad_and_gives_zeros(void)
{
    const uint8_t three[] = {1, 2, 3};
    omma_byte_reader r = {.at = three, .left = 3};

    CHECK(omma_read_bytes(&r, 4) == NULL && r.bad && r.left == 3);
    r.bad = false;
    CHECK(omma_read_u32(&r) == 0 && r.bad);
    r.bad = false;
    CHECK(memcmp(omma_read_bytes(&r, 2), "\1\2", 2) == 0 && !r.bad && r.left == 1);
}

static void a_text_is_within_its_bytes_and_has_no_end_inside(void)
{
    const uint8_t longer[] = {3, 0, 'a', 'b'}, ends[] = {3, 0, 'a', 0, 'b'};
    omma_byte_reader r = {.at = longer, .left = sizeof longer};
    char *text = omma_read_text(&r);

    CHECK(r.bad && text[0] == 0);
    free(text);
    r = (omma_byte_reader){.at = ends, .left = sizeof ends};
    text = omma_read_text(&r);
    CHECK(r.bad && text[0] == 0);
    free(text);
}

int main(void)
{
    TEST(numbers_come_back);
    TEST(the_lowest_byte_comes_first);
    TEST(reading_past_the_end_is_bad_and_gives_zeros);
    TEST(a_text_is_within_its_bytes_and_has_no_end_inside);
    return check_done();
}
