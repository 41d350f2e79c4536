/* SPDX-License-Identifier: Apache-2.0 */
#include "pose_graph.h"

#include "matrix.h"
#include "sparse_cholesky.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------------- edge */

/* Adjoint of S in the order (rho, phi, lambda): [sR, [t]x R, -t; 0, R, 0; 0, 0, 1]. */
static void adjoint(const omma_sim3 *S, double Ad[49])
{
    double skew[9], tR[9];
    mat3_skew(S->t, skew);
    mat3_mul(skew, S->R, tR);
    memset(Ad, 0, 49 * sizeof *Ad);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            Ad[7 * i + j] = S->s * S->R[3 * i + j];
            Ad[7 * i + 3 + j] = tR[3 * i + j];
            Ad[7 * (3 + i) + 3 + j] = S->R[3 * i + j];
        }
        Ad[7 * i + 6] = -S->t[i];
    }
    Ad[48] = 1;
}

/* The same of the tangent: [lambda I + [phi]x, [rho]x, -rho; 0, [phi]x, 0; 0, 0, 0]. */
static void little_adjoint(const double xi[7], double ad[49])
{
    double rho[9], phi[9];
    mat3_skew(xi, rho);
    mat3_skew(xi + 3, phi);
    memset(ad, 0, 49 * sizeof *ad);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            ad[7 * i + j] = phi[3 * i + j] + (i == j ? xi[6] : 0);
            ad[7 * i + 3 + j] = rho[3 * i + j];
            ad[7 * (3 + i) + 3 + j] = phi[3 * i + j];
        }
        ad[7 * i + 6] = -xi[i];
    }
}

static void multiply(const double A[49], const double B[49], double out[49])
{
    for (int i = 0; i < 7; i++) {
        double row[7] = {0};
        for (int k = 0; k < 7; k++) {
            for (int j = 0; j < 7; j++)
                row[j] += A[7 * i + k] * B[7 * k + j];
        }
        memcpy(out + 7 * i, row, sizeof row);
    }
}

/* log(exp(d) exp(e)) = e + J d with J = I - ad/2 + ad^2/12 - ad^4/720 (Baker, Campbell, Hausdorff);
 * for log(exp(e) exp(d)) the odd term changes its sign. */
static void inverse_jacobians(const double e[7], double left[49], double right[49])
{
    double ad[49], ad2[49], ad4[49];
    little_adjoint(e, ad);
    multiply(ad, ad, ad2);
    multiply(ad2, ad2, ad4);
    for (int i = 0; i < 49; i++) {
        const double even = (i % 8 == 0) + ad2[i] / 12 - ad4[i] / 720;
        left[i] = even - 0.5 * ad[i];
        right[i] = even + 0.5 * ad[i];
    }
}

void pose_edge_error(const omma_sim3 *b_from_a, const omma_sim3 *a, const omma_sim3 *b, double e[7],
                     double *by_a, double *by_b)
{
    const omma_sim3 inverse = omma_sim3_inverse(b_from_a), world_from_a = omma_sim3_inverse(a);
    const omma_sim3 now = omma_sim3_mul(b, &world_from_a), off = omma_sim3_mul(&inverse, &now);
    omma_sim3_log(&off, e);
    if (!by_a)
        return;
    double left[49], right[49], Ad[49];
    inverse_jacobians(e, left, right);
    adjoint(&inverse, Ad);
    multiply(left, Ad, by_b); /* measured^-1 exp(d) = exp(Ad d) measured^-1 */
    for (int i = 0; i < 49; i++)
        by_a[i] = -right[i]; /* (exp(d) a)^-1 = a^-1 exp(-d) */
}

/* ------------------------------------------------------------------------------------- graph */

typedef struct graph {
    size_t n, edge_count, free_count;
    const omma_pose_edge *edges;
    omma_sim3 *node, *trial;
    uint32_t *index; /* of a node among the free ones; none = fixed */
    int width;       /* 7, or 6 without scale */
    double huber;
    sparse_cholesky *equations;
    double *g, *x;
} graph;

static const uint32_t none = UINT32_MAX;

static bool is_good(const omma_sim3 *S)
{
    double sum = S->s + S->t[0] + S->t[1] + S->t[2];
    for (int i = 0; i < 9; i++)
        sum += S->R[i];
    return isfinite(sum) && S->s > 0;
}

static omma_error check(const omma_sim3 *nodes, size_t n, const omma_pose_edge *edges,
                        size_t edge_count)
{
    if (!nodes || n == 0 || n >= UINT32_MAX || (!edges && edge_count > 0))
        return omma_fail(OMMA_INVALID, "pose graph: no nodes");
    for (size_t i = 0; i < n; i++) {
        if (!is_good(nodes + i))
            return omma_fail(OMMA_INVALID, "pose graph: node %zu is not finite", i);
    }
    for (size_t i = 0; i < edge_count; i++) {
        const omma_pose_edge *e = edges + i;
        if (e->a >= n || e->b >= n || e->a == e->b)
            return omma_fail(OMMA_INVALID,
                             "pose graph: edge %zu from node %" PRIu32 " to %" PRIu32 " of %zu", i,
                             e->a, e->b, n);
        bool good = is_good(&e->b_from_a);
        for (int j = 0; j < 3; j++)
            good = good && isfinite(e->information[j]) && e->information[j] >= 0;
        if (!good)
            return omma_fail(OMMA_INVALID, "pose graph: edge %zu is not finite", i);
    }
    return OMMA_OK;
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Is every free node linked to a fixed one? */
static bool is_held(const graph *g)
{
    uint32_t *parent = omma_new_array(uint32_t, g->n);
    uint8_t *held = omma_new_array(uint8_t, g->n);
    bool all = true;
    for (size_t i = 0; i < g->n; i++)
        parent[i] = (uint32_t)i;
    for (size_t i = 0; i < g->edge_count; i++)
        parent[root_of(parent, g->edges[i].a)] = root_of(parent, g->edges[i].b);
    for (size_t i = 0; i < g->n; i++) {
        if (g->index[i] == none)
            held[root_of(parent, (uint32_t)i)] = 1;
    }
    for (size_t i = 0; i < g->n; i++)
        all = all && held[root_of(parent, (uint32_t)i)];
    free(parent), free(held);
    return all;
}

static void graph_init(graph *g, const omma_sim3 *nodes, const uint8_t *fixed)
{
    g->node = omma_new_array(omma_sim3, g->n);
    g->trial = omma_new_array(omma_sim3, g->n);
    g->index = omma_new_array(uint32_t, g->n);
    memcpy(g->node, nodes, g->n * sizeof *nodes);
    for (size_t i = 0; i < g->n; i++)
        g->index[i] = (fixed ? fixed[i] : i == 0) ? none : (uint32_t)g->free_count++;
}

static void graph_link(graph *g)
{
    uint32_t(*pairs)[2] = omma_new_bytes(g->edge_count + 1, sizeof *pairs);
    size_t count = 0;
    for (size_t i = 0; i < g->edge_count; i++) {
        const uint32_t a = g->index[g->edges[i].a], b = g->index[g->edges[i].b];
        if (a != none && b != none)
            pairs[count][0] = a, pairs[count++][1] = b;
    }
    g->equations =
        sparse_cholesky_create(g->free_count, g->width, (const uint32_t(*)[2])pairs, count);
    g->g = omma_new_array(double, g->free_count *(size_t)g->width + 1);
    g->x = omma_new_array(double, g->free_count *(size_t)g->width + 1);
    free(pairs);
}

static void graph_finish(graph *g)
{
    sparse_cholesky_destroy(&g->equations);
    free(g->node), free(g->trial), free(g->index), free(g->g), free(g->x);
}

/* Error and derivatives in standard deviations; returns the robust cost, *weight its weight. */
static double weighed_edge(const graph *g, const omma_sim3 *nodes, const omma_pose_edge *edge,
                           double e[7], double *by_a, double *by_b, double *weight)
{
    omma_sim3 measured = edge->b_from_a;
    double e2 = 0;
    if (g->width == 6) /* what cannot change is no error */
        measured.s = nodes[edge->b].s / nodes[edge->a].s;
    pose_edge_error(&measured, nodes + edge->a, nodes + edge->b, e, by_a, by_b);
    for (int i = 0; i < 7; i++) {
        const double information = edge->information[i / 3];
        const double root = information > 0 ? sqrt(information) : 1;
        e[i] *= root;
        e2 += i < g->width ? e[i] * e[i] : 0;
        for (int j = 0; j < 7 && by_a; j++) {
            by_a[7 * i + j] *= root;
            by_b[7 * i + j] *= root;
        }
    }
    *weight = 1;
    if (!(g->huber > 0) || e2 <= g->huber * g->huber)
        return e2;
    *weight = g->huber / sqrt(e2);
    return 2 * g->huber * sqrt(e2) - g->huber * g->huber;
}

static double graph_cost(const graph *g, const omma_sim3 *nodes)
{
    double cost = 0, e[7], weight;
    for (size_t i = 0; i < g->edge_count; i++)
        cost += weighed_edge(g, nodes, g->edges + i, e, NULL, NULL, &weight);
    return cost;
}

/* Block (a, b) += weight A^T B; only the first width rows and columns of the 7x7 count. */
static void add_block(graph *g, uint32_t a, uint32_t b, const double *A, const double *B,
                      double weight)
{
    bool transposed;
    double *block = sparse_cholesky_block(g->equations, a, b, &transposed);
    const double *left = transposed ? B : A, *right = transposed ? A : B;
    for (int k = 0; k < g->width; k++) {
        for (int i = 0; i < g->width; i++) {
            for (int j = 0; j < g->width; j++)
                block[i * g->width + j] += weight * left[7 * k + i] * right[7 * k + j];
        }
    }
}

static void add_gradient(graph *g, uint32_t a, const double *A, const double e[7], double weight)
{
    double *out = g->g + (size_t)a * (size_t)g->width;
    for (int k = 0; k < g->width; k++) {
        for (int i = 0; i < g->width; i++)
            out[i] += weight * A[7 * k + i] * e[k];
    }
}

static void linearize(graph *g)
{
    sparse_cholesky_clear(g->equations);
    memset(g->g, 0, g->free_count * (size_t)g->width * sizeof *g->g);
    for (size_t i = 0; i < g->edge_count; i++) {
        const uint32_t a = g->index[g->edges[i].a], b = g->index[g->edges[i].b];
        double e[7], A[49], B[49], weight;
        if (a == none && b == none)
            continue;
        weighed_edge(g, g->node, g->edges + i, e, A, B, &weight);
        if (a != none) {
            add_block(g, a, a, A, A, weight);
            add_gradient(g, a, A, e, weight);
        }
        if (b != none) {
            add_block(g, b, b, B, B, weight);
            add_gradient(g, b, B, e, weight);
        }
        if (a != none && b != none)
            add_block(g, b, a, B, A, weight);
    }
}

/* x = -(H + lambda D)^-1 g; returns the decrease promised: x^T (lambda D x - g). */
static double solve_step(graph *g, double lambda)
{
    const size_t w = (size_t)g->width;
    double promised = 0;
    for (size_t i = 0; i < g->free_count * w; i++)
        g->x[i] = -g->g[i];
    sparse_cholesky_solve(g->equations, g->x);
    for (size_t i = 0; i < g->free_count; i++) {
        bool transposed;
        const double *D =
            sparse_cholesky_block(g->equations, (uint32_t)i, (uint32_t)i, &transposed);
        for (size_t j = 0; j < w; j++) {
            const double x = g->x[i * w + j];
            promised += x * (lambda * D[j * (w + 1)] * x - g->g[i * w + j]);
        }
    }
    return promised;
}

static void move(graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        double xi[7] = {0}, R[9];
        g->trial[i] = g->node[i];
        if (g->index[i] == none)
            continue;
        memcpy(xi, g->x + (size_t)g->index[i] * (size_t)g->width, (size_t)g->width * sizeof *xi);
        const omma_sim3 d = omma_sim3_exp(xi);
        g->trial[i] = omma_sim3_mul(&d, g->node + i);
        mat3_nearest_rotation(g->trial[i].R, R);
        memcpy(g->trial[i].R, R, sizeof R);
        if (g->width == 6)
            g->trial[i].s = g->node[i].s;
    }
}

/* Levenberg-Marquardt with Nielsen's damping (IMM-REP-1999-05). */
static omma_error optimize(graph *g, int iterations)
{
    double cost = graph_cost(g, g->node), lambda = 1e-6, growth = 2;
    bool fresh = false;
    for (int i = 0; i < iterations && lambda < 1e12; i++) {
        double now = INFINITY, promised = 0;
        if (!fresh)
            linearize(g);
        fresh = true;
        if (sparse_cholesky_factor(g->equations, lambda)) {
            promised = solve_step(g, lambda);
            if (!(promised > 1e-12 * cost))
                return OMMA_OK;
            move(g);
            now = graph_cost(g, g->trial);
        }
        if (now < cost) {
            const double gain = 2 * (cost - now) / promised - 1;
            omma_sim3 *old = g->node;
            const bool done = cost - now < 1e-6 * cost;
            g->node = g->trial;
            g->trial = old;
            cost = now;
            lambda = fmax(1e-12, lambda * fmax(1. / 3, 1 - gain * gain * gain));
            growth = 2;
            fresh = false;
            if (done)
                return OMMA_OK;
        } else {
            lambda *= growth;
            growth *= 2;
        }
    }
    return isfinite(cost) ? OMMA_OK
                          : omma_fail(OMMA_DEGENERATE, "pose graph: the cost is not finite");
}

omma_error omma_pose_graph_optimize(omma_sim3 *camera_from_world, const uint8_t *fixed, size_t n,
                                    const omma_pose_edge *edges, size_t edge_count,
                                    const omma_pose_graph_options *options)
{
    static const omma_pose_graph_options defaults;
    const omma_pose_graph_options *o = options ? options : &defaults;
    omma_error err = check(camera_from_world, n, edges, edge_count);
    if (err)
        return err;
    if (!isfinite(o->huber))
        return omma_fail(OMMA_INVALID, "pose graph: huber is not finite");
    graph g = {.n = n, .edge_count = edge_count, .edges = edges, .huber = o->huber};
    g.width = o->fix_scale ? 6 : 7;
    graph_init(&g, camera_from_world, fixed);
    if (!is_held(&g))
        err = omma_fail(OMMA_DEGENERATE, "pose graph: a part has no fixed node");
    if (!err) {
        graph_link(&g);
        err = optimize(&g, o->iterations > 0 ? o->iterations : 20);
    }
    if (!err)
        memcpy(camera_from_world, g.node, n * sizeof *camera_from_world);
    graph_finish(&g);
    return err;
}
