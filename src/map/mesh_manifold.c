/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A surface net is a manifold nearly everywhere; where diagonal voxels touch, an edge may have four
 * triangles, or two sheets share a vertex. Here such triangles go (a hole that is closed later),
 * and each sheet gets a vertex of its own.
 */
#include "mesh.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- edges */

static int compare_edges(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static uint64_t edge_key(const omma_mesh *m, uint32_t h)
{
    uint64_t a = m->triangles[h], b = m->triangles[half_edge_next(h)];

    return a < b ? a << 32 | b : b << 32 | a;
}

/* The edges of borders that are none: those that other triangles have as well. Sorted. */
static omma_error find_crowded_edges(const omma_mesh *m, uint64_t **keys, size_t *count)
{
    uint32_t *twin;
    size_t n = 0, kept = 0;
    omma_error err = mesh_twins(m, &twin);

    *keys = NULL;
    for (size_t h = 0; !err && h < 3 * m->triangle_count; h++)
        n += twin[h] == NO_HALF_EDGE;
    if (!err && !(*keys = malloc((n + 1) * sizeof **keys)))
        err = omma_fail(OMMA_NO_MEMORY, "no memory for %zu borders", n);
    n = 0;
    for (uint32_t h = 0; !err && h < 3 * m->triangle_count; h++)
        if (twin[h] == NO_HALF_EDGE)
            (*keys)[n++] = edge_key(m, h);
    free(twin);
    if (err)
        return err;
    qsort(*keys, n, sizeof **keys, compare_edges);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && (*keys)[end] == (*keys)[i];)
            end++;
        if (end - i > 1)
            (*keys)[kept++] = (*keys)[i];
    }
    *count = kept;
    return OMMA_OK;
}

static omma_error drop_crowded_triangles(omma_mesh *m)
{
    uint64_t *keys;
    size_t count = 0, kept = 0;
    omma_error err = find_crowded_edges(m, &keys, &count);

    for (size_t t = 0; !err && count && t < m->triangle_count; t++) {
        bool crowded = false;

        for (uint32_t h = 3 * (uint32_t)t; h < 3 * t + 3; h++) {
            uint64_t key = edge_key(m, h);

            crowded |= bsearch(&key, keys, count, sizeof key, compare_edges) != NULL;
        }
        if (!crowded)
            memmove(m->triangles + 3 * kept++, m->triangles + 3 * t, 3 * sizeof *m->triangles);
    }
    if (!err && count)
        m->triangle_count = kept;
    free(keys);
    return err;
}

/* ---------------------------------------------------------------------------- vertices */

static uint32_t half_edge_before(uint32_t h)
{
    return h % 3 == 0 ? h + 2 : h - 1;
}

/* Gives the fan of triangles around corner h the vertex v, from its first triangle on. */
static void mark_fan(uint32_t *fan, const uint32_t *twin, uint32_t h, uint32_t v)
{
    uint32_t first = h, step;

    while ((step = twin[first]) != NO_HALF_EDGE && half_edge_next(step) != h)
        first = half_edge_next(step);
    for (uint32_t i = first; fan[i] == NO_HALF_EDGE; i = step) {
        fan[i] = v;
        step = twin[half_edge_before(i)];
        if (step == NO_HALF_EDGE)
            break;
    }
}

static omma_error copy_vertices(omma_mesh *m, const uint32_t *from, size_t count)
{
    size_t n = m->vertex_count;
    omma_mesh wider;
    omma_error err = mesh_create(&wider, n + count, 0);

    if (err)
        return err;
    memcpy(wider.positions, m->positions, 3 * n * sizeof *m->positions);
    memcpy(wider.normals, m->normals, 3 * n * sizeof *m->normals);
    memcpy(wider.rgb, m->rgb, 3 * n);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 3; k++) {
            wider.positions[3 * (n + i) + k] = m->positions[3 * (size_t)from[i] + k];
            wider.normals[3 * (n + i) + k] = m->normals[3 * (size_t)from[i] + k];
            wider.rgb[3 * (n + i) + k] = m->rgb[3 * (size_t)from[i] + k];
        }
    free(wider.triangles);
    wider.triangles = m->triangles;
    wider.triangle_count = m->triangle_count;
    m->triangles = NULL;
    omma_mesh_finish(m);
    *m = wider;
    return OMMA_OK;
}

static omma_error split_vertices(omma_mesh *m)
{
    size_t n = 3 * m->triangle_count, room = 0, added = 0;
    uint32_t *twin, *fan = malloc((n + 1) * sizeof *fan), *from = NULL;
    uint8_t *taken = calloc(m->vertex_count + 1, 1);
    omma_error err = mesh_twins(m, &twin);

    if (!err && (!fan || !taken))
        err = omma_fail(OMMA_NO_MEMORY, "no memory for %zu half-edges", n);
    if (!err)
        memset(fan, 255, (n + 1) * sizeof *fan);
    for (uint32_t h = 0; !err && h < n; h++) {
        uint32_t v = m->triangles[h];

        if (fan[h] != NO_HALF_EDGE)
            continue;
        if (taken[v]) {
            omma_grow((void **)&from, &room, added + 1, sizeof *from);
            from[added] = v;
            v = (uint32_t)(m->vertex_count + added++);
        } else {
            taken[v] = 1;
        }
        mark_fan(fan, twin, h, v);
    }
    if (!err && added)
        err = copy_vertices(m, from, added);
    if (!err && n)
        memcpy(m->triangles, fan, n * sizeof *fan);
    free(twin);
    free(fan);
    free(from);
    free(taken);
    return err;
}

omma_error mesh_make_manifold(omma_mesh *m)
{
    omma_error err = drop_crowded_triangles(m);

    if (!err)
        err = split_vertices(m);
    return err ? err : mesh_compact(m);
}
