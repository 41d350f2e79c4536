/* SPDX-License-Identifier: Apache-2.0 */
#include "recall_inside.h"

#include <stdlib.h>
#include <string.h>

omma_error recall_create(recall **out, const recall_options *options)
{
    recall *r = omma_new(recall);

    if (options)
        r->options = *options;
    r->dim = r->options.dim ? r->options.dim : WORDS_DIM;
    r->renew = recall_next_renewal(0);
    omma_error err = recall_fill_index(r);
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

static void memory_finish(recall_memory *m)
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

static recall_memory *find(const recall *r, uint32_t keyframe)
{
    const size_t i = place_of(r, keyframe);
    return i < r->count && r->places[i].place.keyframe == keyframe ? &r->places[i] : NULL;
}

static omma_error not_found(uint32_t keyframe)
{
    return omma_fail(OMMA_NOT_FOUND, "recall: keyframe %u is not in the memory", keyframe);
}

/* ----------------------------------------------------------------------------- adding, moving */

/* Room for a place among its neighbours. @return NULL: the keyframe is there. */
static recall_memory *insert(recall *r, const recall_place *place)
{
    const size_t at = place_of(r, place->keyframe);

    if (at < r->count && r->places[at].place.keyframe == place->keyframe)
        return NULL;
    omma_grow((void **)&r->places, &r->capacity, r->count + 1, sizeof(recall_memory));
    memmove(r->places + at + 1, r->places + at, (r->count - at) * sizeof(recall_memory));
    r->places[at] = (recall_memory){.place = *place};
    r->count++;
    return &r->places[at];
}

static omma_error finish_adding(recall *r, const recall_memory *m)
{
    r->added++;
    return r->added == r->renew ? recall_renew(r) : recall_index(r, r->index, m);
}

static omma_error already_there(uint32_t keyframe)
{
    return omma_fail(OMMA_EXISTS, "recall: keyframe %u is in the memory already", keyframe);
}

omma_error recall_add(recall *r, const recall_place *place, const uint8_t *descriptors, size_t n)
{
    if (r->options.dim)
        return omma_fail(OMMA_INVALID, "recall: this memory takes vectors of %u", r->dim);
    recall_memory *m = insert(r, place);
    if (!m)
        return already_there(place->keyframe);
    if (r->words) {
        words_encode(r->words, &r->kernels, descriptors, n, r->vector);
        recall_encode(m, r->vector, r->dim);
    }
    if (n && !r->settled) {
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
    recall_memory *m = insert(r, place);
    if (!m)
        return already_there(place->keyframe);
    recall_encode(m, vector, r->dim);
    return finish_adding(r, m);
}

omma_error recall_move(recall *r, uint32_t keyframe, const omma_sim3 *world_from_keyframe)
{
    recall_memory *m = find(r, keyframe);
    if (!m)
        return not_found(keyframe);
    m->place.world_from_keyframe = *world_from_keyframe;
    return OMMA_OK;
}

omma_error recall_remove(recall *r, uint32_t keyframe)
{
    recall_memory *m = find(r, keyframe);
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
    const recall_memory *self; /* or NULL */
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
    recall_memory m = {0};

    recall_encode(&m, vector, r->dim);
    omma_error err =
        recall_centred(r, &m, r->vector) ? ask(r, r->vector, &s, hits, count) : OMMA_OK;
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
    const recall_memory *m = find(r, keyframe);

    *count = 0;
    if (!m)
        return not_found(keyframe);
    sieve s = {r, search ? search : &all, m->place.time_ns, m};
    return recall_centred(r, m, r->vector) ? ask(r, r->vector, &s, hits, count) : OMMA_OK;
}
