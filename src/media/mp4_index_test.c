/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "mp4_index.h"

#include <string.h>

#define LEAST 1000

typedef struct film {
    uint8_t bytes[20000];
    size_t n;
} film;

/* A box that says it has that many bytes, and has so many. */
static void add(film *f, const char *type, uint32_t says, size_t has)
{
    uint8_t head[8] = {(uint8_t)(says >> 24), (uint8_t)(says >> 16), (uint8_t)(says >> 8),
                       (uint8_t)says};
    memcpy(head + 4, type, 4);
    memcpy(f->bytes + f->n, head, sizeof(head));
    memset(f->bytes + f->n + 8, 'm', has - 8);
    f->n += has;
}

static void add_large(film *f, const char *type, uint16_t says, size_t has)
{
    add(f, type, 1, has);
    memset(f->bytes + f->n - has + 8, 0, 8);
    f->bytes[f->n - has + 14] = (uint8_t)(says >> 8);
    f->bytes[f->n - has + 15] = (uint8_t)says;
}

/* However the bytes come in pieces, the answer is the same. */
static bool is_last(const film *f)
{
    mp4_scan whole = {0};
    uint64_t seed = 5;

    mp4_scan_feed(&whole, f->bytes, f->n, LEAST);
    for (uint32_t most = 1; most < 3000; most = most * 3 + 1) {
        mp4_scan pieces = {0};
        for (size_t at = 0, n; at < f->n; at += n) {
            n = 1 + omma_random_below(&seed, most);
            n = n < f->n - at ? n : f->n - at;
            mp4_scan_feed(&pieces, f->bytes + at, n, LEAST);
        }
        CHECK(pieces.index_is_last == whole.index_is_last && pieces.ended == whole.ended);
    }
    return whole.index_is_last;
}

static film begin(void)
{
    film f = {.n = 0};
    add(&f, "ftyp", 32, 32);
    add(&f, "free", 8, 8);
    return f;
}

static void an_index_behind_the_pictures_is_seen(void)
{
    film f = begin();
    add(&f, "mdat", 5000, 5000);
    CHECK(is_last(&f));

    f = begin();
    add_large(&f, "mdat", 5000, 16); /* seen as soon as its head is there */
    CHECK(is_last(&f));

    f = begin();
    add(&f, "mdat", 0, 300); /* up to the end: nothing can follow */
    CHECK(is_last(&f));

    f = (film){.n = 0}; /* QuickTime without ftyp */
    add(&f, "wide", 8, 8);
    add(&f, "mdat", 5000, 5000);
    CHECK(is_last(&f));
}

static void an_index_before_them_is_good(void)
{
    film f = begin();
    add(&f, "moov", 700, 700);
    add(&f, "mdat", 5000, 5000);
    CHECK(!is_last(&f));

    f = begin();
    add(&f, "mdat", 900, 900); /* within what a reader can go back */
    add(&f, "moov", 700, 700);
    add(&f, "mdat", 5000, 5000);
    CHECK(!is_last(&f));
}

static void other_streams_are_left_alone(void)
{
    film f = {.n = 0};
    add(&f, "abcd", 40, 40);
    add(&f, "mdat", 5000, 5000);
    CHECK(!is_last(&f));

    f = begin();
    add(&f, "free", 3, 8); /* shorter than its own head */
    add(&f, "mdat", 5000, 5000);
    CHECK(!is_last(&f));

    for (f = begin(); f.n > 0; f.n--)
        CHECK(!is_last(&f));
}

int main(void)
{
    TEST(an_index_behind_the_pictures_is_seen);
    TEST(an_index_before_them_is_good);
    TEST(other_streams_are_left_alone);
    return check_done();
}
