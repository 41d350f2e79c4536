/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surface nets: one vertex in each cell of eight voxels that the surface passes, one quadrilateral
 * around each edge of the grid that it crosses. Source: Gibson, "Constrained elastic surface nets",
 * MICCAI 1998. A vertex for each sheet instead of one for each cell keeps surfaces apart that only
 * meet in a cell (Nielson, "Dual marching cubes", IEEE Visualization 2004). In place of relaxing,
 * the vertex moves from the mean of the crossings onto the zero of the interpolated distance.
 */
#include "volume_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HALO        9 /* a block and the next voxels above it */
#define HALO_VOXELS (HALO * HALO * HALO)

/* ------------------------------------------------------------------------------- cases */

static int edge_number(int axis, int corner)
{
    return 4 * axis + (corner >> (axis + 1) % 3 & 1) + 2 * (corner >> (axis + 2) % 3 & 1);
}

static int edge_start(int edge)
{
    int axis = edge / 4;

    return (edge & 1) << (axis + 1) % 3 | (edge >> 1 & 1) << (axis + 2) % 3;
}

static int edge_axis(int edge)
{
    return edge / 4;
}

static int root_of(const uint8_t parent[12], int edge)
{
    while (parent[edge] != edge)
        edge = parent[edge];
    return edge;
}

/* The surface crosses a face between the two edges that leave a corner inside whose neighbours on
 * that face are outside, or between the two that join a pair inside. Both cells beside a face see
 * it alike, so their quadrilaterals fit. */
static void join_on_face(uint8_t parent[12], int signs, int axis, int side)
{
    int u = (axis + 1) % 3, v = (axis + 2) % 3, base = side << axis;
    int corner[4] = {base, base | 1 << u, base | 1 << u | 1 << v, base | 1 << v}, edge[4];
    int crossed[4], n = 0;

    for (int k = 0; k < 4; k++) { /* edge[k]: from corner[k] to the next around the face */
        int a = corner[k], b = corner[(k + 1) % 4];

        edge[k] = edge_number(k % 2 ? v : u, a < b ? a : b);
        if ((signs >> a ^ signs >> b) & 1)
            crossed[n++] = edge[k];
    }
    if (n == 2)
        parent[root_of(parent, crossed[0])] = (uint8_t)root_of(parent, crossed[1]);
    for (int k = 0; n == 4 && k < 4; k++)
        if (signs >> corner[k] & 1)
            parent[root_of(parent, edge[k])] = (uint8_t)root_of(parent, edge[(k + 3) % 4]);
}

static void fill_case(net_cases *c, int signs)
{
    uint8_t parent[12], number[12];

    for (int e = 0; e < 12; e++)
        parent[e] = (uint8_t)e;
    for (int face = 0; face < 6; face++)
        join_on_face(parent, signs, face / 2, face % 2);
    c->sheets[signs] = 0;
    memset(number, 255, sizeof number);
    for (int e = 0; e < 12; e++) {
        int a = edge_start(e), root = root_of(parent, e);

        c->sheet[signs][e] = 0;
        if (!((signs >> a ^ signs >> (a | 1 << edge_axis(e))) & 1))
            continue;
        if (number[root] == 255)
            number[root] = c->sheets[signs]++;
        c->sheet[signs][e] = number[root];
    }
}

void net_cases_fill(net_cases *c)
{
    for (int signs = 0; signs < 256; signs++)
        fill_case(c, signs);
}

/* -------------------------------------------------------------------------------- halo */

typedef struct halo {
    float distance[HALO_VOXELS]; /* voxels; NAN = unknown */
    const uint16_t *rgb[HALO_VOXELS];
} halo;

static int halo_place(int x, int y, int z)
{
    return x + HALO * (y + HALO * z);
}

/* @return whether there is anything on both sides of the surface. */
static bool fill_halo(halo *h, const volume_block *const around[8])
{
    bool inside = false, outside = false;

    for (int z = 0; z < HALO; z++)
        for (int y = 0; y < HALO; y++)
            for (int x = 0; x < HALO; x++) {
                const volume_block *b = around[(x >> 3) + 2 * (y >> 3) + 4 * (z >> 3)];
                int i = (x & 7) + 8 * (y & 7) + 64 * (z & 7), at = halo_place(x, y, z);

                h->distance[at] = NAN;
                if (!b || !b->weight[i])
                    continue;
                h->distance[at] = (float)b->sum[i] / ((float)b->weight[i] * DISTANCE_ONE);
                h->rgb[at] = b->rgb[i];
                if (b->sum[i] < 0)
                    inside = true;
                else
                    outside = true;
            }
    return inside && outside;
}

/* ---------------------------------------------------------------------------- vertices */

typedef struct cell {
    float distance[8];
    const uint16_t *rgb[8];
} cell;

/* The corners' signs, or 0 when one of them is unknown. */
static int read_cell(cell *c, const halo *h, int x, int y, int z)
{
    int signs = 0;

    for (int k = 0; k < 8; k++) {
        int at = halo_place(x + (k & 1), y + (k >> 1 & 1), z + (k >> 2));

        c->distance[k] = h->distance[at];
        if (c->distance[k] != c->distance[k])
            return 0;
        c->rgb[k] = h->rgb[at];
        if (c->distance[k] < 0)
            signs |= 1 << k;
    }
    return signs;
}

/* The trilinear interpolation at p in [0, 1]^3 and its gradient. */
static float interpolate(const float d[8], const float p[3], float gradient[3])
{
    float x = p[0], y = p[1], z = p[2];
    float a0 = d[0] + x * (d[1] - d[0]), a1 = d[2] + x * (d[3] - d[2]);
    float b0 = d[4] + x * (d[5] - d[4]), b1 = d[6] + x * (d[7] - d[6]);
    float a = a0 + y * (a1 - a0), b = b0 + y * (b1 - b0);

    gradient[0] = (1 - z) * ((1 - y) * (d[1] - d[0]) + y * (d[3] - d[2])) +
                  z * ((1 - y) * (d[5] - d[4]) + y * (d[7] - d[6]));
    gradient[1] = (1 - z) * (a1 - a0) + z * (b1 - b0);
    gradient[2] = b - a;
    return a + z * (b - a);
}

/* The mean of the places and colours where the edges of a sheet are crossed. */
static void mean_crossing(const cell *c, const net_cases *cases, int signs, int sheet, float p[3],
                          float rgb[3])
{
    float n = 0;

    for (int e = 0; e < 12; e++) {
        int a = edge_start(e), b = a | 1 << edge_axis(e);

        if (!((signs >> a ^ signs >> b) & 1) || cases->sheet[signs][e] != sheet)
            continue;
        float t = c->distance[a] / (c->distance[a] - c->distance[b]);

        for (int k = 0; k < 3; k++) {
            p[k] += (float)(a >> k & 1) + (k == edge_axis(e) ? t : 0);
            rgb[k] += (float)c->rgb[a][k] + t * ((float)c->rgb[b][k] - (float)c->rgb[a][k]);
        }
        n++;
    }
    for (int k = 0; k < 3; k++) {
        p[k] /= n;
        rgb[k] /= n;
    }
}

/* Newton's step towards the zero, within the cell. */
static void pull_to_surface(const float distance[8], float p[3])
{
    float gradient[3], d = interpolate(distance, p, gradient), square = 1e-6f;

    for (int k = 0; k < 3; k++)
        square += gradient[k] * gradient[k];
    for (int k = 0; k < 3; k++)
        p[k] = fminf(fmaxf(p[k] - d * gradient[k] / square, 0), 1);
}

static net_vertex make_vertex(const cell *c, const net_cases *cases, int signs, int sheet)
{
    net_vertex v = {0};
    float rgb[3] = {0}, length;

    mean_crossing(c, cases, signs, sheet, v.position, rgb);
    if (cases->sheets[signs] == 1)
        pull_to_surface(c->distance, v.position);
    interpolate(c->distance, v.position, v.normal);
    length =
        sqrtf(v.normal[0] * v.normal[0] + v.normal[1] * v.normal[1] + v.normal[2] * v.normal[2]);
    for (int k = 0; k < 3; k++) {
        v.normal[k] = length > 0 ? v.normal[k] / length : k == 2;
        v.rgb[k] = (uint8_t)fminf(rgb[k] / 256 + 0.5f, 255);
    }
    return v;
}

/* ----------------------------------------------------------------------------- the net */

typedef struct builder {
    volume_net *net;
    size_t vertex_room, edge_room;
    halo h;
} builder;

static void add_vertices(builder *b, const int32_t place[3], const net_cases *cases, int i)
{
    int x = i & 7, y = i >> 3 & 7, z = i >> 6;
    cell c;
    int signs = read_cell(&c, &b->h, x, y, z);
    volume_net *net = b->net;

    net->signs[i] = 0;
    if (signs == 0 || signs == 255)
        return;
    net->signs[i] = (uint8_t)signs;
    net->first[i] = net->vertex_count;
    for (int sheet = 0; sheet < cases->sheets[signs]; sheet++) {
        omma_grow((void **)&net->vertices, &b->vertex_room, net->vertex_count + 1u,
                  sizeof *net->vertices);
        net_vertex *v = &net->vertices[net->vertex_count++];

        *v = make_vertex(&c, cases, signs, sheet);
        v->position[0] += (float)x + 8 * (float)place[0];
        v->position[1] += (float)y + 8 * (float)place[1];
        v->position[2] += (float)z + 8 * (float)place[2];
    }
}

static void add_edges(builder *b, int i)
{
    static const int step[3] = {1, HALO, HALO * HALO};
    int at = halo_place(i & 7, i >> 3 & 7, i >> 6);
    float here = b->h.distance[at];
    volume_net *net = b->net;

    for (int axis = 0; axis < 3; axis++) {
        float there = b->h.distance[at + step[axis]];

        if (here != here || there != there || (here < 0) == (there < 0))
            continue;
        omma_grow((void **)&net->edges, &b->edge_room, net->edge_count + 1u, sizeof *net->edges);
        net->edges[net->edge_count++] = NET_EDGE(i, axis, there < 0);
    }
}

void volume_net_destroy(volume_net **net)
{
    if (!*net)
        return;
    free((*net)->vertices);
    free((*net)->edges);
    free(*net);
    *net = NULL;
}

omma_error volume_net_create(volume_net **out, const volume_block *const around[8],
                             const int32_t place[3], const net_cases *cases)
{
    builder b;

    *out = NULL;
    if (!fill_halo(&b.h, around))
        return OMMA_OK;
    b.vertex_room = b.edge_room = 0;
    b.net = calloc(1, sizeof *b.net);
    if (!b.net)
        return omma_fail(OMMA_NO_MEMORY, "no memory for the surface of a block");
    for (int i = 0; i < BLOCK_VOXELS; i++) {
        add_vertices(&b, place, cases, i);
        add_edges(&b, i);
    }
    *out = b.net;
    return OMMA_OK;
}
