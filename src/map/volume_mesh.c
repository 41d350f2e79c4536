/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole surface from its blocks. A block's net depends on its own voxels and on the first ones
 * of the seven blocks above it, so a change there makes it stale too; all other nets stay as they
 * are. Which vertices the quadrilaterals join is looked up when the pieces are put together.
 */
#include "mesh.h"
#include "volume_net.h"

#include <stdlib.h>
#include <string.h>

static void step_to(int32_t to[3], const int32_t from[3], int corner, int direction)
{
    for (int k = 0; k < 3; k++)
        to[k] = from[k] + direction * (corner >> k & 1);
}

/* --------------------------------------------------------------------------- the blocks */

static void mark_stale(const omma_volume *v, bool *stale)
{
    for (size_t i = 0; i < v->index.count; i++)
        for (int corner = 0; v->changed[i] && corner < 8; corner++) {
            int32_t place[3];

            step_to(place, v->index.place[i], corner, -1);
            uint32_t below = block_index_find(&v->index, place);

            if (below != NO_BLOCK)
                stale[below] = true;
        }
}

static omma_error mesh_block(omma_volume *v, size_t i, const net_cases *cases)
{
    const volume_block *around[8];
    volume_net *net;
    omma_error err;

    for (int corner = 0; corner < 8; corner++) {
        int32_t place[3];

        step_to(place, v->index.place[i], corner, 1);
        uint32_t number = block_index_find(&v->index, place);

        around[corner] = number == NO_BLOCK ? NULL : v->blocks[number];
    }
    if ((err = volume_net_create(&net, around, v->index.place[i], cases)))
        return err;
    volume_net_destroy(&v->nets[i]);
    v->nets[i] = net;
    v->meshed_blocks++;
    return OMMA_OK;
}

static omma_error mesh_stale_blocks(omma_volume *v, const net_cases *cases)
{
    bool *stale = calloc(v->index.count + 1, sizeof *stale);
    omma_error err = OMMA_OK;

    if (!stale)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a mesh of %zu blocks", v->index.count);
    v->meshed_blocks = 0;
    mark_stale(v, stale);
    for (size_t i = 0; !err && i < v->index.count; i++)
        if (stale[i])
            err = map_stop_check(&v->stop, mesh_block(v, i, cases));
    if (!err && v->index.count)
        memset(v->changed, 0, v->index.count * sizeof *v->changed);
    free(stale);
    return err;
}

/* ------------------------------------------------------------------------- the whole of it */

typedef struct assembly {
    const omma_volume *v;
    const net_cases *cases;
    const uint32_t *start; /* of each block's vertices */
    omma_mesh *out;
} assembly;

static omma_error create_mesh(const omma_volume *v, uint32_t *start, omma_mesh *out)
{
    size_t vertices = 0, edges = 0;

    for (size_t i = 0; i < v->index.count; i++) {
        start[i] = (uint32_t)vertices;
        if (v->nets[i]) {
            vertices += v->nets[i]->vertex_count;
            edges += v->nets[i]->edge_count;
        }
    }
    return mesh_create(out, vertices, 2 * edges);
}

static void copy_vertices(const assembly *a, size_t i)
{
    const volume_net *net = a->v->nets[i];

    for (size_t j = 0; j < net->vertex_count; j++) {
        const net_vertex *from = &net->vertices[j];
        size_t to = 3 * (a->start[i] + j);

        for (int k = 0; k < 3; k++) {
            a->out->positions[to + k] = (float)(from->position[k] * a->v->voxel);
            a->out->normals[to + k] = from->normal[k];
            a->out->rgb[to + k] = from->rgb[k];
        }
    }
}

/* The vertex of the cell at (x, y, z) of the block, -1..7 each, on the sheet through an edge of
 * that cell. below: the blocks' numbers, [1 = one down along x + 2 y + 4 z]. */
static bool vertex_of(const assembly *a, const uint32_t below[8], const int at[3], int edge,
                      uint32_t *vertex)
{
    int corner = (at[0] < 0) | (at[1] < 0) << 1 | (at[2] < 0) << 2;
    int i = (at[0] & 7) + 8 * (at[1] & 7) + 64 * (at[2] & 7);
    uint32_t number = below[corner];

    if (number == NO_BLOCK || !a->v->nets[number])
        return false;
    const volume_net *net = a->v->nets[number];

    if (!net->signs[i])
        return false;
    *vertex = a->start[number] + net->first[i] + a->cases->sheet[net->signs[i]][edge];
    return true;
}

static float square_distance(const omma_mesh *m, uint32_t a, uint32_t b)
{
    float sum = 0;

    for (int k = 0; k < 3; k++) {
        float d = m->positions[3 * (size_t)a + k] - m->positions[3 * (size_t)b + k];

        sum += d * d;
    }
    return sum;
}

/* Corners go around the edge from outside counter-clockwise; the shorter diagonal divides. */
static void add_square(omma_mesh *m, const uint32_t v[4], bool turned)
{
    int shift = square_distance(m, v[0], v[2]) > square_distance(m, v[1], v[3]);
    uint32_t *t = m->triangles + 3 * m->triangle_count;
    int order[6] = {0, 1, 2, 0, 2, 3};

    for (int k = 0; k < 6; k++)
        t[turned ? 5 - k : k] = v[(order[k] + shift) & 3];
    m->triangle_count += 2;
}

static void join_edges(const assembly *a, size_t i)
{
    const volume_net *net = a->v->nets[i];
    uint32_t below[8];

    for (int corner = 0; corner < 8; corner++) {
        int32_t place[3];

        step_to(place, a->v->index.place[i], corner, -1);
        below[corner] = block_index_find(&a->v->index, place);
    }
    for (size_t j = 0; j < net->edge_count; j++) {
        int voxel = NET_EDGE_VOXEL(net->edges[j]), axis = NET_EDGE_AXIS(net->edges[j]);
        int u = (axis + 1) % 3, w = (axis + 2) % 3, k = 0;
        uint32_t corners[4];

        for (; k < 4; k++) { /* the cells at (0, 0), (-1, 0), (-1, -1), (0, -1) along u and w */
            int at[3] = {voxel & 7, voxel >> 3 & 7, voxel >> 6}, du = k == 1 || k == 2, dw = k > 1;

            at[u] -= du;
            at[w] -= dw;
            if (!vertex_of(a, below, at, 4 * axis + du + 2 * dw, &corners[k]))
                break;
        }
        if (k == 4)
            add_square(a->out, corners, NET_EDGE_TURNED(net->edges[j]));
    }
}

omma_error omma_volume_mesh(omma_volume *v, omma_mesh *out)
{
    net_cases cases;
    uint32_t *start = NULL;
    omma_mesh mesh = {0};
    omma_error err;

    net_cases_fill(&cases);
    if ((err = mesh_stale_blocks(v, &cases)))
        return err;
    start = calloc(v->index.count + 1, sizeof *start);
    if (!start)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a mesh of %zu blocks", v->index.count);
    if ((err = create_mesh(v, start, &mesh)))
        goto end;
    assembly a = {v, &cases, start, &mesh};

    mesh.triangle_count = 0;
    for (size_t i = 0; i < v->index.count; i++)
        if (v->nets[i])
            copy_vertices(&a, i);
    for (size_t i = 0; i < v->index.count; i++)
        if (v->nets[i])
            join_edges(&a, i);
    err = mesh_compact(&mesh);
end:
    free(start);
    if (err)
        omma_mesh_finish(&mesh);
    else
        *out = mesh;
    return err;
}
