/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh.h"

#include <stdlib.h>
#include <string.h>

void omma_mesh_finish(omma_mesh *m)
{
    free(m->positions);
    free(m->normals);
    free(m->rgb);
    free(m->triangles);
    *m = (omma_mesh){0};
}

omma_error mesh_create(omma_mesh *m, size_t vertices, size_t triangles)
{
    *m = (omma_mesh){.vertex_count = vertices, .triangle_count = triangles};
    if (vertices >= UINT32_MAX || triangles >= UINT32_MAX / 3)
        return omma_fail(OMMA_NO_MEMORY, "a mesh of %zu triangles is too large", triangles);
    m->positions = calloc(vertices + 1, 3 * sizeof *m->positions);
    m->normals = calloc(vertices + 1, 3 * sizeof *m->normals);
    m->rgb = calloc(vertices + 1, 3);
    m->triangles = calloc(triangles + 1, 3 * sizeof *m->triangles);
    if (m->positions && m->normals && m->rgb && m->triangles)
        return OMMA_OK;
    omma_mesh_finish(m);
    return omma_fail(OMMA_NO_MEMORY, "no memory for a mesh of %zu vertices and %zu triangles",
                     vertices, triangles);
}

static void move_vertex(omma_mesh *m, size_t to, size_t from)
{
    memmove(m->positions + 3 * to, m->positions + 3 * from, 3 * sizeof *m->positions);
    memmove(m->normals + 3 * to, m->normals + 3 * from, 3 * sizeof *m->normals);
    memmove(m->rgb + 3 * to, m->rgb + 3 * from, 3);
}

omma_error mesh_compact(omma_mesh *m)
{
    uint32_t *place = calloc(m->vertex_count + 1, sizeof *place);
    size_t triangles = 0, vertices = 0;

    if (!place)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu vertices", m->vertex_count);
    for (size_t t = 0; t < m->triangle_count; t++) {
        const uint32_t *v = m->triangles + 3 * t;

        if (v[0] == v[1] || v[1] == v[2] || v[2] == v[0])
            continue;
        place[v[0]] = place[v[1]] = place[v[2]] = 1;
        memmove(m->triangles + 3 * triangles++, v, 3 * sizeof *v);
    }
    for (size_t i = 0; i < m->vertex_count; i++)
        if (place[i]) {
            place[i] = (uint32_t)vertices;
            move_vertex(m, vertices++, i);
        }
    for (size_t i = 0; i < 3 * triangles; i++)
        m->triangles[i] = place[m->triangles[i]];
    m->vertex_count = vertices;
    m->triangle_count = triangles;
    free(place);
    return OMMA_OK;
}

/* Half-edges from each vertex in a row: from first[v] to first[v + 1]. */
static omma_error sort_half_edges(const omma_mesh *m, uint32_t **first, uint32_t **sorted)
{
    size_t n = 3 * m->triangle_count;

    *first = calloc(m->vertex_count + 2, sizeof **first);
    *sorted = malloc((n + 1) * sizeof **sorted);
    if (!*first || !*sorted)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu half-edges", n);
    for (size_t h = 0; h < n; h++)
        (*first)[m->triangles[h] + 2]++;
    for (size_t v = 2; v < m->vertex_count + 2; v++)
        (*first)[v] += (*first)[v - 1];
    for (size_t h = 0; h < n; h++)
        (*sorted)[(*first)[m->triangles[h] + 1]++] = (uint32_t)h;
    return OMMA_OK;
}

/* The only half-edge from a to b; NO_HALF_EDGE if there are none or several. */
static uint32_t find_half_edge(const omma_mesh *m, const uint32_t *first, const uint32_t *sorted,
                               uint32_t a, uint32_t b)
{
    uint32_t found = NO_HALF_EDGE;

    for (uint32_t i = first[a]; i < first[a + 1]; i++)
        if (m->triangles[half_edge_next(sorted[i])] == b) {
            if (found != NO_HALF_EDGE)
                return NO_HALF_EDGE;
            found = sorted[i];
        }
    return found;
}

omma_error mesh_twins(const omma_mesh *m, uint32_t **twins)
{
    size_t n = 3 * m->triangle_count;
    uint32_t *first, *sorted;
    omma_error err = sort_half_edges(m, &first, &sorted);

    *twins = err ? NULL : malloc((n + 1) * sizeof **twins);
    if (!err && !*twins)
        err = omma_fail(OMMA_NO_MEMORY, "no memory for %zu half-edges", n);
    for (uint32_t h = 0; !err && h < n; h++) {
        uint32_t a = m->triangles[h], b = m->triangles[half_edge_next(h)];
        bool single = find_half_edge(m, first, sorted, a, b) == h;

        (*twins)[h] = single ? find_half_edge(m, first, sorted, b, a) : NO_HALF_EDGE;
    }
    free(first);
    free(sorted);
    return err;
}
