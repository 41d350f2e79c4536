/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time of a pose graph as loops make it: a camera that walks round a ring for several laps,
 * each keyframe bound to those before it and to those of earlier laps. pose_graph_bench [KEYFRAMES
 * LAPS REPEATS] */
#include <omma/geometry.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BEFORE = 4, BESIDE = 2 /* bonds back in time; to each side in each earlier lap */ };

typedef struct graph {
    omma_sim3 *truth, *drifted;
    omma_pose_edge *edge;
    size_t n, edges;
} graph;

static omma_sim3 between(const omma_sim3 *a, const omma_sim3 *b)
{
    const omma_sim3 back = omma_sim3_inverse(a);
    return omma_sim3_mul(b, &back);
}

static void bind(graph *g, size_t a, size_t b, uint64_t *seed)
{
    double xi[7];
    for (int i = 0; i < 7; i++)
        xi[i] = 0.003 * omma_random_normal(seed);
    const omma_sim3 noise = omma_sim3_exp(xi), step = between(&g->truth[a], &g->truth[b]);
    g->edge[g->edges++] = (omma_pose_edge){
        .a = (uint32_t)a, .b = (uint32_t)b, .b_from_a = omma_sim3_mul(&noise, &step)};
}

static void graph_make(graph *g, size_t n, size_t laps)
{
    const size_t lap = n / laps;
    uint64_t seed = 1;

    *g = (graph){.n = n,
                 .truth = omma_new_array(omma_sim3, n),
                 .drifted = omma_new_array(omma_sim3, n),
                 .edge = omma_new_array(omma_pose_edge, n * (BEFORE + laps * (2 * BESIDE + 1)))};
    for (size_t i = 0; i < n; i++) {
        const double phase = 6.28318530717959 * (double)i / (double)lap;
        const double xi[7] = {
            10 * cos(phase), 0.1 * sin((double)i), 10 * sin(phase), 0, phase, 0, 0};
        g->truth[i] = omma_sim3_exp(xi);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 1; j <= BEFORE && j <= i; j++)
            bind(g, i - j, i, &seed);
        g->drifted[i] = i ? omma_sim3_mul(&g->edge[g->edges - (i < BEFORE ? i : BEFORE)].b_from_a,
                                          &g->drifted[i - 1])
                          : g->truth[0];
    }
    for (size_t i = lap; i < n; i++)
        for (size_t there = i % lap; there + lap / 2 < i; there += lap)
            for (size_t j = there > BESIDE ? there - BESIDE : 0; j <= there + BESIDE; j++)
                bind(g, j, i, &seed);
}

static double centre_error(const graph *g, const omma_sim3 *pose)
{
    double sum = 0;
    for (size_t i = 0; i < g->n; i++) {
        const omma_sim3 a = omma_sim3_inverse(&pose[i]), b = omma_sim3_inverse(&g->truth[i]);
        for (int k = 0; k < 3; k++)
            sum += (a.t[k] - b.t[k]) * (a.t[k] - b.t[k]);
    }
    return sqrt(sum / (double)g->n);
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    const size_t laps = argc > 2 ? strtoul(argv[2], NULL, 10) : 8;
    const int repeats = argc > 3 ? atoi(argv[3]) : 5;
    double ms[64];
    graph g;

    if (n < 10 || laps < 1 || laps > n / 5 || repeats < 1 || repeats > 64)
        return 1;
    graph_make(&g, n, laps);
    omma_sim3 *pose = omma_new_array(omma_sim3, n);
    for (int r = 0; r < repeats; r++) {
        for (size_t i = 0; i < n; i++)
            pose[i] = g.drifted[i];
        const int64_t start = omma_clock_thread_ns();
        if (omma_pose_graph_optimize(pose, NULL, n, g.edge, g.edges, NULL) != OMMA_OK)
            return 1;
        ms[r] = 1e-6 * (double)(omma_clock_thread_ns() - start);
    }
    printf("%zu keyframes, %zu laps, %zu edges: error %.3f to %.3f, median of %d: %.0f ms\n", n,
           laps, g.edges, centre_error(&g, g.drifted), centre_error(&g, pose), repeats,
           omma_median(ms, (size_t)repeats));
    free(pose);
    free(g.truth);
    free(g.drifted);
    free(g.edge);
    return 0;
}
