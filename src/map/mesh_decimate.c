/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges go one after the other, the one that moves the surface least first; its two vertices become
 * one, where the sum of their quadrics is least. Weights are areas. Three things are added to the
 * quadrics of Garland & Heckbert: planes that stand upright on borders, so that borders stay; a
 * little of the distance from the vertices themselves, which gives flat parts well-shaped
 * triangles; and a price on colours that differ, so that the picture on a flat wall lasts longer
 * than the wall.
 */
#include "mesh.h"
#include "quadric.h"

#include <stdlib.h>
#include <string.h>

#define BORDER_WEIGHT 10
#define POINT_WEIGHT  1e-3
#define COLOR_WEIGHT  0.1 /* of a distance of a tenth of the edge for all of black to white */
#define LEAST_COSINE  0.2 /* a triangle may turn by 78 degrees at once */
#define STOP_STEPS    4096
#define MOST_AROUND   64 /* triangles at a vertex: more is not touched */

typedef struct candidate {
    float cost;
    uint32_t a, b;
    uint32_t stamp; /* of both vertices together, when this was pushed */
} candidate;

typedef struct decimator {
    omma_mesh *m;
    double (*position)[3]; /* from the middle of the mesh */
    double middle[3];
    quadric *q;
    uint32_t *stamp;        /* how often a vertex has changed */
    uint8_t *border;        /* vertices */
    uint32_t *first, *next; /* corners at a vertex, dead ones too */
    candidate *heap;
    size_t heap_count, heap_room;
    size_t left; /* triangles */
    const map_stop *stop;
} decimator;

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross_of(const double a[3], const double b[3], const double c[3], double out[3])
{
    double u[3], v[3];

    for (int k = 0; k < 3; k++) {
        u[k] = b[k] - a[k];
        v[k] = c[k] - a[k];
    }
    for (int k = 0; k < 3; k++)
        out[k] = u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3];
}

/* -------------------------------------------------------------------------------- heap */

/* Equal costs in the order of the vertices, so that there is one right order. */
static bool comes_before(const candidate *x, const candidate *y)
{
    if (x->cost != y->cost)
        return x->cost < y->cost;
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void push(decimator *d, candidate c)
{
    size_t i = d->heap_count++;

    omma_grow((void **)&d->heap, &d->heap_room, d->heap_count, sizeof *d->heap);
    for (; i > 0 && comes_before(&c, &d->heap[(i - 1) / 2]); i = (i - 1) / 2)
        d->heap[i] = d->heap[(i - 1) / 2];
    d->heap[i] = c;
}

static candidate pop(decimator *d)
{
    candidate top = d->heap[0], last = d->heap[--d->heap_count];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < d->heap_count) {
        if (child + 1 < d->heap_count && comes_before(&d->heap[child + 1], &d->heap[child]))
            child++;
        if (!comes_before(&d->heap[child], &last))
            break;
        d->heap[i] = d->heap[child];
        i = child;
    }
    if (d->heap_count)
        d->heap[i] = last;
    return top;
}

/* ------------------------------------------------------------------------------- costs */

static double color_difference(const omma_mesh *m, uint32_t a, uint32_t b)
{
    double sum = 0;

    for (int k = 0; k < 3; k++) {
        double d = (m->rgb[3 * (size_t)a + k] - m->rgb[3 * (size_t)b + k]) / 255.0;

        sum += d * d;
    }
    return sum / 3;
}

/* Where the merged vertex goes and what that costs. */
static double best_place(const decimator *d, uint32_t a, uint32_t b, double p[3])
{
    const double *pa = d->position[a], *pb = d->position[b];
    quadric q = d->q[a];
    double square = 0, away = 0;

    quadric_add(&q, &d->q[b]);
    bool single = quadric_minimum(&q, p);
    for (int k = 0; k < 3; k++) {
        double middle = 0.5 * (pa[k] + pb[k]);

        square += (pa[k] - pb[k]) * (pa[k] - pb[k]);
        away += single ? (p[k] - middle) * (p[k] - middle) : 0;
    }
    if (!single || away > 2 * square)
        for (int k = 0; k < 3; k++)
            p[k] = 0.5 * (pa[k] + pb[k]);
    double cost = quadric_at(&q, p);

    return fmax(cost, 0) +
           COLOR_WEIGHT * COLOR_WEIGHT * square * square * color_difference(d->m, a, b);
}

static void push_edge(decimator *d, uint32_t a, uint32_t b)
{
    double p[3];

    if (a > b) {
        uint32_t swap = a;

        a = b, b = swap;
    }
    push(d, (candidate){(float)best_place(d, a, b, p), a, b, d->stamp[a] + d->stamp[b]});
}

/* ------------------------------------------------------------------------------- rings */

/* What is around a vertex. */
typedef struct ring {
    uint32_t corner[MOST_AROUND];
    uint32_t vertex[2 * MOST_AROUND];
    int corners, vertices;
} ring;

static void add_vertex(ring *r, uint32_t v)
{
    for (int i = 0; i < r->vertices; i++)
        if (r->vertex[i] == v)
            return;
    r->vertex[r->vertices++] = v;
}

/* Also takes dead corners out of the list. @return false when there is too much. */
static bool look_around(decimator *d, uint32_t v, ring *r)
{
    const uint32_t *triangles = d->m->triangles;
    uint32_t *link = &d->first[v];

    r->corners = r->vertices = 0;
    while (*link != NO_HALF_EDGE) {
        uint32_t corner = *link, after = half_edge_next(corner), last = half_edge_next(after);

        if (triangles[corner] == triangles[after]) { /* dead */
            *link = d->next[corner];
            continue;
        }
        if (r->corners == MOST_AROUND)
            return false;
        r->corner[r->corners++] = corner;
        add_vertex(r, triangles[after]);
        add_vertex(r, triangles[last]);
        link = &d->next[corner];
    }
    return true;
}

/* The link condition: the triangles at the edge, and no others, join the two vertices' rings.
 * Dey et al., "Topology preserving edge contraction", 1999. */
static bool keeps_topology(const decimator *d, const ring *a, const ring *b, uint32_t vb)
{
    int common = 0, shared = 0;

    for (int i = 0; i < a->vertices; i++)
        for (int j = 0; j < b->vertices; j++)
            common += a->vertex[i] == b->vertex[j];
    for (int i = 0; i < a->corners; i++) {
        uint32_t c = a->corner[i], after = half_edge_next(c), last = half_edge_next(after);

        shared += d->m->triangles[after] == vb || d->m->triangles[last] == vb;
    }
    if (common != shared || shared < 1 || shared > 2)
        return false;
    /* both of a strip's borders, or a tetrahedron */
    uint32_t va = d->m->triangles[a->corner[0]];

    if (shared == 2 && d->border[va] && d->border[vb])
        return false;
    return a->vertices + b->vertices - 2 - common >= 3;
}

/* Whether all triangles at a vertex, but those at the edge that goes, still look the same way when
 * it moves to p. */
static bool keeps_sides(const decimator *d, const ring *r, uint32_t other, const double p[3])
{
    const uint32_t *triangles = d->m->triangles;

    for (int i = 0; i < r->corners; i++) {
        uint32_t u = triangles[half_edge_next(r->corner[i])];
        uint32_t v = triangles[half_edge_next(half_edge_next(r->corner[i]))];
        double before[3], after[3];

        if (u == other || v == other)
            continue;
        cross_of(d->position[triangles[r->corner[i]]], d->position[u], d->position[v], before);
        cross_of(p, d->position[u], d->position[v], after);
        double product = dot(before, after), squares = dot(before, before) * dot(after, after);

        if (!(product > 0 && product * product > LEAST_COSINE * LEAST_COSINE * squares))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------- collapse */

/* Colour and normal from along the edge. */
static void blend(decimator *d, uint32_t a, uint32_t b, const double p[3])
{
    const double *pa = d->position[a], *pb = d->position[b];
    double along = 0, square = 1e-300;
    float *na = d->m->normals + 3 * (size_t)a, *nb = d->m->normals + 3 * (size_t)b, length = 0;

    for (int k = 0; k < 3; k++) {
        along += (p[k] - pa[k]) * (pb[k] - pa[k]);
        square += (pb[k] - pa[k]) * (pb[k] - pa[k]);
    }
    float t = (float)fmin(fmax(along / square, 0), 1);

    for (int k = 0; k < 3; k++) {
        uint8_t *ca = &d->m->rgb[3 * (size_t)a + k];
        float color = (1 - t) * *ca + t * d->m->rgb[3 * (size_t)b + k];

        *ca = (uint8_t)(color + 0.5f);
        na[k] = (1 - t) * na[k] + t * nb[k];
        length += na[k] * na[k];
    }
    for (int k = 0; k < 3 && length > 0; k++)
        na[k] /= sqrtf(length);
}

static void kill(decimator *d, uint32_t corner)
{
    uint32_t *t = d->m->triangles + corner / 3 * 3;

    t[0] = t[1] = t[2];
    d->left--;
}

/* b becomes a, at p. */
static void collapse(decimator *d, uint32_t a, uint32_t b, const double p[3], const ring *of_b)
{
    blend(d, a, b, p);
    for (int i = 0; i < of_b->corners; i++) {
        uint32_t c = of_b->corner[i], after = half_edge_next(c), last = half_edge_next(after);

        if (d->m->triangles[after] == a || d->m->triangles[last] == a) {
            kill(d, c);
            continue;
        }
        d->m->triangles[c] = a;
        d->next[c] = d->first[a];
        d->first[a] = c;
    }
    d->first[b] = NO_HALF_EDGE;
    quadric_add(&d->q[a], &d->q[b]);
    d->border[a] |= d->border[b];
    memcpy(d->position[a], p, sizeof d->position[a]);
    d->stamp[a]++;
    d->stamp[b]++;
}

/* @return whether the edge went. */
static bool try_collapse(decimator *d, const candidate *c)
{
    ring of_a, of_b;
    double p[3];

    if (c->stamp != d->stamp[c->a] + d->stamp[c->b] || d->first[c->a] == NO_HALF_EDGE ||
        d->first[c->b] == NO_HALF_EDGE)
        return false;
    if (!look_around(d, c->a, &of_a) || !look_around(d, c->b, &of_b) || !of_a.corners ||
        of_a.corners + of_b.corners > MOST_AROUND || !keeps_topology(d, &of_a, &of_b, c->b))
        return false;
    best_place(d, c->a, c->b, p);
    if (!keeps_sides(d, &of_a, c->b, p) || !keeps_sides(d, &of_b, c->a, p))
        return false;
    collapse(d, c->a, c->b, p, &of_b);
    if (look_around(d, c->a, &of_a))
        for (int i = 0; i < of_a.vertices; i++)
            push_edge(d, c->a, of_a.vertex[i]);
    return true;
}

/* ------------------------------------------------------------------------------- start */

static void add_triangle_quadrics(decimator *d, uint32_t t, const uint32_t *twin)
{
    const uint32_t *v = d->m->triangles + 3 * (size_t)t;
    double n[3];

    cross_of(d->position[v[0]], d->position[v[1]], d->position[v[2]], n);
    double length = sqrt(dot(n, n)), area = length / 2;

    if (!(length > 0))
        return;
    for (int k = 0; k < 3; k++)
        n[k] /= length;
    for (int k = 0; k < 3; k++) {
        quadric_add_plane(&d->q[v[k]], n, -dot(n, d->position[v[0]]), area);
        quadric_add_point(&d->q[v[k]], d->position[v[k]], POINT_WEIGHT * area);
    }
    for (int k = 0; k < 3; k++) {
        const double *p = d->position[v[k]], *q = d->position[v[(k + 1) % 3]];
        double top[3] = {p[0] + n[0], p[1] + n[1], p[2] + n[2]}, side[3];

        if (twin[3 * (size_t)t + k] != NO_HALF_EDGE)
            continue;
        cross_of(p, q, top, side);
        double square = dot(side, side), edge = sqrt(square);

        for (int i = 0; i < 3 && edge > 0; i++)
            side[i] /= edge;
        quadric_add_plane(&d->q[v[k]], side, -dot(side, p), BORDER_WEIGHT * square);
        quadric_add_plane(&d->q[v[(k + 1) % 3]], side, -dot(side, p), BORDER_WEIGHT * square);
        d->border[v[k]] = d->border[v[(k + 1) % 3]] = 1;
    }
}

static void center_positions(decimator *d)
{
    size_t n = d->m->vertex_count;

    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            d->middle[k] += (double)d->m->positions[3 * i + k] / (double)n;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            d->position[i][k] = (double)d->m->positions[3 * i + k] - d->middle[k];
}

static void start(decimator *d, const uint32_t *twin)
{
    size_t n = 3 * d->m->triangle_count;

    center_positions(d);
    memset(d->first, 255, d->m->vertex_count * sizeof *d->first);
    for (uint32_t h = 0; h < n; h++) {
        uint32_t v = d->m->triangles[h];

        d->next[h] = d->first[v];
        d->first[v] = h;
        if (h % 3 == 0)
            add_triangle_quadrics(d, h / 3, twin);
    }
}

/* Every edge once; those that two triangles run along the same way perhaps twice. */
static void push_all_edges(decimator *d, const uint32_t *twin)
{
    const uint32_t *triangles = d->m->triangles;

    d->heap_count = 0;
    for (uint32_t h = 0; h < 3 * d->m->triangle_count; h++) {
        uint32_t a = triangles[h], b = triangles[half_edge_next(h)];

        if (triangles[h / 3 * 3] == triangles[h / 3 * 3 + 1])
            continue;
        if (a < b || twin[h] == NO_HALF_EDGE)
            push_edge(d, a, b);
    }
}

/* Edges that could not go at first may be able to when all others have had their turn. */
static void run(decimator *d, const uint32_t *twin, size_t triangles)
{
    for (size_t before = d->left + 1; d->left > triangles && d->left < before;) {
        before = d->left;
        push_all_edges(d, twin);
        for (size_t i = 0; d->heap_count && d->left > triangles; i++) {
            candidate c = pop(d);

            try_collapse(d, &c);
            if (i % STOP_STEPS == 0 && map_stopped(d->stop))
                return;
        }
    }
}

static void finish(decimator *d)
{
    for (size_t i = 0; i < d->m->vertex_count; i++)
        for (int k = 0; k < 3; k++)
            d->m->positions[3 * i + k] = (float)(d->position[i][k] + d->middle[k]);
}

omma_error mesh_decimate(omma_mesh *m, size_t triangles, const map_stop *stop)
{
    size_t n = m->vertex_count, corners = 3 * m->triangle_count;
    uint32_t *twin = NULL;
    decimator d = {.m = m, .left = m->triangle_count, .stop = stop};
    omma_error err = OMMA_OK;

    if (m->triangle_count <= triangles)
        return OMMA_OK;
    if ((err = mesh_twins(m, &twin)))
        return err;
    d.position = malloc(n * sizeof *d.position);
    d.q = calloc(n, sizeof *d.q);
    d.stamp = calloc(n, sizeof *d.stamp);
    d.border = calloc(n, 1);
    d.first = malloc(n * sizeof *d.first);
    d.next = malloc(corners * sizeof *d.next);
    if (!d.position || !d.q || !d.stamp || !d.border || !d.first || !d.next) {
        err = omma_fail(OMMA_NO_MEMORY, "no memory to decimate %zu triangles", m->triangle_count);
    } else {
        start(&d, twin);
        run(&d, twin, triangles);
        finish(&d);
        err = map_stop_check(stop, mesh_compact(m));
    }
    free(twin);
    free(d.position);
    free(d.q);
    free(d.stamp);
    free(d.border);
    free(d.first);
    free(d.next);
    free(d.heap);
    return err;
}
