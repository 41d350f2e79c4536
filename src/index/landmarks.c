/* SPDX-License-Identifier: Apache-2.0 */
#include "landmarks.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST = 64,       /* landmarks, if there are so many nodes */
    GROUP_LEAST = 16, /* in a group, on the average */
    FEW_GROUPS = 64,
};

static uint32_t how_many(uint32_t nodes)
{
    uint32_t n = nodes / LANDMARK_EVERY;

    n = n > LANDMARKS ? LANDMARKS : n < LEAST ? LEAST : n;
    return n < nodes ? n : nodes;
}

/* As many groups as there are landmarks in each, where there are many. */
static uint32_t how_many_groups(uint32_t count)
{
    uint32_t n = count / GROUP_LEAST;

    if (n <= FEW_GROUPS)
        return n ? n : 1;
    for (n = FEW_GROUPS; n < LANDMARK_GROUPS && n * n < count;)
        n++;
    return n;
}

bool landmarks_are_old(const landmarks *l, uint32_t nodes)
{
    return nodes && (!l || nodes - l->made_at > 16 + l->made_at / 32);
}

size_t landmarks_bytes(const landmarks *l, const store *s)
{
    const size_t row = s->code_bytes + sizeof(*l->nodes) + sizeof(*l->scales) + sizeof(*l->biases);
    return l ? sizeof(*l) + (l->count + l->groups) * row : 0;
}

/* All of it in one piece, which free() takes; the codes in whole cache lines. */
static landmarks *allocate(const store *s, uint32_t count)
{
    const uint32_t groups = how_many_groups(count), rows = count + groups;
    const size_t head = (sizeof(landmarks) + 63) / 64 * 64, codes = (size_t)rows * s->code_bytes;
    const size_t lists = ((size_t)rows * 12 + 63) / 64 * 64;
    uint8_t *memory = aligned_alloc(64, head + codes + lists);

    if (!memory)
        return NULL;
    landmarks *l = (landmarks *)memory;
    *l = (landmarks){.count = count, .groups = groups, .codes = memory + head};
    l->nodes = (uint32_t *)(memory + head + codes);
    l->scales = (float *)(l->nodes + rows);
    l->biases = l->scales + rows;
    return l;
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

/* The best of n rows, from a row on, and of those before. */
static void keep_best(const landmarks *l, const distance_kernels *k, const store *s, const query *q,
                      uint32_t from, uint32_t n, candidate *best, uint32_t *found, uint32_t limit)
{
    float keys[KEY_BATCH];

    for (uint32_t at = from; at < from + n; at += KEY_BATCH) {
        uint32_t some = from + n - at < KEY_BATCH ? from + n - at : KEY_BATCH;
        row_keys(l, k, s, q, at, some, keys);
        for (uint32_t i = 0; i < some; i++)
            keep(best, found, limit, (candidate){keys[i], at + i});
    }
}

/* Sorts the picked nodes by the centres that are nearest to them (counting sort).
 * @param of room for count */
static void group(landmarks *l, const distance_kernels *k, const store *s, query *q,
                  const uint32_t *picked, uint32_t *of)
{
    uint32_t at[LANDMARK_GROUPS + 1];

    for (uint32_t i = 0; i < l->count; i++) {
        candidate centre = {0};
        uint32_t found = 0;
        query_set_node(q, k, s, picked[i]);
        keep_best(l, k, s, q, 0, l->groups, &centre, &found, 1);
        of[i] = centre.node;
        l->first[of[i] + 1]++;
    }
    for (uint32_t g = 0; g < l->groups; g++)
        l->first[g + 1] += l->first[g];
    memcpy(at, l->first, sizeof(at));
    for (uint32_t i = 0; i < l->count; i++)
        put(l, s, l->groups + at[of[i]]++, picked[i]);
}

landmarks *landmarks_create(const distance_kernels *k, const store *s, uint32_t nodes)
{
    const uint32_t count = how_many(nodes);
    landmarks *l = allocate(s, count);
    uint32_t *lists = malloc(2 * count * sizeof(*lists)); /* what is picked, and its groups */
    query q = {0};
    bool there = l && lists && query_init(&q, s) && landmarks_pick(k, s, nodes, count, lists);

    if (there) {
        l->made_at = nodes;
        for (uint32_t g = 0; g < l->groups; g++)
            put(l, s, g, lists[(uint64_t)g * count / l->groups]);
        group(l, k, s, &q, lists, lists + count);
    } else {
        free(l);
        l = NULL;
    }
    query_finish(&q);
    free(lists);
    return l;
}

uint32_t landmarks_nearest(const landmarks *l, const distance_kernels *k, const store *s,
                           const query *q, candidate *best, uint32_t n)
{
    candidate groups[LANDMARK_BEST];
    uint32_t group_count = 0, found = 0, looked = 0;

    keep_best(l, k, s, q, 0, l->groups, groups, &group_count, LANDMARK_BEST);
    for (uint32_t i = 0; i < group_count && looked < LANDMARK_LOOKS; i++) {
        uint32_t from = l->first[groups[i].node], to = l->first[groups[i].node + 1];
        keep_best(l, k, s, q, l->groups + from, to - from, best, &found, n);
        looked += to - from;
    }
    for (uint32_t i = 0; i < found; i++)
        best[i].node = l->nodes[best[i].node];
    return found;
}
