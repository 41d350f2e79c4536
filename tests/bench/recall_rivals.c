/* SPDX-License-Identifier: Apache-2.0 */
#include "recall_rivals.h"

#include "recall.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------------- recall.h */

static void fill_recall(const looks *l, float *scores)
{
    recall *r = NULL;
    recall_hit *hits = omma_new_array(recall_hit, l->n + 1);
    size_t found;

    if (recall_create(&r, &(recall_options){.seed = 1}))
        exit(1);
    for (size_t i = 0; i < l->n; i++) {
        const described *d = &l->item[i].corners;
        const recall_place place = {(uint32_t)i, l->item[i].time_ns, omma_sim3_identity()};
        if (recall_query(r, d->descriptors, d->n, &(recall_search){.k = (uint32_t)i + 1}, hits,
                         &found) ||
            recall_add(r, &place, d->descriptors, d->n))
            exit(1);
        for (size_t h = 0; h < found; h++)
            scores[i * l->n + hits[h].place.keyframe] = hits[h].score;
    }
    recall_destroy(&r);
    free(hits);
}

/* ----------------------------------------------------------------------------------- vectors */

/* Products of vectors (n x dim) as they are. */
static void multiply(const looks *l, const float *v, size_t dim, float *scores)
{
    for (size_t i = 0; i < l->n; i++)
        for (size_t j = 0; j < i; j++) {
            double sum = 0;
            for (size_t c = 0; c < dim; c++)
                sum += (double)v[i * dim + c] * v[j * dim + c];
            scores[i * l->n + j] = (float)sum;
        }
}

static void set_length_1(float *v, size_t dim)
{
    double sum = 1e-20;
    for (size_t i = 0; i < dim; i++)
        sum += (double)v[i] * v[i];
    for (size_t i = 0; i < dim; i++)
        v[i] /= (float)sqrt(sum);
}

static void fill_thumbnails(const looks *l, float *scores)
{
    enum { DIM = THUMB_WIDTH * THUMB_HEIGHT };
    float *v = omma_new_array(float, l->n *DIM);

    for (size_t i = 0; i < l->n; i++) {
        double mean = 0;
        for (int c = 0; c < DIM; c++)
            mean += l->item[i].thumb[c] / (double)DIM;
        for (int c = 0; c < DIM; c++)
            v[i * DIM + c] = (float)(l->item[i].thumb[c] - mean);
        set_length_1(v + i * DIM, DIM);
    }
    multiply(l, v, DIM, scores);
    free(v);
}

/* All descriptors of the first pictures. */
static uint8_t *first_lesson(const looks *l, size_t *n)
{
    const size_t last = l->n < RECALL_FIRST_LESSON ? l->n : RECALL_FIRST_LESSON;
    uint8_t *all;

    *n = 0;
    for (size_t i = 0; i < last; i++)
        *n += l->item[i].corners.n;
    all = omma_new_array(uint8_t, *n * DESCRIPTOR_BYTES + 1);
    *n = 0;
    for (size_t i = 0; i < last; i++) {
        const described *d = &l->item[i].corners;
        memcpy(all + *n * DESCRIPTOR_BYTES, d->descriptors, d->n * DESCRIPTOR_BYTES);
        *n += d->n;
    }
    return all;
}

/* What recall.h stands on, without centring. */
static void fill_vlad(const looks *l, float *scores)
{
    words *w = omma_new(words);
    float *v = omma_new_array(float, l->n *WORDS_DIM);
    size_t n;
    uint8_t *all = first_lesson(l, &n);

    if (words_learn(w, &l->follower.descriptors, all, n, 1)) {
        for (size_t i = 0; i < l->n; i++)
            words_encode(w, &l->follower.descriptors, l->item[i].corners.descriptors,
                         l->item[i].corners.n, v + i * WORDS_DIM);
        multiply(l, v, WORDS_DIM, scores);
    }
    free(all);
    free(v);
    free(w);
}

/* Bag of words, weighted by how rare they are; the words are descriptors of the first pictures. */
static void fill_bags(const looks *l, float *scores)
{
    enum { BAG = 2048 };
    uint8_t *rows = omma_new_array(uint8_t, BAG * DESCRIPTOR_BYTES);
    float *v = omma_new_array(float, l->n *BAG), *rare = omma_new_array(float, BAG);
    descriptor_match *m = omma_new_array(descriptor_match, 4096);
    uint64_t seed = 1;
    size_t n;
    uint8_t *all = first_lesson(l, &n);

    for (int i = 0; i < BAG; i++)
        memcpy(rows + i * DESCRIPTOR_BYTES,
               all + omma_random_below(&seed, (uint32_t)n) * (size_t)DESCRIPTOR_BYTES,
               DESCRIPTOR_BYTES);
    for (size_t i = 0; i < l->n; i++) {
        const described *d = &l->item[i].corners;
        l->follower.descriptors.match(d->descriptors, d->n, rows, NULL, BAG, m);
        for (size_t c = 0; c < d->n; c++)
            v[i * BAG + (size_t)m[c].index]++;
        for (int c = 0; i < RECALL_FIRST_LESSON && c < BAG; c++)
            rare[c] += v[i * BAG + (size_t)c] > 0;
    }
    for (size_t i = 0; i < l->n; i++) {
        for (int c = 0; c < BAG; c++)
            v[i * BAG + (size_t)c] *= logf((RECALL_FIRST_LESSON + 1) / fmaxf(1, rare[c]));
        set_length_1(v + i * BAG, BAG);
    }
    multiply(l, v, BAG, scores);
    free(all);
    free(m);
    free(rare);
    free(v);
    free(rows);
}

/* ------------------------------------------------------------------------------- brute force */

/* Every corner votes for the picture that has the one most like it. */
static void fill_votes(const looks *l, float *scores)
{
    enum { ALIKE = 50, GAP = 5 }; /* pictures in between; the neighbours would take all votes */
    descriptor_match *m = omma_new_array(descriptor_match, 4096);
    int *best = omma_new_array(int, 4096);
    size_t *who = omma_new_array(size_t, 4096);

    for (size_t i = 0; i < l->n; i++) {
        const described *d = &l->item[i].corners;
        for (size_t c = 0; c < d->n; c++)
            best[c] = 257;
        for (size_t j = 0; j + GAP < i; j++) {
            const described *e = &l->item[j].corners;
            scores[i * l->n + j] = 0;
            l->follower.descriptors.match(d->descriptors, d->n, e->descriptors, NULL, e->n, m);
            for (size_t c = 0; c < d->n; c++)
                if (m[c].best < best[c]) {
                    best[c] = m[c].best;
                    who[c] = j;
                }
        }
        for (size_t c = 0; c < d->n; c++)
            if (best[c] <= ALIKE)
                scores[i * l->n + who[c]]++;
    }
    free(who);
    free(best);
    free(m);
}

const rival rivals[] = {
    {"recall", false, fill_recall},
    {"VLAD, not centred", false, fill_vlad},
    {"bag of 2048 words, tf-idf", false, fill_bags},
    {"thumbnail 40 x 30", false, fill_thumbnails},
    {"votes of all corners", true, fill_votes},
    {NULL, false, NULL},
};
