/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "exif.h"

/* A JPEG head with one EXIF block, built field by field from CIPA DC-008. */
typedef struct block {
    uint8_t bytes[512];
    size_t n;
    bool big_endian;
} block;

static void put(block *b, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        b->bytes[b->n++] = (uint8_t)(value >> 8 * (b->big_endian ? bytes - 1 - i : i));
}

static void put_entry(block *b, uint32_t tag, uint32_t type, uint32_t count, uint32_t value)
{
    put(b, tag, 2);
    put(b, type, 2);
    put(b, count, 4);
    if (type == 3) {
        put(b, value, 2);
        put(b, 0, 2);
    } else {
        put(b, value, 4);
    }
}

static void put_text(block *b, const char *text)
{
    memcpy(b->bytes + b->n, text, strlen(text) + 1);
    b->n += strlen(text) + 1;
}

/* Offsets in the TIFF part: IFD 0 at 8 (2 entries: 30 bytes), EXIF IFD at 38 (3 entries: 42 bytes),
 * the date at 80 (20 bytes), the sub-seconds at 100. */
static block make_block(bool big_endian)
{
    static const uint8_t head[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xe1, 0, 120};
    block b = {.big_endian = big_endian};
    memcpy(b.bytes, head, sizeof(head));
    b.n = sizeof(head);
    memcpy(b.bytes + b.n, "Exif\0", 6);
    memcpy(b.bytes + b.n + 6, big_endian ? "MM" : "II", 2);
    b.n += 8;
    put(&b, 42, 2);
    put(&b, 8, 4);
    put(&b, 2, 2);
    put_entry(&b, 0x0112, 3, 1, 6);
    put_entry(&b, 0x8769, 4, 1, 38);
    put(&b, 0, 4);
    put(&b, 3, 2);
    put_entry(&b, 0x9003, 2, 20, 80);
    put_entry(&b, 0x9291, 2, 6, 100);
    put_entry(&b, 0xa405, 3, 1, 26);
    put(&b, 0, 4);
    put_text(&b, "2024:05:17 12:34:56");
    put_text(&b, "04250");
    b.bytes[11] = (uint8_t)(b.n - 10);
    return b;
}

static void both_byte_orders_are_read(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        exif_facts facts;
        block b = make_block(big_endian);
        CHECK(exif_read(b.bytes, b.n, &facts));
        CHECK(facts.degrees_clockwise == 90);
        CHECK(facts.focal_35mm == 26);
        CHECK(facts.has_time);
        /* date -u -d "2024-05-17 12:34:56" +%s */
        CHECK(facts.time_ns == INT64_C(1715949296042500000));
    }
}

/* A full-frame 36 x 24 mm sensor of 3600 x 2400 px has 100 px per mm. */
static void focal_compares_diagonals(void)
{
    exif_facts facts = {.focal_35mm = 28};
    CHECK_CLOSE(exif_focal_px(&facts, 3600, 2400), 2800, .abs = 1e-9);
    CHECK(exif_focal_px(&(exif_facts){0}, 3600, 2400) == 0);
}

static void nothing_is_read_beyond_the_end(void)
{
    exif_facts facts;
    block b = make_block(false);
    for (size_t n = 0; n < b.n; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, b.bytes, n);
        exif_read(exact, n, &facts);
        free(exact);
    }
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        block broken = b;
        for (int k = 0; k < 4; k++)
            broken.bytes[12 + omma_random_below(&seed, (uint32_t)b.n - 12)] =
                (uint8_t)omma_random_u64(&seed);
        exif_read(broken.bytes, broken.n, &facts);
    }
    CHECK(!exif_read((const uint8_t *)"\x89PNG", 4, &facts));
}

static void an_impossible_date_is_none(void)
{
    exif_facts facts;
    block b = make_block(false);
    memcpy(b.bytes + 18 + 80, "2024:13:17", 10);
    CHECK(exif_read(b.bytes, b.n, &facts));
    CHECK(!facts.has_time);
}

int main(void)
{
    TEST(both_byte_orders_are_read);
    TEST(focal_compares_diagonals);
    TEST(nothing_is_read_beyond_the_end);
    TEST(an_impossible_date_is_none);
    return check_done();
}
