/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse_voxels.h"

#include "fuse_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROW_EDGE 1.26 /* surfaces then have 1 / 1.6 as many cubes */

void fuse_voxels_init(fuse_voxels *v, double edge, size_t limit)
{
    *v = (fuse_voxels){.edge = edge, .limit = limit};
}

void fuse_voxels_finish(fuse_voxels *v)
{
    free(v->points);
    free(v->weight);
    free(v->key);
    free(v->slots);
    *v = (fuse_voxels){0};
}

/* The slot of the key, or the empty one where it belongs. */
static uint32_t *slot_of(const fuse_voxels *v, uint64_t key)
{
    size_t at = fuse_hash(key) & (v->slot_count - 1);

    while (v->slots[at] && v->key[v->slots[at] - 1] != key)
        at = (at + 1) & (v->slot_count - 1);
    return &v->slots[at];
}

static omma_error no_memory(const fuse_voxels *v)
{
    return omma_fail(OMMA_NO_MEMORY, "no memory for a cloud of more than %zu points", v->count);
}

static omma_error resize_slots(fuse_voxels *v, size_t slots)
{
    free(v->slots);
    v->slots = calloc(slots, sizeof *v->slots);
    v->slot_count = v->slots ? slots : 0;
    if (!v->slots)
        return no_memory(v);
    for (size_t i = 0; i < v->count; i++)
        *slot_of(v, v->key[i]) = (uint32_t)i + 1;
    return OMMA_OK;
}

static omma_error make_room(fuse_voxels *v)
{
    if (v->count == v->capacity) {
        size_t capacity = v->capacity + v->capacity / 4 + 4096;
        void *points = realloc(v->points, capacity * sizeof *v->points);

        v->points = points ? points : v->points;
        void *weight = realloc(v->weight, capacity * sizeof *v->weight);

        v->weight = weight ? weight : v->weight;
        void *key = realloc(v->key, capacity * sizeof *v->key);

        v->key = key ? key : v->key;
        if (!points || !weight || !key)
            return no_memory(v);
        v->capacity = capacity;
    }
    if (v->count + 1 > v->slot_count / 4 * 3)
        return resize_slots(v, v->slot_count ? 2 * v->slot_count : 8192);
    return OMMA_OK;
}

/* Into the point of its cube. What was averaged already shares its depth with what comes: errors
 * are averaged too, not made smaller. */
static void merge(fuse_voxels *v, size_t at, const omma_cloud_point *p, float weight)
{
    omma_cloud_point *q = &v->points[at];
    float share = weight / (v->weight[at] + weight), norm = 0;

    for (int k = 0; k < 3; k++) {
        q->world[k] += share * (p->world[k] - q->world[k]);
        q->normal[k] += share * (p->normal[k] - q->normal[k]);
        q->rgb[k] = (uint8_t)((float)q->rgb[k] + share * (float)(p->rgb[k] - q->rgb[k]) + 0.5f);
        norm += q->normal[k] * q->normal[k];
    }
    norm = sqrtf(norm);
    for (int k = 0; k < 3; k++)
        q->normal[k] = norm > 1e-3f ? q->normal[k] / norm : p->normal[k];
    if (p->error < q->error)
        q->keyframe = p->keyframe;
    q->error += share * (p->error - q->error);
    q->views = p->views > q->views ? p->views : q->views;
    v->weight[at] += weight;
}

static void put(fuse_voxels *v, const omma_cloud_point *p, float weight)
{
    uint64_t key;

    if (!fuse_key(p->world, v->edge, &key))
        return;
    uint32_t *slot = slot_of(v, key);

    if (*slot) {
        merge(v, *slot - 1, p, weight);
        return;
    }
    v->points[v->count] = *p;
    v->weight[v->count] = weight;
    v->key[v->count++] = key;
    *slot = (uint32_t)v->count;
}

omma_error fuse_voxels_sort(fuse_voxels *v, double edge)
{
    size_t n = v->count;

    v->edge = edge;
    v->count = 0;
    memset(v->slots, 0, v->slot_count * sizeof *v->slots);
    for (size_t i = 0; i < n; i++) { /* what is written lies before what is read */
        omma_cloud_point p = v->points[i];

        put(v, &p, v->weight[i]);
    }
    return OMMA_OK;
}

/* So many of the points, spread evenly over the list. */
static void thin_out(fuse_voxels *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t from = (size_t)((double)i * (double)v->count / (double)count);

        v->points[i] = v->points[from];
        v->weight[i] = v->weight[from];
        v->key[i] = v->key[from];
    }
    v->count = count;
}

/* Cubes meet at the origin, so a few of them are never one: the last points go another way. */
omma_error fuse_voxels_bound(fuse_voxels *v, size_t limit)
{
    size_t cubes = limit > FUSE_FEWEST ? limit : FUSE_FEWEST;

    while (v->count > cubes) {
        double more = 1.02 * sqrt((double)v->count / (double)cubes);
        omma_error err = fuse_voxels_sort(v, v->edge * more);

        if (err)
            return err;
    }
    if (v->count > limit)
        thin_out(v, limit);
    return OMMA_OK;
}

omma_error fuse_voxels_add(fuse_voxels *v, const omma_cloud_point *p)
{
    omma_error err = make_room(v);

    if (err)
        return err;
    put(v, p, 1 / (p->error * p->error));
    while (v->count > v->limit && !err)
        err = fuse_voxels_sort(v, v->edge * GROW_EDGE);
    return err;
}
