/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hole is a ring of half-edges without twins. It is closed by cutting ears off its rim, the best
 * shaped one first, until a triangle is left. The rim around the outside of an open piece is a ring
 * as well, but seen from its own surface it lies the other way round: closing it would lay a second
 * skin over the piece, and it stays open.
 */
#include "mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_RING 4096 /* vertices: cutting takes their square */

typedef struct holes {
    omma_mesh *m;
    const uint32_t *twin;
    uint8_t *visited;       /* half-edges */
    uint32_t *first, *next; /* half-edges that leave a vertex: which edges there are already */
    uint32_t *ring;         /* vertices in the order of the triangles to come */
    size_t ring_count, ring_room;
    double *quality; /* of the ear at each vertex of the ring */
    size_t quality_room;
    uint32_t *added; /* triangles */
    size_t added_count, added_room;
    size_t added_before; /* those before belong to other rings */
    double longest_rim;
} holes;

static const float *position(const holes *h, uint32_t v)
{
    return h->m->positions + 3 * (size_t)v;
}

static double distance(const holes *h, uint32_t a, uint32_t b)
{
    const float *p = position(h, a), *q = position(h, b);
    double x = (double)p[0] - (double)q[0], y = (double)p[1] - (double)q[1],
           z = (double)p[2] - (double)q[2];

    return sqrt(x * x + y * y + z * z);
}

static void cross_of(const holes *h, uint32_t a, uint32_t b, uint32_t c, double out[3])
{
    const float *p = position(h, a), *q = position(h, b), *r = position(h, c);
    double u[3], v[3];

    for (int k = 0; k < 3; k++) {
        u[k] = (double)q[k] - (double)p[k];
        v[k] = (double)r[k] - (double)p[k];
    }
    for (int k = 0; k < 3; k++)
        out[k] = u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3];
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* ------------------------------------------------------------------------------- rings */

/* The border that goes on from the end of border edge e, around the triangles at its end. */
static uint32_t next_border(const holes *h, uint32_t e)
{
    uint32_t n = half_edge_next(e);

    while (h->twin[n] != NO_HALF_EDGE)
        n = half_edge_next(h->twin[n]);
    return n;
}

/* Follows the ring from a border edge. @return whether it is simple and not too long. */
static bool follow_ring(holes *h, uint32_t start)
{
    double length = 0;
    uint32_t e = start;

    h->ring_count = 0;
    do {
        uint32_t from = h->m->triangles[e];

        if (h->visited[e])
            return false; /* borders meet where more than two triangles share an edge */
        h->visited[e] = 1;
        omma_grow((void **)&h->ring, &h->ring_room, h->ring_count + 1, sizeof *h->ring);
        h->ring[h->ring_count++] = from;
        length += distance(h, from, h->m->triangles[half_edge_next(e)]);
        e = next_border(h, e);
    } while (e != start);
    if (length > h->longest_rim || h->ring_count < 3 || h->ring_count > LONGEST_RING)
        return false;
    for (size_t i = 0; i < h->ring_count / 2; i++) { /* the new triangles lie on the other side */
        uint32_t swap = h->ring[i];

        h->ring[i] = h->ring[h->ring_count - 1 - i];
        h->ring[h->ring_count - 1 - i] = swap;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* A vertex that comes twice is where two rings touch. */
static bool is_simple(const holes *h)
{
    uint32_t *sorted = omma_new_array(uint32_t, h->ring_count);
    bool simple = true;

    memcpy(sorted, h->ring, h->ring_count * sizeof *sorted);
    qsort(sorted, h->ring_count, sizeof *sorted, compare_numbers);
    for (size_t i = 1; i < h->ring_count; i++)
        if (sorted[i] == sorted[i - 1])
            simple = false;
    free(sorted);
    return simple;
}

/* The ring's area as a vector, twice. @return false when it is seen from behind its own rim. */
static bool ring_normal(const holes *h, double normal[3])
{
    double mean[3] = {0};

    normal[0] = normal[1] = normal[2] = 0;
    for (size_t i = 0; i < h->ring_count; i++) {
        double n[3];

        cross_of(h, h->ring[0], h->ring[i], h->ring[(i + 1) % h->ring_count], n);
        for (int k = 0; k < 3; k++) {
            normal[k] += n[k];
            mean[k] += (double)h->m->normals[3 * (size_t)h->ring[i] + k];
        }
    }
    return dot(normal, mean) > -0.3 * sqrt(dot(normal, normal) * dot(mean, mean));
}

/* -------------------------------------------------------------------------------- ears */

static void add_half_edge(holes *h, uint32_t e)
{
    uint32_t v = h->m->triangles[e];

    h->next[e] = h->first[v];
    h->first[v] = e;
}

/* Whether there is an edge between a and b already, in the mesh or in what was added. */
static bool is_edge(const holes *h, uint32_t a, uint32_t b)
{
    for (int turn = 0; turn < 2; turn++) {
        uint32_t from = turn ? b : a, to = turn ? a : b;

        for (uint32_t e = h->first[from]; e != NO_HALF_EDGE; e = h->next[e])
            if (h->m->triangles[half_edge_next(e)] == to)
                return true;
    }
    for (size_t i = h->added_before; i < h->added_count; i++) {
        const uint32_t *t = h->added + 3 * i;
        int hits =
            (t[0] == a) + (t[1] == a) + (t[2] == a) + (t[0] == b) + (t[1] == b) + (t[2] == b);

        if (hits == 2)
            return true;
    }
    return false;
}

/* Quality of the ear at i: the height of the triangle over its longest side, 0 when it may not be
 * cut. */
static double ear_quality(const holes *h, size_t i, const double normal[3], bool any_side)
{
    size_t n = h->ring_count;
    uint32_t a = h->ring[(i + n - 1) % n], b = h->ring[i], c = h->ring[(i + 1) % n];
    double cross[3], longest;

    cross_of(h, a, b, c, cross);
    if (!any_side && dot(cross, normal) <= 0)
        return 0;
    longest = fmax(distance(h, a, b), fmax(distance(h, b, c), distance(h, a, c)));
    if (n > 3 && is_edge(h, a, c))
        return 0;
    return 1e-12 + sqrt(dot(cross, cross)) / (longest * longest + 1e-300);
}

static void judge_all_ears(holes *h, const double normal[3], bool any_side)
{
    omma_grow((void **)&h->quality, &h->quality_room, h->ring_count, sizeof *h->quality);
    for (size_t i = 0; i < h->ring_count; i++)
        h->quality[i] = ear_quality(h, i, normal, any_side);
}

/* The place of the best ear, or ring_count when there is none. Qualities may be too good, for edges
 * that were added meanwhile. */
static size_t find_best_ear(holes *h, const double normal[3], bool any_side)
{
    for (;;) {
        size_t best = h->ring_count;
        double quality = 0;

        for (size_t i = 0; i < h->ring_count; i++)
            if (h->quality[i] > quality)
                quality = h->quality[i], best = i;
        if (best == h->ring_count)
            return best;
        h->quality[best] = ear_quality(h, best, normal, any_side);
        if (h->quality[best] > 0)
            return best;
    }
}

static void cut_ear(holes *h, size_t i, const double normal[3], bool any_side)
{
    size_t n = h->ring_count;

    omma_grow((void **)&h->added, &h->added_room, h->added_count + 1, 3 * sizeof *h->added);
    h->added[3 * h->added_count] = h->ring[(i + n - 1) % n];
    h->added[3 * h->added_count + 1] = h->ring[i];
    h->added[3 * h->added_count + 2] = h->ring[(i + 1) % n];
    h->added_count++;
    memmove(h->ring + i, h->ring + i + 1, (n - i - 1) * sizeof *h->ring);
    memmove(h->quality + i, h->quality + i + 1, (n - i - 1) * sizeof *h->quality);
    n = --h->ring_count;
    if (n < 3)
        return;
    h->quality[i % n] = ear_quality(h, i % n, normal, any_side);
    h->quality[(i + n - 1) % n] = ear_quality(h, (i + n - 1) % n, normal, any_side);
}

/* All of the ring or nothing. Ears that look the wrong way are cut only when there are no others.
 */
static void close_ring(holes *h)
{
    double normal[3];

    if (!is_simple(h) || !ring_normal(h, normal))
        return;
    h->added_before = h->added_count;
    judge_all_ears(h, normal, false);
    for (bool any_side = false; h->ring_count >= 3;) {
        size_t best = find_best_ear(h, normal, any_side);

        if (best < h->ring_count) {
            cut_ear(h, best, normal, any_side);
        } else if (!any_side) {
            any_side = true;
            judge_all_ears(h, normal, true);
        } else {
            h->added_count = h->added_before;
            return;
        }
    }
}

/* ------------------------------------------------------------------------------- holes */

static omma_error append_triangles(omma_mesh *m, const uint32_t *added, size_t count)
{
    uint32_t *triangles =
        realloc(m->triangles, (m->triangle_count + count + 1) * 3 * sizeof *triangles);

    if (!triangles)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu triangles", m->triangle_count + count);
    m->triangles = triangles;
    if (count)
        memcpy(triangles + 3 * m->triangle_count, added, 3 * count * sizeof *added);
    m->triangle_count += count;
    return OMMA_OK;
}

static omma_error make_lists(holes *h)
{
    size_t n = 3 * h->m->triangle_count;

    h->visited = calloc(n + 1, 1);
    h->next = malloc((n + 1) * sizeof *h->next);
    h->first = malloc((h->m->vertex_count + 1) * sizeof *h->first);
    if (!h->visited || !h->next || !h->first)
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu half-edges", n);
    memset(h->first, 255, (h->m->vertex_count + 1) * sizeof *h->first);
    for (uint32_t e = 0; e < n; e++)
        add_half_edge(h, e);
    return OMMA_OK;
}

omma_error mesh_close_holes(omma_mesh *m, double longest_rim, const map_stop *stop)
{
    uint32_t *twin;
    holes h = {.m = m, .longest_rim = longest_rim};
    omma_error err = mesh_twins(m, &twin);

    h.twin = twin;
    if (!err)
        err = make_lists(&h);
    for (uint32_t e = 0; !err && e < 3 * m->triangle_count; e++)
        if (twin[e] == NO_HALF_EDGE && !h.visited[e] && follow_ring(&h, e)) {
            close_ring(&h);
            err = map_stop_check(stop, err);
        }
    if (!err)
        err = append_triangles(m, h.added, h.added_count);
    free(twin);
    free(h.visited);
    free(h.first);
    free(h.next);
    free(h.ring);
    free(h.added);
    free(h.quality);
    return err;
}
