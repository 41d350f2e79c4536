/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "recall_fixture.h"
#include "words.h"

enum { KINDS = 32, EACH = 100 };

/* Descriptors of a few kinds, some bits wrong. */
static uint8_t *make_kinds(uint64_t seed)
{
    uint8_t *d = omma_new_array(uint8_t, KINDS * EACH * DESCRIPTOR_BYTES);
    for (int i = 0; i < KINDS * EACH; i++) {
        uint64_t kind = (uint64_t)(i % KINDS);
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            d[i * DESCRIPTOR_BYTES + b] = (uint8_t)omma_random_u64(&kind);
        for (int k = 0; k < 20; k++) {
            const uint32_t bit = omma_random_below(&seed, 256);
            d[i * DESCRIPTOR_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    return d;
}

static int nearest(const words *w, const uint8_t *descriptor)
{
    int best = 257;
    for (int k = 0; k < WORDS; k++) {
        const int d = descriptor_distance(w->centre[k], descriptor);
        best = d < best ? d : best;
    }
    return best;
}

static void words_find_the_kinds_there_are(void)
{
    descriptor_kernels k;
    words *w = omma_new(words);
    uint8_t *d = make_kinds(3);
    int worst = 0;

    descriptor_kernels_init(&k, omma_cpu_flags());
    CHECK(!words_learn(w, &k, d, WORDS, 1)); /* too few to learn from */
    CHECK(words_learn(w, &k, d, KINDS * EACH, 1));
    for (int i = 0; i < KINDS * EACH; i++) {
        const int far = nearest(w, d + (size_t)i * DESCRIPTOR_BYTES);
        worst = far > worst ? far : worst;
    }
    CHECK(worst < 60); /* strangers are 128 apart; two kinds that share a word 84 or so */
    free(d);
    free(w);
}

static void axes_are_orthonormal(void)
{
    descriptor_kernels k;
    words *w = omma_new(words);
    uint8_t *d = make_kinds(4);

    descriptor_kernels_init(&k, omma_cpu_flags());
    CHECK(words_learn(w, &k, d, KINDS * EACH, 1));
    for (int a = 0; a < WORD_AXES; a++)
        for (int b = 0; b <= a; b++) {
            double dot = 0;
            for (int i = 0; i < 256; i++)
                dot += (double)w->axis[i][a] * w->axis[i][b];
            CHECK_CLOSE(dot, a == b, .abs = 1e-5);
        }
    free(d);
    free(w);
}

static double dot(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < WORDS_DIM; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static void vectors_tell_bags_apart(void)
{
    descriptor_kernels k;
    words *w = omma_new(words);
    uint8_t *d = omma_new_array(uint8_t, 20 * LOOK_BYTES), a[LOOK_BYTES], b[LOOK_BYTES],
            c[LOOK_BYTES];
    float va[WORDS_DIM], vb[WORDS_DIM], vc[WORDS_DIM], none[WORDS_DIM];

    descriptor_kernels_init(&k, omma_cpu_flags());
    for (uint64_t i = 0; i < 20; i++)
        fixture_look(i + 10, i, d + i * LOOK_BYTES);
    CHECK(words_learn(w, &k, d, (size_t)20 * LOOK, 1));
    fixture_look(1, 1, a);
    fixture_look(1, 2, b);
    fixture_look(2, 3, c);
    words_encode(w, &k, a, LOOK, va);
    words_encode(w, &k, b, LOOK, vb);
    words_encode(w, &k, c, LOOK, vc);
    words_encode(w, &k, a, 0, none);
    CHECK_CLOSE(dot(va, va), 1, .abs = 1e-5);
    CHECK(dot(va, vb) > dot(va, vc) + 0.1); /* 0.22 and 0.02 */
    CHECK(dot(none, none) == 0);
    free(d);
    free(w);
}

/* The order in which corners were found says nothing, and neither does the kernel. */
static void order_and_kernel_change_nothing(void)
{
    descriptor_kernels plain, fast;
    words *w = omma_new(words), *v = omma_new(words);
    uint8_t *d = make_kinds(6), a[LOOK_BYTES], b[LOOK_BYTES];
    float va[WORDS_DIM], vb[WORDS_DIM];

    descriptor_kernels_init(&plain, 0);
    descriptor_kernels_init(&fast, omma_cpu_flags());
    CHECK(words_learn(w, &plain, d, KINDS * EACH, 1));
    CHECK(words_learn(v, &fast, d, KINDS * EACH, 1));
    CHECK(memcmp(v, w, sizeof(*w)) == 0);
    fixture_look(1, 1, a);
    for (int i = 0; i < LOOK; i++)
        memcpy(b + (size_t)i * 32, a + (size_t)(LOOK - 1 - i) * 32, 32);
    words_encode(w, &plain, a, LOOK, va);
    words_encode(w, &fast, b, LOOK, vb);
    CHECK(memcmp(va, vb, sizeof(va)) == 0);
    free(d);
    free(w);
    free(v);
}

int main(void)
{
    TEST(words_find_the_kinds_there_are);
    TEST(axes_are_orthonormal);
    TEST(vectors_tell_bags_apart);
    TEST(order_and_kernel_change_nothing);
    return check_done();
}
