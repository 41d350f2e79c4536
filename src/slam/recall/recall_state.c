/* SPDX-License-Identifier: Apache-2.0 */
#include "recall_state.h"

#include "recall_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 1,
    PLACE_BYTES = 4 + 8 + 13 * 8 + 4, /* at least */
    HAS_WORDS = 1,
    HAS_CODE = 1,
    HAS_DESCRIPTORS = 2,
};

/* ------------------------------------------------------------------------------------- writing */

static void put_floats(omma_byte_list *b, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        omma_bytes_f32(b, v[i]);
}

static void put_place(omma_byte_list *b, const recall *r, const recall_memory *m)
{
    const bool descriptors = m->n && !r->words;

    omma_bytes_u32(b, m->place.keyframe);
    omma_bytes_u64(b, (uint64_t)m->place.time_ns);
    omma_sim3_put(b, &m->place.world_from_keyframe);
    omma_bytes_u32(b, (m->code ? HAS_CODE : 0) | (descriptors ? HAS_DESCRIPTORS : 0));
    if (m->code) {
        omma_bytes_f32(b, m->scale);
        omma_bytes_put(b, m->code, r->dim);
    }
    if (descriptors) {
        omma_bytes_u32(b, (uint32_t)m->n);
        omma_bytes_put(b, m->descriptors, m->n * DESCRIPTOR_BYTES);
    }
}

void recall_put(omma_byte_list *b, const recall *r)
{
    omma_bytes_u32(b, VERSION);
    omma_bytes_u32(b, r->dim);
    omma_bytes_u32(b, r->words ? HAS_WORDS : 0);
    omma_bytes_u64(b, r->added);
    put_floats(b, r->mean, r->dim);
    if (r->words) {
        omma_bytes_put(b, r->words->centre, sizeof(r->words->centre));
        put_floats(b, r->words->mean[0], sizeof(r->words->mean) / sizeof(float));
        put_floats(b, r->words->axis[0], sizeof(r->words->axis) / sizeof(float));
    }
    omma_bytes_u32(b, (uint32_t)r->count);
    for (size_t i = 0; i < r->count; i++)
        put_place(b, r, &r->places[i]);
}

/* ------------------------------------------------------------------------------------- reading */

static omma_error damaged(const char *what)
{
    return omma_fail(OMMA_FORMAT, "recall: %s", what);
}

/* Means, axes and vectors of length 1 have no component beyond 1, but for rounding. */
static bool take_floats(omma_byte_reader *b, float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = omma_read_f32(b);
        if (!(fabsf(v[i]) <= 1.001f))
            return false;
    }
    return !b->bad;
}

static bool take_words(omma_byte_reader *b, recall *r)
{
    const void *centre = omma_read_bytes(b, sizeof(r->words->centre));

    if (!centre)
        return false;
    r->words = omma_new(words);
    memcpy(r->words->centre, centre, sizeof(r->words->centre));
    return take_floats(b, r->words->mean[0], sizeof(r->words->mean) / sizeof(float)) &&
           take_floats(b, r->words->axis[0], sizeof(r->words->axis) / sizeof(float));
}

static bool take_code(omma_byte_reader *b, recall_memory *m, uint32_t dim)
{
    m->scale = omma_read_f32(b);
    const void *code = omma_read_bytes(b, dim);
    if (!code || !(m->scale > 0) || !(m->scale <= 1))
        return false;
    m->code = omma_new_array(int8_t, dim);
    memcpy(m->code, code, dim);
    return true;
}

static bool take_descriptors(omma_byte_reader *b, recall_memory *m)
{
    const uint32_t n = omma_read_u32(b);
    const void *descriptors =
        n && n <= b->left / DESCRIPTOR_BYTES ? omma_read_bytes(b, (size_t)n * DESCRIPTOR_BYTES) : 0;
    if (!descriptors)
        return false;
    m->n = n;
    m->descriptors = omma_new_array(uint8_t, (size_t)n * DESCRIPTOR_BYTES);
    memcpy(m->descriptors, descriptors, (size_t)n * DESCRIPTOR_BYTES);
    return true;
}

static bool take_place(omma_byte_reader *b, recall *r)
{
    recall_memory *m = &r->places[r->count++];

    *m = (recall_memory){.place.keyframe = omma_read_u32(b)};
    m->place.time_ns = (int64_t)omma_read_u64(b);
    if (!omma_sim3_take(&m->place.world_from_keyframe, b) ||
        (r->count > 1 && m->place.keyframe <= m[-1].place.keyframe))
        return false;
    const uint32_t has = omma_read_u32(b);
    if (b->bad || has & ~(uint32_t)(HAS_CODE | HAS_DESCRIPTORS) ||
        (has & HAS_CODE && !recall_is_trained(r)) ||
        (has & HAS_DESCRIPTORS && recall_is_trained(r)))
        return false;
    return (!(has & HAS_CODE) || take_code(b, m, r->dim)) &&
           (!(has & HAS_DESCRIPTORS) || take_descriptors(b, m));
}

static omma_error take_places(recall *r, omma_byte_reader *b)
{
    const uint32_t count = omma_read_u32(b);

    if (b->bad || count > b->left / PLACE_BYTES || count > r->added)
        return damaged("it does not have as many keyframes as it says");
    omma_grow((void **)&r->places, &r->capacity, count + 1, sizeof(recall_memory));
    for (uint32_t i = 0; i < count; i++)
        if (!take_place(b, r))
            return damaged("what it says of a keyframe is not possible");
    return OMMA_OK;
}

omma_error recall_take(recall *r, omma_byte_reader *b)
{
    if (r->added)
        return omma_fail(OMMA_INVALID, "recall: there is something in the memory already");
    const uint32_t version = omma_read_u32(b), dim = omma_read_u32(b), flags = omma_read_u32(b);
    const uint64_t added = omma_read_u64(b);
    if (b->bad || version != VERSION || dim != r->dim || flags & ~(uint32_t)HAS_WORDS ||
        (flags && r->options.dim) || added > UINT32_MAX)
        return damaged("not a memory of this kind");
    r->added = added;
    if (!take_floats(b, r->mean, r->dim) || (flags && !take_words(b, r)))
        return damaged("the words are not possible");
    r->settled = r->words;
    r->renew = recall_next_renewal(r->added);
    omma_error err = take_places(r, b);
    return err ? err : recall_fill_index(r);
}
