/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places stand sorted by keyframe, each with its code: the vector as it was made, in eight bits.
 * The index has the same vectors less their mean. Without that all pictures of one recording look
 * alike, and most alike those that came after the words were learnt: what they share says nothing
 * of where they are. The mean is taken anew each time the memory has doubled, up to MEAN_OF
 * keyframes, and the index is made again from the codes.
 *
 * Source: Jegou, Chum, "Negative evidences and co-occurrences in image retrieval: the benefit of
 * PCA and whitening", ECCV 2012, section 3.
 */
#include "recall.h"

#include <omma/index.h>

#include "words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEAN_OF = 1280 /* keyframes, after which the mean stays */ };

typedef struct memory {
    recall_place place;
    float scale;          /* the vector is scale * code */
    int8_t *code;         /* dim; NULL when there is none */
    uint8_t *descriptors; /* kept until the last lesson */
    size_t n;
} memory;

struct recall {
    recall_options options;
    uint32_t dim;
    descriptor_kernels kernels;
    words *words;   /* NULL until the first lesson */
    memory *places; /* sorted by keyframe */
    size_t count, capacity;
    size_t added;  /* ever */
    size_t renew;  /* at so many added all is learnt or centred anew */
    float *mean;   /* dim */
    float *vector; /* dim, scratch */
    omma_index *index;
    omma_index_reader *reader;
};

/* ------------------------------------------------------------------------------ life and death */

static omma_error open_index(recall *r, omma_index **index, omma_index_reader **reader)
{
    omma_error err = omma_index_create(
        index, &(omma_index_options){.dim = r->dim, .codes_only = true, .log = r->options.log});
    if (!err)
        err = omma_index_reader_create(reader, *index);
    if (err)
        omma_index_close(index);
    return err;
}

omma_error recall_create(recall **out, const recall_options *options)
{
    recall *r = omma_new(recall);

    if (options)
        r->options = *options;
    r->dim = r->options.dim ? r->options.dim : WORDS_DIM;
    r->renew = RECALL_FIRST_LESSON;
    omma_error err = open_index(r, &r->index, &r->reader);
    if (err) {
        free(r);
        return err;
    }
    descriptor_kernels_init(&r->kernels, omma_cpu_flags());
    r->mean = omma_new_array(float, r->dim);
    r->vector = omma_new_array(float, r->dim);
    *out = r;
    return OMMA_OK;
}

static void memory_finish(memory *m)
{
    free(m->code);
    free(m->descriptors);
}

void recall_destroy(recall **r)
{
    if (!*r)
        return;
    for (size_t i = 0; i < (*r)->count; i++)
        memory_finish(&(*r)->places[i]);
    omma_index_reader_destroy(&(*r)->reader);
    omma_index_close(&(*r)->index);
    free((*r)->places);
    free((*r)->words);
    free((*r)->mean);
    free((*r)->vector);
    free(*r);
    *r = NULL;
}

size_t recall_count(const recall *r)
{
    return r->count;
}

bool recall_is_trained(const recall *r)
{
    return r->options.dim || r->words;
}

/* ------------------------------------------------------------------------------------- vectors */

/* Where keyframe is, or would be. */
static size_t place_of(const recall *r, uint32_t keyframe)
{
    size_t first = 0, last = r->count;

    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        if (r->places[middle].place.keyframe < keyframe)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

static memory *find(const recall *r, uint32_t keyframe)
{
    const size_t i = place_of(r, keyframe);
    return i < r->count && r->places[i].place.keyframe == keyframe ? &r->places[i] : NULL;
}

static omma_error not_found(uint32_t keyframe)
{
    return omma_fail(OMMA_NOT_FOUND, "recall: keyframe %u is not in the memory", keyframe);
}

/* Keeps a vector, at length 1, in eight bits; none of one that is all zero. */
static void encode(memory *m, const float *vector, uint32_t dim)
{
    double sum = 0;
    float most = 0;

    for (uint32_t i = 0; i < dim; i++) {
        sum += (double)vector[i] * vector[i];
        most = fmaxf(most, fabsf(vector[i]));
    }
    free(m->code);
    m->code = NULL;
    if (!(most > 0))
        return;
    m->code = omma_new_array(int8_t, dim);
    m->scale = (float)(most / 127 / sqrt(sum));
    for (uint32_t i = 0; i < dim; i++)
        m->code[i] = (int8_t)lroundf(127 * vector[i] / most);
}

/* The code's vector less the mean. false: there is none, or nothing is left. */
static bool centred(const recall *r, const memory *m, float *out)
{
    bool any = false;

    for (uint32_t i = 0; m->code && i < r->dim; i++) {
        out[i] = m->scale * (float)m->code[i] - r->mean[i];
        any = any || fabsf(out[i]) > 1e-6f;
    }
    return any;
}

static omma_error index_place(recall *r, omma_index *index, const memory *m)
{
    if (!centred(r, m, r->vector))
        return OMMA_OK;
    const omma_index_entry entry = {.id = m->place.keyframe, .time_ns = m->place.time_ns};
    return omma_index_add(index, r->vector, r->dim, &entry);
}

/* ------------------------------------------------------------------------------------- lessons */

/* Learns the words from all descriptors that are kept, and encodes them. */
static void learn(recall *r)
{
    size_t n = 0, filled = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->places[i].n;
    uint8_t *all = omma_new_array(uint8_t, n * DESCRIPTOR_BYTES + 1);
    words *w = omma_new(words);

    for (size_t i = 0; i < r->count; i++) {
        const memory *m = &r->places[i];
        if (m->n)
            memcpy(all + filled * DESCRIPTOR_BYTES, m->descriptors, m->n * DESCRIPTOR_BYTES);
        filled += m->n;
    }
    const bool learnt = words_learn(w, &r->kernels, all, n, r->options.seed);
    free(all);
    if (!learnt) {
        free(w);
        return;
    }
    free(r->words);
    r->words = w;
    for (size_t i = 0; i < r->count; i++) {
        memory *m = &r->places[i];
        words_encode(w, &r->kernels, m->descriptors, m->n, r->vector);
        encode(m, r->vector, r->dim);
    }
}

static void forget_descriptors(recall *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->places[i].descriptors);
        r->places[i].descriptors = NULL;
        r->places[i].n = 0;
    }
}

static void take_mean(recall *r)
{
    double *sum = omma_new_array(double, r->dim);
    size_t n = 0;

    for (size_t j = 0; j < r->count; j++) {
        const memory *m = &r->places[j];
        for (uint32_t i = 0; m->code && i < r->dim; i++)
            sum[i] += m->scale * (float)m->code[i];
        n += m->code != NULL;
    }
    for (uint32_t i = 0; i < r->dim; i++)
        r->mean[i] = n ? (float)(sum[i] / (double)n) : 0;
    free(sum);
}

/* The index as it would be had the mean always been what it is now. */
static omma_error fill_index(recall *r)
{
    omma_index *index = NULL;
    omma_index_reader *reader = NULL;
    omma_error err = open_index(r, &index, &reader);

    for (size_t i = 0; i < r->count && !err; i++)
        err = index_place(r, index, &r->places[i]);
    if (err) {
        omma_index_reader_destroy(&reader);
        omma_index_close(&index);
        return err;
    }
    omma_index_reader_destroy(&r->reader);
    omma_index_close(&r->index);
    r->index = index;
    r->reader = reader;
    return OMMA_OK;
}

static omma_error renew(recall *r)
{
    const bool last = r->added >= RECALL_LAST_LESSON;

    if (!r->options.dim && (r->added <= RECALL_LAST_LESSON || !r->words))
        learn(r);
    if (last && r->words)
        forget_descriptors(r);
    take_mean(r);
    r->renew = r->added >= MEAN_OF ? SIZE_MAX : 2 * r->added;
    return fill_index(r);
}

/* ------------------------------------------------------------------------------ adding, moving */

/* Room for a place among its neighbours. @return NULL: the keyframe is there. */
static memory *insert(recall *r, const recall_place *place)
{
    const size_t at = place_of(r, place->keyframe);

    if (at < r->count && r->places[at].place.keyframe == place->keyframe)
        return NULL;
    omma_grow((void **)&r->places, &r->capacity, r->count + 1, sizeof(memory));
    memmove(r->places + at + 1, r->places + at, (r->count - at) * sizeof(memory));
    r->places[at] = (memory){.place = *place};
    r->count++;
    return &r->places[at];
}

static omma_error finish_adding(recall *r, const memory *m)
{
    r->added++;
    return r->added == r->renew ? renew(r) : index_place(r, r->index, m);
}

static omma_error already_there(uint32_t keyframe)
{
    return omma_fail(OMMA_EXISTS, "recall: keyframe %u is in the memory already", keyframe);
}

omma_error recall_add(recall *r, const recall_place *place, const uint8_t *descriptors, size_t n)
{
    if (r->options.dim)
        return omma_fail(OMMA_INVALID, "recall: this memory takes vectors of %u", r->dim);
    memory *m = insert(r, place);
    if (!m)
        return already_there(place->keyframe);
    if (r->words) {
        words_encode(r->words, &r->kernels, descriptors, n, r->vector);
        encode(m, r->vector, r->dim);
    }
    if (n && (!r->words || r->added < RECALL_LAST_LESSON)) {
        m->descriptors = omma_new_array(uint8_t, n * DESCRIPTOR_BYTES);
        memcpy(m->descriptors, descriptors, n * DESCRIPTOR_BYTES);
        m->n = n;
    }
    return finish_adding(r, m);
}

omma_error recall_add_vector(recall *r, const recall_place *place, const float *vector)
{
    if (!r->options.dim)
        return omma_fail(OMMA_INVALID, "recall: this memory takes binary descriptors");
    memory *m = insert(r, place);
    if (!m)
        return already_there(place->keyframe);
    encode(m, vector, r->dim);
    return finish_adding(r, m);
}

omma_error recall_move(recall *r, uint32_t keyframe, const omma_sim3 *world_from_keyframe)
{
    memory *m = find(r, keyframe);
    if (!m)
        return not_found(keyframe);
    m->place.world_from_keyframe = *world_from_keyframe;
    return OMMA_OK;
}

omma_error recall_remove(recall *r, uint32_t keyframe)
{
    memory *m = find(r, keyframe);
    if (!m)
        return not_found(keyframe);
    const bool indexed = omma_index_get(r->index, keyframe, NULL, NULL) == OMMA_OK;
    omma_error err = indexed ? omma_index_remove(r->index, keyframe) : OMMA_OK;
    if (err)
        return err;
    memory_finish(m);
    const size_t at = (size_t)(m - r->places);
    memmove(m, m + 1, (r->count - at - 1) * sizeof(*m));
    r->count--;
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- asking */

typedef struct sieve {
    const recall *r;
    const recall_search *search;
    int64_t time_ns;
    const memory *self; /* or NULL */
} sieve;

static bool counts(void *user, const omma_index_entry *entry)
{
    const sieve *s = user;
    const int64_t apart = s->search->apart_ns;

    if (s->self && entry->id == s->self->place.keyframe)
        return false;
    if (apart > 0 && entry->time_ns > s->time_ns - apart && entry->time_ns < s->time_ns + apart)
        return false;
    return !s->search->keep ||
           s->search->keep(s->search->user, &find(s->r, (uint32_t)entry->id)->place);
}

/* Asks the index for what resembles a centred vector. */
static omma_error ask(recall *r, const float *vector, sieve *s, recall_hit *hits, size_t *count)
{
    const uint32_t k = s->search->k ? s->search->k : 10;
    omma_index_match *matches = omma_new_array(omma_index_match, k);
    const omma_index_search search = {.k = k, .ef = 4 * k, .keep = counts, .user = s};
    uint32_t found = 0;

    omma_error err = omma_index_query(r->reader, vector, r->dim, &search, matches, &found);
    for (uint32_t i = 0; i < found && !err; i++)
        if (s->search->least == 0 || matches[i].score >= s->search->least)
            hits[(*count)++] =
                (recall_hit){find(r, (uint32_t)matches[i].entry.id)->place, matches[i].score};
    free(matches);
    return err;
}

/* A vector as it was made, treated like those in the memory. */
static omma_error ask_about(recall *r, const float *vector, const recall_search *search,
                            recall_hit *hits, size_t *count)
{
    static const recall_search all = {0};
    sieve s = {r, search ? search : &all, search ? search->time_ns : 0, NULL};
    memory m = {0};

    encode(&m, vector, r->dim);
    omma_error err = centred(r, &m, r->vector) ? ask(r, r->vector, &s, hits, count) : OMMA_OK;
    memory_finish(&m);
    return err;
}

omma_error recall_query(recall *r, const uint8_t *descriptors, size_t n,
                        const recall_search *search, recall_hit *hits, size_t *count)
{
    *count = 0;
    if (r->options.dim)
        return omma_fail(OMMA_INVALID, "recall: this memory takes vectors of %u", r->dim);
    if (!r->words || !n)
        return OMMA_OK;
    words_encode(r->words, &r->kernels, descriptors, n, r->vector);
    return ask_about(r, r->vector, search, hits, count);
}

omma_error recall_query_vector(recall *r, const float *vector, const recall_search *search,
                               recall_hit *hits, size_t *count)
{
    *count = 0;
    if (!r->options.dim)
        return omma_fail(OMMA_INVALID, "recall: this memory takes binary descriptors");
    return ask_about(r, vector, search, hits, count);
}

omma_error recall_query_keyframe(recall *r, uint32_t keyframe, const recall_search *search,
                                 recall_hit *hits, size_t *count)
{
    static const recall_search all = {0};
    const memory *m = find(r, keyframe);

    *count = 0;
    if (!m)
        return not_found(keyframe);
    sieve s = {r, search ? search : &all, m->place.time_ns, m};
    return centred(r, m, r->vector) ? ask(r, r->vector, &s, hits, count) : OMMA_OK;
}
