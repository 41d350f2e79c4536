/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Strasdat, Montiel, Davison, "Scale drift-aware large scale monocular SLAM", RSS 2010;
 * Mur-Artal, Montiel, Tardos, "ORB-SLAM", TRO 2015, VII.D (the essential graph). */
#include "loop_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRONG = 40, /* shared features that make an edge of their own */
    FULL = 100   /* and that make it count fully */
};

typedef struct graph {
    const world *w;
    uint32_t *keyframe; /* per node, oldest first */
    int32_t *node;      /* per keyframe; NO_INDEX */
    size_t n;
    uint16_t *shared; /* n x n */
    omma_sim3 *pose;  /* camera_from_world */
    omma_pose_edge *edge;
    size_t edges, capacity;
    double depth; /* typical, world units */
} graph;

static void graph_finish(graph *g)
{
    free(g->keyframe);
    free(g->node);
    free(g->shared);
    free(g->pose);
    free(g->edge);
}

static void count_pair(graph *g, uint32_t a, uint32_t b)
{
    const int32_t i = g->node[a], j = g->node[b];
    if (i == NO_INDEX || j == NO_INDEX || i == j)
        return;
    g->shared[(size_t)i * g->n + (size_t)j]++;
    g->shared[(size_t)j * g->n + (size_t)i]++;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* How many features each two keyframes share, and the depth that is typical. */
static void count_shared(graph *g)
{
    const world *w = g->w;
    double *depth = omma_new_array(double, w->feature_count + 1);
    size_t n = 0;

    for (size_t i = 0; i < w->feature_count; i++) {
        const feature *f = &w->features[i];
        if (f->state != FEATURE_MATURE || g->node[f->anchor] == NO_INDEX)
            continue;
        depth[n++] = 1 / f->rho;
        for (uint32_t j = 0; j < f->seen_count; j++) {
            count_pair(g, f->anchor, f->seen[j].keyframe);
            for (uint32_t l = j + 1; l < f->seen_count; l++)
                count_pair(g, f->seen[j].keyframe, f->seen[l].keyframe);
        }
    }
    qsort(depth, n, sizeof(*depth), by_value);
    g->depth = n ? depth[n / 2] : 1;
    free(depth);
}

static graph graph_make(const world *w, uint32_t submap)
{
    graph g = {.w = w,
               .keyframe = omma_new_array(uint32_t, w->keyframe_count + 1),
               .node = omma_new_array(int32_t, w->keyframe_count + 1)};

    for (uint32_t k = 0; k < w->keyframe_count; k++) {
        const keyframe *key = &w->keyframes[k];
        g.node[k] = NO_INDEX;
        if (key->posed && !key->culled && key->submap == submap) {
            g.node[k] = (int32_t)g.n;
            g.keyframe[g.n++] = k;
        }
    }
    g.shared = omma_new_array(uint16_t, g.n * g.n + 1);
    g.pose = omma_new_array(omma_sim3, g.n + 1);
    for (size_t i = 0; i < g.n; i++)
        g.pose[i] = omma_sim3_from_se3(&w->keyframes[g.keyframe[i]].camera_from_world, 1);
    count_shared(&g);
    return g;
}

static void add_edge(graph *g, size_t a, size_t b, const omma_sim3 *b_from_a, double weight)
{
    omma_grow((void **)&g->edge, &g->capacity, g->edges + 1, sizeof(*g->edge));
    g->edge[g->edges++] =
        (omma_pose_edge){.a = (uint32_t)a,
                         .b = (uint32_t)b,
                         .b_from_a = *b_from_a,
                         .information = {weight / (g->depth * g->depth), weight, weight}};
}

/* Two keyframes stay to each other as they are. */
static void add_bond(graph *g, size_t a, size_t b)
{
    const uint32_t shared = g->shared[a * g->n + b];
    const omma_sim3 back = omma_sim3_inverse(&g->pose[a]);
    const omma_sim3 b_from_a = omma_sim3_mul(&g->pose[b], &back);
    add_edge(g, a, b, &b_from_a, (double)(shared < FULL ? shared + 1 : FULL) / FULL);
}

/* Prim's tree of the strongest bonds; where nothing is shared, time is the bond. */
static void add_tree(graph *g, uint8_t *in_tree)
{
    uint32_t *best = omma_new_array(uint32_t, g->n + 1);
    uint32_t *parent = omma_new_array(uint32_t, g->n + 1);
    uint8_t *done = omma_new_array(uint8_t, g->n + 1);

    for (size_t count = 0; count < g->n; count++) {
        size_t next = 0;
        while (done[next])
            next++;
        for (size_t i = next + 1; i < g->n; i++)
            if (!done[i] && best[i] > best[next])
                next = i;
        done[next] = 1;
        if (count) {
            const size_t from = best[next] ? parent[next] : next - 1;
            add_bond(g, from, next);
            in_tree[from * g->n + next] = in_tree[next * g->n + from] = 1;
        }
        for (size_t i = 0; i < g->n; i++)
            if (!done[i] && g->shared[next * g->n + i] > best[i]) {
                best[i] = g->shared[next * g->n + i];
                parent[i] = (uint32_t)next;
            }
    }
    free(best);
    free(parent);
    free(done);
}

static void add_bonds(graph *g)
{
    uint8_t *in_tree = omma_new_array(uint8_t, g->n * g->n + 1);

    add_tree(g, in_tree);
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = i + 1; j < g->n; j++)
            if (g->shared[i * g->n + j] >= STRONG && !in_tree[i * g->n + j])
                add_bond(g, i, j);
    free(in_tree);
}

omma_error loop_graph_solve(const world *w, uint32_t submap, const loop_tie *ties, size_t count,
                            omma_sim3 *moved)
{
    graph g = graph_make(w, submap);

    add_bonds(&g);
    for (size_t i = 0; i < count; i++)
        if (g.node[ties[i].query] != NO_INDEX && g.node[ties[i].match] != NO_INDEX)
            add_edge(&g, (size_t)g.node[ties[i].query], (size_t)g.node[ties[i].match],
                     &ties[i].match_from_query, 1);
    omma_sim3 *now = omma_new_array(omma_sim3, g.n + 1);
    memcpy(now, g.pose, g.n * sizeof(*now));
    omma_error err = omma_pose_graph_optimize(now, NULL, g.n, g.edge, g.edges, NULL);
    for (size_t k = 0; k < w->keyframe_count; k++)
        moved[k] = omma_sim3_identity();
    for (size_t i = 0; i < g.n && !err; i++) {
        const omma_sim3 back = omma_sim3_inverse(&now[i]);
        moved[g.keyframe[i]] = omma_sim3_mul(&back, &g.pose[i]);
    }
    free(now);
    graph_finish(&g);
    return err;
}

static double step_between(const graph *g, size_t a, size_t b)
{
    const omma_se3 x = omma_se3_inverse(&g->w->keyframes[g->keyframe[a]].camera_from_world);
    const omma_se3 y = omma_se3_inverse(&g->w->keyframes[g->keyframe[b]].camera_from_world);
    return sqrt(pow(x.t[0] - y.t[0], 2) + pow(x.t[1] - y.t[1], 2) + pow(x.t[2] - y.t[2], 2));
}

/* Dijkstra, plain: all nodes are looked at for the next one. */
double loop_graph_way(const world *w, uint32_t from, uint32_t to)
{
    enum { BOUND = 15 /* shared features */ };
    graph g = graph_make(w, w->keyframes[from].submap);
    double *way = omma_new_array(double, g.n + 1);
    uint8_t *done = omma_new_array(uint8_t, g.n + 1);
    double out = INFINITY;

    for (size_t i = 0; i < g.n; i++)
        way[i] = g.keyframe[i] == from ? 0 : INFINITY;
    for (size_t count = 0; count < g.n; count++) {
        size_t next = 0;
        for (size_t i = 1; i < g.n; i++)
            if (!done[i] && (done[next] || way[i] < way[next]))
                next = i;
        done[next] = 1;
        if (g.keyframe[next] == to)
            out = way[next];
        for (size_t i = 0; i < g.n; i++)
            if (!done[i] && (i + 1 == next || next + 1 == i || g.shared[next * g.n + i] >= BOUND))
                way[i] = fmin(way[i], way[next] + step_between(&g, next, i));
    }
    free(way);
    free(done);
    graph_finish(&g);
    return out;
}
