/* SPDX-License-Identifier: Apache-2.0 */
#include "sparse_cholesky.h"

#include <omma/base.h>

#include "matrix.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AREA_MAX = SPARSE_BLOCK_MAX * SPARSE_BLOCK_MAX };

struct sparse_cholesky {
    size_t n;
    int width;
    uint32_t *place;  /* of each row in the order of elimination */
    size_t *first;    /* n + 1: first block of each column; the diagonal block leads */
    uint32_t *row;    /* of each block: its place, ascending in a column */
    double *A, *L;    /* the blocks */
    size_t *position; /* scratch: block of each place in the column at hand */
};

/* ---------------------------------------------------------------------------------- ordering */

/* The neighbours of a row that are not eliminated yet, ascending. */
typedef struct neighbours {
    uint32_t *list;
    size_t count, capacity;
} neighbours;

/* Rows by their number of neighbours, as doubly linked lists: heads by degree. */
typedef struct degrees {
    uint32_t *head, *next, *previous;
} degrees;

static const uint32_t none = UINT32_MAX;

static void degree_insert(degrees *d, uint32_t row, size_t degree)
{
    d->next[row] = d->head[degree];
    d->previous[row] = none;
    if (d->next[row] != none)
        d->previous[d->next[row]] = row;
    d->head[degree] = row;
}

static void degree_remove(degrees *d, uint32_t row, size_t degree)
{
    if (d->previous[row] != none)
        d->next[d->previous[row]] = d->next[row];
    else
        d->head[degree] = d->next[row];
    if (d->next[row] != none)
        d->previous[d->next[row]] = d->previous[row];
}

static void add_neighbour(neighbours *a, uint32_t row)
{
    omma_grow((void **)&a->list, &a->capacity, a->count + 1, sizeof *a->list);
    a->list[a->count++] = row;
}

static int by_row(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_unique(neighbours *a)
{
    size_t kept = 0;
    if (a->count > 0)
        qsort(a->list, a->count, sizeof *a->list, by_row);
    for (size_t i = 0; i < a->count; i++) {
        if (kept == 0 || a->list[kept - 1] != a->list[i])
            a->list[kept++] = a->list[i];
    }
    a->count = kept;
}

static neighbours *graph_of(size_t n, const uint32_t (*pairs)[2], size_t count)
{
    neighbours *graph = omma_new_array(neighbours, n + 1);
    for (size_t i = 0; i < count; i++) {
        assert(pairs[i][0] < n && pairs[i][1] < n);
        if (pairs[i][0] == pairs[i][1])
            continue;
        add_neighbour(graph + pairs[i][0], pairs[i][1]);
        add_neighbour(graph + pairs[i][1], pairs[i][0]);
    }
    for (size_t i = 0; i < n; i++)
        sort_unique(graph + i);
    return graph;
}

/* into = into + from - {without, itself}, all ascending. scratch holds both. */
static void merge(neighbours *into, uint32_t itself, const neighbours *from, uint32_t without,
                  uint32_t *scratch)
{
    size_t i = 0, j = 0, count = 0;
    while (i < into->count || j < from->count) {
        const uint32_t a = i < into->count ? into->list[i] : none;
        const uint32_t b = j < from->count ? from->list[j] : none;
        const uint32_t row = a < b ? a : b;
        i += a == row;
        j += b == row;
        if (row != itself && row != without)
            scratch[count++] = row;
    }
    omma_grow((void **)&into->list, &into->capacity, count, sizeof *into->list);
    memcpy(into->list, scratch, count * sizeof *scratch);
    into->count = count;
}

/* Eliminates the row with the fewest neighbours, which become neighbours of each other: graph is
 * then the pattern of L. Source: George, Liu, "The evolution of the minimum degree ordering
 * algorithm", SIAM Review 1989; plain, for graphs of thousands of rows need no more. */
static void order(sparse_cholesky *c, neighbours *graph)
{
    const size_t n = c->n;
    degrees d = {omma_new_array(uint32_t, n + 1), omma_new_array(uint32_t, n + 1),
                 omma_new_array(uint32_t, n + 1)};
    uint32_t *scratch = omma_new_array(uint32_t, 2 * n + 1);
    memset(d.head, 0xff, (n + 1) * sizeof *d.head);
    for (size_t i = n; i-- > 0;)
        degree_insert(&d, (uint32_t)i, graph[i].count);
    size_t least = 0;
    for (size_t place = 0; place < n; place++) {
        while (d.head[least] == none)
            least++;
        const uint32_t row = d.head[least];
        const neighbours *mine = graph + row;
        degree_remove(&d, row, least);
        c->place[row] = (uint32_t)place;
        for (size_t i = 0; i < mine->count; i++) {
            const uint32_t other = mine->list[i];
            degree_remove(&d, other, graph[other].count);
            merge(graph + other, other, mine, row, scratch);
            degree_insert(&d, other, graph[other].count);
        }
        least = least > 0 ? least - 1 : 0; /* no degree falls by more than one */
    }
    free(d.head), free(d.next), free(d.previous), free(scratch);
}

static void lay_out(sparse_cholesky *c, const neighbours *graph)
{
    uint32_t *at = omma_new_array(uint32_t, c->n + 1); /* row of each place */
    for (size_t i = 0; i < c->n; i++)
        at[c->place[i]] = (uint32_t)i;
    for (size_t p = 0; p < c->n; p++)
        c->first[p + 1] = c->first[p] + 1 + graph[at[p]].count;
    c->row = omma_new_array(uint32_t, c->first[c->n] + 1);
    for (size_t p = 0; p < c->n; p++) {
        uint32_t *row = c->row + c->first[p];
        const neighbours *mine = graph + at[p];
        *row++ = (uint32_t)p;
        for (size_t i = 0; i < mine->count; i++)
            row[i] = c->place[mine->list[i]];
        if (mine->count > 0)
            qsort(row, mine->count, sizeof *row, by_row);
    }
    free(at);
}

sparse_cholesky *sparse_cholesky_create(size_t n, int width, const uint32_t (*pairs)[2],
                                        size_t count)
{
    assert(width > 0 && width <= SPARSE_BLOCK_MAX && n < UINT32_MAX);
    sparse_cholesky *c = omma_new(sparse_cholesky);
    c->n = n;
    c->width = width;
    c->place = omma_new_array(uint32_t, n + 1);
    c->first = omma_new_array(size_t, n + 1);
    c->position = omma_new_array(size_t, n + 1);
    neighbours *graph = graph_of(n, pairs, count);
    order(c, graph);
    lay_out(c, graph);
    for (size_t i = 0; i < n; i++)
        free(graph[i].list);
    free(graph);
    const size_t area = (size_t)width * (size_t)width;
    c->A = omma_new_array(double, (c->first[n] + 1) * area);
    c->L = omma_new_array(double, (c->first[n] + 1) * area);
    return c;
}

void sparse_cholesky_destroy(sparse_cholesky **c)
{
    if (!*c)
        return;
    free((*c)->place), free((*c)->first), free((*c)->row), free((*c)->position);
    free((*c)->A), free((*c)->L);
    free(*c);
    *c = NULL;
}

size_t sparse_cholesky_block_count(const sparse_cholesky *c)
{
    return c->first[c->n];
}

/* ----------------------------------------------------------------------------------- numbers */

static size_t area_of(const sparse_cholesky *c)
{
    return (size_t)c->width * (size_t)c->width;
}

void sparse_cholesky_clear(sparse_cholesky *c)
{
    memset(c->A, 0, c->first[c->n] * area_of(c) * sizeof *c->A);
}

double *sparse_cholesky_block(sparse_cholesky *c, uint32_t i, uint32_t j, bool *transposed)
{
    const uint32_t pi = c->place[i], pj = c->place[j];
    const uint32_t column = pi < pj ? pi : pj, row = pi < pj ? pj : pi;
    const uint32_t *begin = c->row + c->first[column];
    const uint32_t *found =
        bsearch(&row, begin, c->first[column + 1] - c->first[column], sizeof row, by_row);
    assert(found);
    *transposed = pi < pj;
    return c->A + (size_t)(found - c->row) * area_of(c);
}

/* X D^T = B, in place of B. */
static void solve_block(double *B, const double *D, int w)
{
    for (int r = 0; r < w; r++) {
        for (int j = 0; j < w; j++) {
            double sum = B[r * w + j];
            for (int k = 0; k < j; k++)
                sum -= B[r * w + k] * D[j * w + k];
            B[r * w + j] = sum / D[j * w + j];
        }
    }
}

/* C -= P Q^T */
static void lower_block(double *C, const double *P, const double *Q, int w)
{
    double transposed[AREA_MAX];
    for (int i = 0; i < w; i++) {
        for (int j = 0; j < w; j++)
            transposed[j * w + i] = Q[i * w + j];
    }
    for (int i = 0; i < w; i++) {
        for (int k = 0; k < w; k++) {
            for (int j = 0; j < w; j++)
                C[i * w + j] -= P[i * w + k] * transposed[k * w + j];
        }
    }
}

static void raise_diagonal(sparse_cholesky *c, double lambda)
{
    for (size_t p = 0; p < c->n; p++) {
        double *D = c->L + c->first[p] * area_of(c);
        for (int i = 0; i < c->width; i++) {
            double *d = D + i * (c->width + 1);
            *d = *d == 0 ? 1 : *d * (1 + lambda);
        }
    }
}

/* Lowers the columns to the right by column p: block (i, j) by L_ip L_jp^T. */
static void lower_columns(sparse_cholesky *c, size_t p)
{
    const size_t begin = c->first[p] + 1, end = c->first[p + 1], area = area_of(c);
    for (size_t j = begin; j < end; j++) {
        const uint32_t column = c->row[j];
        for (size_t k = c->first[column]; k < c->first[column + 1]; k++)
            c->position[c->row[k]] = k;
        for (size_t i = j; i < end; i++)
            lower_block(c->L + c->position[c->row[i]] * area, c->L + i * area, c->L + j * area,
                        c->width);
    }
}

bool sparse_cholesky_factor(sparse_cholesky *c, double lambda)
{
    const size_t area = area_of(c);
    memcpy(c->L, c->A, c->first[c->n] * area * sizeof *c->L);
    raise_diagonal(c, lambda);
    for (size_t p = 0; p < c->n; p++) {
        double *D = c->L + c->first[p] * area;
        if (!matrix_cholesky(D, c->width))
            return false;
        for (size_t i = c->first[p] + 1; i < c->first[p + 1]; i++)
            solve_block(c->L + i * area, D, c->width);
        lower_columns(c, p);
    }
    return true;
}

/* y -= L x, or y -= L^T x */
static void subtract(double *y, const double *L, const double *x, int w, bool transposed)
{
    for (int i = 0; i < w; i++) {
        for (int j = 0; j < w; j++)
            y[i] -= (transposed ? L[j * w + i] : L[i * w + j]) * x[j];
    }
}

static void forward(const sparse_cholesky *c, double *x)
{
    const size_t area = area_of(c), w = (size_t)c->width;
    for (size_t p = 0; p < c->n; p++) {
        const double *D = c->L + c->first[p] * area;
        double *mine = x + p * w;
        for (size_t i = 0; i < w; i++) {
            for (size_t j = 0; j < i; j++)
                mine[i] -= D[i * w + j] * mine[j];
            mine[i] /= D[i * w + i];
        }
        for (size_t k = c->first[p] + 1; k < c->first[p + 1]; k++)
            subtract(x + c->row[k] * w, c->L + k * area, mine, c->width, false);
    }
}

static void backward(const sparse_cholesky *c, double *x)
{
    const size_t area = area_of(c), w = (size_t)c->width;
    for (size_t p = c->n; p-- > 0;) {
        const double *D = c->L + c->first[p] * area;
        double *mine = x + p * w;
        for (size_t k = c->first[p] + 1; k < c->first[p + 1]; k++)
            subtract(mine, c->L + k * area, x + c->row[k] * w, c->width, true);
        for (size_t i = w; i-- > 0;) {
            for (size_t j = i + 1; j < w; j++)
                mine[i] -= D[j * w + i] * mine[j];
            mine[i] /= D[i * w + i];
        }
    }
}

void sparse_cholesky_solve(const sparse_cholesky *c, double *b)
{
    const size_t bytes = (size_t)c->width * sizeof *b, w = (size_t)c->width;
    double *x = omma_new_array(double, c->n *w + 1);
    for (size_t i = 0; i < c->n; i++)
        memcpy(x + c->place[i] * w, b + i * w, bytes);
    forward(c, x);
    backward(c, x);
    for (size_t i = 0; i < c->n; i++)
        memcpy(b + i * w, x + c->place[i] * w, bytes);
    free(x);
}
