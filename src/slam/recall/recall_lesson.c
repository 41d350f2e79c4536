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
#include "recall_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEAN_OF = 1280 /* keyframes, after which the mean stays */ };

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

void recall_encode(recall_memory *m, const float *vector, uint32_t dim)
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

bool recall_centred(const recall *r, const recall_memory *m, float *out)
{
    bool any = false;

    for (uint32_t i = 0; m->code && i < r->dim; i++) {
        out[i] = m->scale * (float)m->code[i] - r->mean[i];
        any = any || fabsf(out[i]) > 1e-6f;
    }
    return any;
}

omma_error recall_index(recall *r, omma_index *index, const recall_memory *m)
{
    if (!recall_centred(r, m, r->vector))
        return OMMA_OK;
    const omma_index_entry entry = {.id = m->place.keyframe, .time_ns = m->place.time_ns};
    return omma_index_add(index, r->vector, r->dim, &entry);
}

/* Learns the words from all descriptors that are kept, and encodes them. */
static void learn(recall *r)
{
    size_t n = 0, filled = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->places[i].n;
    uint8_t *all = omma_new_array(uint8_t, n * DESCRIPTOR_BYTES + 1);
    words *w = omma_new(words);

    for (size_t i = 0; i < r->count; i++) {
        const recall_memory *m = &r->places[i];
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
        recall_memory *m = &r->places[i];
        words_encode(w, &r->kernels, m->descriptors, m->n, r->vector);
        recall_encode(m, r->vector, r->dim);
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
        const recall_memory *m = &r->places[j];
        for (uint32_t i = 0; m->code && i < r->dim; i++)
            sum[i] += m->scale * (float)m->code[i];
        n += m->code != NULL;
    }
    for (uint32_t i = 0; i < r->dim; i++)
        r->mean[i] = n ? (float)(sum[i] / (double)n) : 0;
    free(sum);
}

omma_error recall_fill_index(recall *r)
{
    omma_index *index = NULL;
    omma_index_reader *reader = NULL;
    omma_error err = open_index(r, &index, &reader);

    for (size_t i = 0; i < r->count && !err; i++)
        err = recall_index(r, index, &r->places[i]);
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

size_t recall_next_renewal(size_t added)
{
    size_t next = RECALL_FIRST_LESSON;

    if (added >= MEAN_OF)
        return SIZE_MAX;
    while (next <= added)
        next *= 2;
    return next;
}

omma_error recall_renew(recall *r)
{
    if (!r->options.dim && !r->settled)
        learn(r);
    if (r->words && r->added >= RECALL_LAST_LESSON) {
        r->settled = true;
        forget_descriptors(r);
    }
    take_mean(r);
    r->renew = recall_next_renewal(r->added);
    return recall_fill_index(r);
}
