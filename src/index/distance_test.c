/* SPDX-License-Identifier: Apache-2.0 */
/* All twins give the same bits as the plain loops. */
#include <omma/base.h>

#include "check.h"
#include "distance.h"

enum { BYTES = 1024, CODES = 13 };

static unsigned masks[3]; /* scalar, AVX2 and what there is */

typedef struct data {
    uint8_t codes[CODES][BYTES];
    int8_t query[BYTES];
    float a[BYTES], b[BYTES];
} data;

static void fill(data *d, uint64_t seed)
{
    for (size_t i = 0; i < BYTES; i++) {
        d->query[i] = (int8_t)((int)omma_random_below(&seed, 255) - 127);
        d->a[i] = (float)omma_random_normal(&seed);
        d->b[i] = (float)omma_random_normal(&seed);
        for (size_t c = 0; c < CODES; c++)
            d->codes[c][i] = (uint8_t)omma_random_below(&seed, 256);
    }
}

static void check_products(const distance_kernels *k, const data *d, size_t bytes, size_t n)
{
    const uint8_t *codes[CODES + DISTANCE_GROUP] = {0};
    int32_t got[CODES + DISTANCE_GROUP];

    for (size_t i = 0; i < n + DISTANCE_GROUP; i++)
        codes[i] = d->codes[i < n ? i : 0];
    k->code_products(d->query, bytes, codes, n, got);
    for (size_t i = 0; i < n; i++) {
        int32_t want = 0;
        for (size_t j = 0; j < bytes; j++)
            want += d->query[j] * d->codes[i][j];
        CHECK(got[i] == want);
    }
}

static void products_of_codes_are_whole(void)
{
    data d;

    fill(&d, 41);
    for (size_t m = 0; m < 3; m++) {
        distance_kernels k;
        distance_kernels_init(&k, masks[m]);
        for (size_t n = 1; n <= CODES; n++) {
            check_products(&k, &d, 64, n);
            check_products(&k, &d, 256, n);
            check_products(&k, &d, 960, n);
        }
    }
}

static void the_largest_product_fits(void)
{
    enum { MOST = 65536 };
    uint8_t *code = omma_new_array(uint8_t, MOST);
    int8_t *query = omma_new_array(int8_t, MOST);
    const uint8_t *codes[1 + DISTANCE_GROUP] = {code, code, code, code, code};

    memset(code, 255, MOST);
    memset(query, 127, MOST);
    for (size_t m = 0; m < 3; m++) {
        int32_t got[1 + DISTANCE_GROUP];
        distance_kernels k;
        distance_kernels_init(&k, masks[m]);
        k.code_products(query, MOST, codes, 1, got);
        CHECK(got[0] == 255 * 127 * MOST);
    }
    free(code);
    free(query);
}

static void twins_agree_to_the_bit(void)
{
    data d;
    distance_kernels plain, k;

    fill(&d, 42);
    distance_kernels_init(&plain, 0);
    for (size_t m = 1; m < 3; m++) {
        int8_t p[BYTES], q[BYTES];
        distance_kernels_init(&k, masks[m]);
        for (size_t n = 64; n <= BYTES; n += 192) {
            CHECK(k.product(d.a, d.b, n) == plain.product(d.a, d.b, n));
            CHECK(k.square(d.a, d.b, n) == plain.square(d.a, d.b, n));
            CHECK(k.length(d.a, n) == plain.length(d.a, n));
            CHECK(k.largest(d.a, n) == plain.largest(d.a, n));
            CHECK(k.encode(d.a, n, 40, q) == plain.encode(d.a, n, 40, p));
            CHECK(memcmp(p, q, n) == 0);
            CHECK(k.recode(d.codes[0], n, q) == plain.recode(d.codes[0], n, p));
            CHECK(memcmp(p, q, n) == 0);
        }
    }
}

static void steps_are_rounded_and_bounded(void)
{
    const float v[16] = {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 0.49F, 126.6F, 127.4F, 200, -127.6F, -300};
    const int8_t want[16] = {0, 2, 2, 0, -2, 0, 127, 127, 127, -127, -127};
    int8_t got[16];
    distance_kernels k;

    distance_kernels_init(&k, omma_cpu_flags());
    CHECK(k.encode(v, 16, 1, got) == 2 + 2 - 2 + 3 * 127 - 2 * 127);
    CHECK(memcmp(got, want, sizeof(got)) == 0);
}

int main(void)
{
    masks[1] = omma_cpu_flags() & OMMA_CPU_AVX2;
    masks[2] = omma_cpu_flags();
    TEST(products_of_codes_are_whole);
    TEST(the_largest_product_fits);
    TEST(twins_agree_to_the_bit);
    TEST(steps_are_rounded_and_bounded);
    return check_done();
}
