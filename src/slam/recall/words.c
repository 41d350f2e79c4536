/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BITS = DESCRIPTOR_BYTES * 8,
    SAMPLES = 8192,
    AXIS_SAMPLES = 4096,
    ROUNDS = 8,
    MIN_SAMPLES = 4 * WORDS
};

/* How many of a word's descriptors have each bit set. */
typedef struct tally {
    uint32_t ones[WORDS][BITS];
    uint32_t count[WORDS];
} tally;

static bool bit_of(const uint8_t *descriptor, int bit)
{
    return descriptor[bit >> 3] >> (bit & 7) & 1;
}

/* Eight bits as eight bytes of 0 and 1, so that eight counters are added at once. */
static void spread_bits(uint64_t spread[256])
{
    for (unsigned byte = 0; byte < 256; byte++) {
        spread[byte] = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            spread[byte] |= (uint64_t)(byte >> bit & 1) << (8 * bit);
    }
}

static void flush(uint64_t narrow[DESCRIPTOR_BYTES], uint32_t ones[BITS])
{
    for (int i = 0; i < BITS; i++)
        ones[i] += narrow[i >> 3] >> (8 * (i & 7)) & 0xff;
    memset(narrow, 0, DESCRIPTOR_BYTES * sizeof(*narrow));
}

static void tally_add(tally *t, const descriptor_match *nearest, const uint8_t *descriptors,
                      size_t n)
{
    uint64_t spread[256], narrow[WORDS][DESCRIPTOR_BYTES] = {0};

    spread_bits(spread);
    for (size_t i = 0; i < n; i++) {
        const int k = nearest[i].index;
        for (int b = 0; b < DESCRIPTOR_BYTES; b++)
            narrow[k][b] += spread[descriptors[i * DESCRIPTOR_BYTES + b]];
        if (++t->count[k] % 255 == 0) /* a byte of narrow is full */
            flush(narrow[k], t->ones[k]);
    }
    for (int k = 0; k < WORDS; k++)
        flush(narrow[k], t->ones[k]);
}

/* What is counted as -1 and 1, summed, less the word's mean as often. */
static float residual(const words *w, const tally *t, int k, int bit)
{
    const float count = (float)t->count[k];
    return 2 * (float)t->ones[k][bit] - count - count * w->mean[k][bit];
}

/* An even share of the descriptors, in an order that says nothing. */
static uint8_t *sample(const uint8_t *descriptors, size_t n, uint64_t *seed, size_t *count)
{
    *count = n < SAMPLES ? n : SAMPLES;
    uint8_t *out = omma_new_array(uint8_t, *count * DESCRIPTOR_BYTES + 1);

    for (size_t i = 0; i < *count; i++) {
        const size_t from = i * n / *count;
        memcpy(out + i * DESCRIPTOR_BYTES, descriptors + from * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
    }
    for (size_t i = *count; i > 1; i--) {
        uint8_t swap[DESCRIPTOR_BYTES];
        uint8_t *a = out + (i - 1) * DESCRIPTOR_BYTES;
        uint8_t *b = out + omma_random_below(seed, (uint32_t)i) * (size_t)DESCRIPTOR_BYTES;
        memcpy(swap, a, DESCRIPTOR_BYTES);
        memcpy(a, b, DESCRIPTOR_BYTES);
        memcpy(b, swap, DESCRIPTOR_BYTES);
    }
    return out;
}

/* Each centre becomes the majority of its descriptors, bit by bit; one that has none begins anew
 * at some descriptor. */
static void move_centres(words *w, const tally *t, const uint8_t *descriptors, size_t n,
                         uint64_t *seed)
{
    for (int k = 0; k < WORDS; k++) {
        if (!t->count[k]) {
            const size_t other = omma_random_below(seed, (uint32_t)n);
            memcpy(w->centre[k], descriptors + other * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
            continue;
        }
        memset(w->centre[k], 0, DESCRIPTOR_BYTES);
        for (int i = 0; i < BITS; i++)
            if (2 * t->ones[k][i] > t->count[k])
                w->centre[k][i >> 3] |= (uint8_t)(1 << (i & 7));
    }
}

static void set_means(words *w, const tally *t)
{
    for (int k = 0; k < WORDS; k++)
        for (int i = 0; i < BITS; i++)
            w->mean[k][i] = t->count[k] ? 2 * (float)t->ones[k][i] / (float)t->count[k] - 1
                                        : (bit_of(w->centre[k], i) ? 1.0f : -1.0f);
}

/* BITS x BITS sums of products of the descriptors' differences from their words. */
static double *covariance(const words *w, const descriptor_match *nearest,
                          const uint8_t *descriptors, size_t n)
{
    double *C = omma_new_array(double, BITS *BITS);
    float *rows = omma_new_array(float, BITS *BITS), d[BITS];

    for (size_t i = 0; i < n; i++) {
        for (int b = 0; b < BITS; b++)
            d[b] = (bit_of(descriptors + i * DESCRIPTOR_BYTES, b) ? 1.0f : -1.0f) -
                   w->mean[nearest[i].index][b];
        for (int r = 0; r < BITS; r++)
            for (int c = r; c < BITS; c++)
                rows[r * BITS + c] += d[r] * d[c];
    }
    for (int r = 0; r < BITS; r++)
        for (int c = r; c < BITS; c++)
            C[r * BITS + c] = C[c * BITS + r] = rows[r * BITS + c];
    free(rows);
    return C;
}

/* Gram and Schmidt, column by column. */
static void orthonormalize(double B[BITS][WORD_AXES])
{
    for (int c = 0; c < WORD_AXES; c++) {
        for (int other = 0; other <= c; other++) {
            double dot = 0;
            for (int r = 0; r < BITS; r++)
                dot += B[r][c] * B[r][other];
            for (int r = 0; r < BITS; r++)
                B[r][c] =
                    other < c ? B[r][c] - dot * B[r][other] : B[r][c] / sqrt(fmax(dot, 1e-30));
        }
    }
}

/* The directions in which descriptors differ most from their words, by subspace iteration. */
static void find_axes(words *w, const double *C, uint64_t *seed)
{
    enum { STEPS = 20 };
    double B[BITS][WORD_AXES], next[BITS][WORD_AXES];

    for (int r = 0; r < BITS; r++)
        for (int c = 0; c < WORD_AXES; c++)
            B[r][c] = omma_random_normal(seed);
    for (int step = 0; step < STEPS; step++) {
        orthonormalize(B);
        memset(next, 0, sizeof(next));
        for (int r = 0; r < BITS; r++)
            for (int s = 0; s < BITS; s++)
                for (int c = 0; c < WORD_AXES; c++)
                    next[r][c] += C[r * BITS + s] * B[s][c];
        memcpy(B, next, sizeof(B));
    }
    orthonormalize(B);
    for (int r = 0; r < BITS; r++)
        for (int c = 0; c < WORD_AXES; c++)
            w->axis[r][c] = (float)B[r][c];
}

bool words_learn(words *w, const descriptor_kernels *kernels, const uint8_t *descriptors, size_t n,
                 uint64_t seed)
{
    if (n < MIN_SAMPLES)
        return false;
    size_t count;
    uint8_t *some = sample(descriptors, n, &seed, &count);
    descriptor_match *nearest = omma_new_array(descriptor_match, count);
    tally *t = omma_new(tally);

    memcpy(w->centre, some, sizeof(w->centre));
    for (int round = 0; round <= ROUNDS; round++) {
        if (round)
            move_centres(w, t, some, count, &seed);
        kernels->match(some, count, w->centre[0], NULL, WORDS, nearest);
        memset(t, 0, sizeof(*t));
        tally_add(t, nearest, some, count);
    }
    set_means(w, t);
    double *C = covariance(w, nearest, some, count < AXIS_SAMPLES ? count : AXIS_SAMPLES);
    find_axes(w, C, &seed);
    free(C);
    free(t);
    free(nearest);
    free(some);
    return true;
}

/* @return whether there was anything to bring to length 1. */
static bool normalize(float *v, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)v[i] * v[i];
    if (sum < 1e-12)
        return false;
    const float scale = (float)(1 / sqrt(sum));
    for (int i = 0; i < n; i++)
        v[i] *= scale;
    return true;
}

void words_encode(const words *w, const descriptor_kernels *kernels, const uint8_t *descriptors,
                  size_t n, float *out)
{
    descriptor_match *nearest = omma_new_array(descriptor_match, n + 1);
    tally *t = omma_new(tally);

    memset(out, 0, WORDS_DIM * sizeof(*out));
    kernels->match(descriptors, n, w->centre[0], NULL, WORDS, nearest);
    tally_add(t, nearest, descriptors, n);
    for (int k = 0; k < WORDS; k++) {
        float *part = out + k * WORD_AXES;
        for (int i = 0; t->count[k] && i < BITS; i++) {
            const float r = residual(w, t, k, i);
            for (int c = 0; c < WORD_AXES; c++)
                part[c] += r * w->axis[i][c];
        }
        normalize(part, WORD_AXES);
    }
    normalize(out, WORDS_DIM);
    free(t);
    free(nearest);
}
