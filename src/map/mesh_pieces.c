/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh.h"

#include <stdlib.h>

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        parent[v] = parent[parent[v]];
        v = parent[v];
    }
    return v;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

omma_error mesh_drop_pieces(omma_mesh *m, size_t least)
{
    uint32_t *parent = malloc((m->vertex_count + 1) * sizeof *parent);
    uint32_t *size = calloc(m->vertex_count + 1, sizeof *size);
    size_t kept = 0;

    if (!parent || !size) {
        free(parent);
        free(size);
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu vertices", m->vertex_count);
    }
    for (size_t i = 0; i < m->vertex_count; i++)
        parent[i] = (uint32_t)i;
    for (size_t t = 0; t < m->triangle_count; t++) {
        join(parent, m->triangles[3 * t], m->triangles[3 * t + 1]);
        join(parent, m->triangles[3 * t], m->triangles[3 * t + 2]);
    }
    for (size_t t = 0; t < m->triangle_count; t++)
        size[root_of(parent, m->triangles[3 * t])]++;
    for (size_t t = 0; t < m->triangle_count; t++)
        if (size[root_of(parent, m->triangles[3 * t])] >= least) {
            for (int k = 0; k < 3; k++)
                m->triangles[3 * kept + k] = m->triangles[3 * t + k];
            kept++;
        }
    m->triangle_count = kept;
    free(parent);
    free(size);
    return mesh_compact(m);
}
