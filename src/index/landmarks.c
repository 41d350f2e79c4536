/* SPDX-License-Identifier: Apache-2.0 */
#include "landmarks.h"

#include <stdlib.h>
#include <string.h>

static uint32_t how_many(uint32_t nodes)
{
    uint32_t n = nodes / LANDMARK_EVERY;

    n = n > LANDMARKS ? LANDMARKS : n < LANDMARK_GROUPS ? LANDMARK_GROUPS : n;
    return n < nodes ? n : nodes;
}

bool landmarks_are_old(const landmarks *l, uint32_t nodes)
{
    return nodes && (!l || nodes - l->made_at > 16 + l->made_at / 32);
}

size_t landmarks_bytes(const landmarks *l, const store *s)
{
    return l ? sizeof(*l) + (size_t)(l->count + LANDMARK_GROUPS) * s->code_bytes : 0;
}

/* Any one of the i-th of count parts of the past. */
static uint32_t pick(uint32_t i, uint32_t count, uint32_t nodes)
{
    uint32_t from = (uint32_t)((uint64_t)i * nodes / count);
    uint32_t to = (uint32_t)((uint64_t)(i + 1) * nodes / count);
    uint64_t seed = i;
    return from + omma_random_below(&seed, to - from);
}

static void put(landmarks *l, const store *s, uint32_t at, uint32_t node)
{
    l->nodes[at] = node;
    l->scales[at] = *store_scale(s, node);
    l->biases[at] = s->metric == OMMA_INDEX_L2 ? *store_bias(s, node) : 0;
    memcpy(l->codes + (size_t)at * s->code_bytes, store_code(s, node), s->code_bytes);
}

/* Keys of l's rows from..to, at most KEY_BATCH of them. */
static void row_keys(const landmarks *l, const distance_kernels *k, const store *s, const query *q,
                     uint32_t from, uint32_t n, float *keys)
{
    const uint8_t *codes[KEY_BATCH + DISTANCE_GROUP];
    int32_t products[KEY_BATCH + DISTANCE_GROUP];
    const float zero = 128.0F * (float)q->sum;

    if (!n)
        return;
    for (uint32_t i = 0; i < n + DISTANCE_GROUP; i++)
        codes[i] = l->codes + (size_t)(from + (i < n ? i : 0)) * s->code_bytes;
    k->code_products(q->code, s->code_bytes, codes, n, products);
    for (uint32_t i = 0; i < n; i++)
        keys[i] =
            ((float)products[i] - zero) * (l->scales[from + i] * q->step) + l->biases[from + i];
}

static void keep(candidate *best, uint32_t *count, uint32_t limit, candidate c)
{
    uint32_t at = *count;

    if (at == limit && !(c.key > best[at - 1].key))
        return;
    if (at == limit)
        at--;
    else
        ++*count;
    for (; at > 0 && c.key > best[at - 1].key; at--)
        best[at] = best[at - 1];
    best[at] = c;
}

static uint32_t nearest_centre(const landmarks *l, const distance_kernels *k, const store *s,
                               const query *q)
{
    float keys[LANDMARK_GROUPS];
    uint32_t best = 0;

    row_keys(l, k, s, q, 0, l->groups, keys);
    for (uint32_t g = 1; g < l->groups; g++)
        best = keys[g] > keys[best] ? g : best;
    return best;
}

/* Sorts the picked nodes by their groups (counting sort). */
static bool group(landmarks *l, const distance_kernels *k, const store *s, uint32_t nodes)
{
    uint8_t of[LANDMARKS];
    uint32_t at[LANDMARK_GROUPS];
    query q;

    if (!query_init(&q, s))
        return false;
    for (uint32_t i = 0; i < l->count; i++) {
        query_set_node(&q, k, s, pick(i, l->count, nodes));
        of[i] = (uint8_t)nearest_centre(l, k, s, &q);
        l->first[of[i] + 1]++;
    }
    for (uint32_t g = 0; g < l->groups; g++)
        l->first[g + 1] += l->first[g];
    memcpy(at, l->first, sizeof(at));
    for (uint32_t i = 0; i < l->count; i++)
        put(l, s, l->groups + at[of[i]]++, pick(i, l->count, nodes));
    query_finish(&q);
    return true;
}

landmarks *landmarks_create(const distance_kernels *k, const store *s, uint32_t nodes)
{
    uint32_t count = how_many(nodes);
    landmarks *l = calloc(1, sizeof(*l) + (size_t)(count + LANDMARK_GROUPS) * s->code_bytes);

    if (!l)
        return NULL;
    l->count = count;
    l->groups = count < LANDMARK_GROUPS ? count : LANDMARK_GROUPS;
    l->made_at = nodes;
    for (uint32_t g = 0; g < l->groups; g++)
        put(l, s, g, pick((uint32_t)((uint64_t)g * count / l->groups), count, nodes));
    if (group(l, k, s, nodes))
        return l;
    free(l);
    return NULL;
}

/* The groups in the order of their centres' keys. */
static void order_groups(const landmarks *l, const distance_kernels *k, const store *s,
                         const query *q, candidate *order)
{
    float keys[LANDMARK_GROUPS];
    uint32_t n = 0;

    row_keys(l, k, s, q, 0, l->groups, keys);
    for (uint32_t g = 0; g < l->groups; g++)
        keep(order, &n, LANDMARK_GROUPS, (candidate){keys[g], g});
}

uint32_t landmarks_nearest(const landmarks *l, const distance_kernels *k, const store *s,
                           const query *q, candidate *best, uint32_t n)
{
    candidate order[LANDMARK_GROUPS];
    float keys[KEY_BATCH];
    uint32_t found = 0, looked = 0;

    order_groups(l, k, s, q, order);
    for (uint32_t g = 0; g < l->groups && looked < LANDMARK_LOOKS; g++) {
        uint32_t from = l->groups + l->first[order[g].node];
        uint32_t to = l->groups + l->first[order[g].node + 1];
        looked += to - from;
        for (uint32_t at = from; at < to; at += KEY_BATCH) {
            uint32_t some = to - at < KEY_BATCH ? to - at : KEY_BATCH;
            row_keys(l, k, s, q, at, some, keys);
            for (uint32_t i = 0; i < some; i++)
                keep(best, &found, n, (candidate){keys[i], l->nodes[at + i]});
        }
    }
    return found;
}
