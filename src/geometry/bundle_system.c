/* SPDX-License-Identifier: Apache-2.0 */
/* Who touches whom, and the normal equations. */
#include "bundle.h"
#include "dense_cholesky.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this many free poses the dense reduced system takes more than 9 GB. */
enum { BLOCKS_MAX = 4096 };

void *bundle_system_array(bundle_system *s, size_t n, size_t size)
{
    assert(s->owned_count < (int)(sizeof s->owned / sizeof s->owned[0]));
    if (s->no_memory || n > (SIZE_MAX / 2) / size) {
        s->no_memory = true;
        return NULL;
    }
    const size_t bytes = (n * size + 64) & ~(size_t)63;
    void *array = aligned_alloc(64, bytes);
    s->no_memory = !array;
    if (array) {
        memset(array, 0, bytes);
        s->owned[s->owned_count++] = array;
    }
    return array;
}

void bundle_system_finish(bundle_system *s)
{
    while (s->owned_count > 0)
        free(s->owned[--s->owned_count]);
}

static void number_blocks(bundle_system *s)
{
    const omma_bundle_problem *p = s->problem;
    for (size_t i = 0; i < p->pose_count; i++) {
        const bool fixed = p->pose_fixed ? p->pose_fixed[i] : i == 0;
        s->block[i] = fixed ? -1 : (int32_t)s->blocks++;
    }
}

/* Slot of a block in the sorted list of a point's blocks (its size in *count), new if need be. */
static void insert_block(int32_t *list, size_t *count, int32_t block)
{
    size_t i = *count;
    while (i > 0 && list[i - 1] > block)
        i--;
    if (block < 0 || (i > 0 && list[i - 1] == block))
        return;
    memmove(list + i + 1, list + i, (*count - i) * sizeof *list);
    list[i] = block;
    ++*count;
}

static int32_t find_block(const bundle_system *s, size_t point, int32_t block)
{
    size_t low = s->first_slot[point], high = s->first_slot[point + 1];
    if (block < 0)
        return -1;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (s->slot_block[middle] <= block)
            low = middle;
        else
            high = middle;
    }
    return (int32_t)low;
}

static void number_slots(bundle_system *s)
{
    const omma_bundle_problem *p = s->problem;
    size_t observation = 0, slots = 0;
    for (size_t i = 0; i < p->point_count; i++) {
        s->first_observation[i] = observation;
        s->first_slot[i] = slots;
        size_t count = 0, end = observation;
        while (end < p->observation_count && p->observations[end].point == i)
            end++;
        if (end > observation)
            insert_block(s->slot_block + slots, &count, s->block[p->points[i].anchor]);
        for (size_t o = observation; o < end; o++)
            insert_block(s->slot_block + slots, &count, s->block[p->observations[o].pose]);
        slots += count;
        s->first_slot[i + 1] = slots;
        s->anchor_slot[i] =
            end > observation ? find_block(s, i, s->block[p->points[i].anchor]) : -1;
        for (; observation < end; observation++)
            s->target_slot[observation] =
                find_block(s, i, s->block[p->observations[observation].pose]);
    }
    s->first_observation[p->point_count] = observation;
}

/* First tile of each tile of rows that a point links it to; the camera's rows are full. */
static void find_envelope(bundle_system *s)
{
    const size_t tiles = s->n / CHOLESKY_TILE;
    for (size_t i = 0; i < tiles; i++)
        s->first_tile[i] =
            (uint32_t)(s->camera_count && (i + 1) * CHOLESKY_TILE > 6 * s->blocks ? 0 : i);
    for (size_t i = 0; i < s->problem->point_count; i++) {
        const size_t begin = s->first_slot[i], end = s->first_slot[i + 1];
        for (size_t j = begin; j < end; j++) {
            const uint32_t first = (uint32_t)(6 * (size_t)s->slot_block[begin] / CHOLESKY_TILE);
            const size_t row = 6 * (size_t)s->slot_block[j];
            for (size_t t = row / CHOLESKY_TILE; t <= (row + 5) / CHOLESKY_TILE; t++) {
                if (s->first_tile[t] > first)
                    s->first_tile[t] = first;
            }
        }
    }
    /* A block that straddles two tiles has its diagonal in both. */
    for (size_t b = 0; b < s->blocks; b++) {
        const size_t t = (6 * b + 5) / CHOLESKY_TILE, first = 6 * b / CHOLESKY_TILE;
        if (s->first_tile[t] > first)
            s->first_tile[t] = (uint32_t)first;
    }
}

static void add_parameter(bundle_system *s, int parameter, double mean, double sigma)
{
    const int i = s->camera_count++;
    s->camera_parameter[i] = parameter;
    s->prior_mean[i] = mean;
    s->prior_information[i] = sigma > 0 ? 1 / (sigma * sigma) : 0;
}

static void choose_parameters(bundle_system *s, const omma_bundle_options *o)
{
    const omma_camera *c = s->problem->camera;
    const double f = o->focal_prior > 0 ? o->focal_prior : c->fx;
    if (o->free_camera & OMMA_BUNDLE_FOCAL)
        add_parameter(s, 0, log(f), o->focal_prior_sigma);
    if (o->free_camera & OMMA_BUNDLE_CENTER) {
        add_parameter(s, 1, c->cx, 0);
        add_parameter(s, 2, c->cy, 0);
    }
    if (o->free_camera & OMMA_BUNDLE_K1)
        add_parameter(s, 3, c->k[0], o->k_prior_sigma);
    if (o->free_camera & OMMA_BUNDLE_K2)
        add_parameter(s, 4, c->k[1], o->k_prior_sigma);
    if (o->free_camera & OMMA_BUNDLE_K3)
        add_parameter(s, 5, c->k[bundle_place_of_k(c, 5)], o->k_prior_sigma);
}

static void allocate_links(bundle_system *s)
{
    const omma_bundle_problem *p = s->problem;
    s->block = bundle_system_array(s, p->pose_count, sizeof(int32_t));
    s->first_observation = bundle_system_array(s, p->point_count + 1, sizeof(size_t));
    s->first_slot = bundle_system_array(s, p->point_count + 1, sizeof(size_t));
    s->slot_block =
        bundle_system_array(s, p->point_count + p->observation_count + 1, sizeof(int32_t));
    s->target_slot = bundle_system_array(s, p->observation_count, sizeof(int32_t));
    s->anchor_slot = bundle_system_array(s, p->point_count, sizeof(int32_t));
}

static void allocate_equations(bundle_system *s)
{
    const size_t points = s->problem->point_count, n = s->n;
    s->first_tile = bundle_system_array(s, n / CHOLESKY_TILE, sizeof(uint32_t));
    s->H = bundle_system_array(s, n * n, sizeof(double));
    s->S = bundle_system_array(s, n * n, sizeof(double));
    s->work = bundle_system_array(s, cholesky_work_size(n), sizeof(double));
    s->g = bundle_system_array(s, n, sizeof(double));
    s->x = bundle_system_array(s, n, sizeof(double));
    s->W = bundle_system_array(s, 6 * s->first_slot[points], sizeof(double));
    s->Wc = bundle_system_array(s, points * BUNDLE_CAMERA_PARAMETERS, sizeof(double));
    s->h = bundle_system_array(s, points, sizeof(double));
    s->b = bundle_system_array(s, points, sizeof(double));
    s->step = bundle_system_array(s, points, sizeof(double));
}

omma_error bundle_system_init(bundle_system *s, const omma_bundle_problem *problem,
                              const omma_bundle_options *options)
{
    *s = (bundle_system){.problem = problem, .points_fixed = options->points_fixed};
    s->huber = options->huber > 0 ? options->huber : 1.5;
    choose_parameters(s, options);
    allocate_links(s);
    if (s->no_memory)
        return OMMA_NO_MEMORY;
    number_blocks(s);
    if (s->blocks > BLOCKS_MAX)
        return OMMA_NO_MEMORY;
    number_slots(s);
    s->n = 6 * s->blocks + (size_t)s->camera_count;
    s->n = (s->n + CHOLESKY_TILE - 1) / CHOLESKY_TILE * CHOLESKY_TILE;
    allocate_equations(s);
    if (s->no_memory)
        return OMMA_NO_MEMORY;
    find_envelope(s);
    for (size_t i = 0; i < problem->point_count; i++)
        s->rho_scale += fabs(problem->points[i].inverse_depth) / (double)problem->point_count;
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- cost */

double bundle_system_prior(const bundle_system *s, const omma_camera *camera, int i,
                           double *difference)
{
    const double value[BUNDLE_CAMERA_PARAMETERS] = {
        log(camera->fx), camera->cx,   camera->cy,
        camera->k[0],    camera->k[1], camera->k[bundle_place_of_k(camera, 5)]};
    *difference = value[s->camera_parameter[i]] - s->prior_mean[i];
    return s->prior_information[i] * *difference * *difference;
}

/* Of the priors on points and camera. */
static double prior_cost(const bundle_system *s, const bundle_state *state)
{
    double cost = 0, difference;
    for (size_t i = 0; i < s->problem->point_count; i++) {
        const omma_bundle_point *point = s->problem->points + i;
        difference = state->rho[i] - point->prior;
        cost += point->prior_information * difference * difference;
    }
    for (int i = 0; i < s->camera_count; i++)
        cost += bundle_system_prior(s, &state->camera, i, &difference);
    return cost;
}

static bool ray_of(const bundle_system *s, const bundle_state *state, size_t point, bundle_ray *ray)
{
    return bundle_ray_init(ray, state->pose + s->problem->points[point].anchor,
                           state->ray + 2 * point, state->rho[point]);
}

double bundle_system_cost(const bundle_system *s, const bundle_state *state, double *error)
{
    const omma_bundle_problem *p = s->problem;
    double cost = prior_cost(s, state), weight, r[2];
    const double behind =
        bundle_loss(BUNDLE_BEHIND_SIGMAS * BUNDLE_BEHIND_SIGMAS, s->huber, &weight);
    for (size_t i = 0; i < p->point_count; i++) {
        bundle_ray ray;
        const bool seen = ray_of(s, state, i, &ray);
        for (size_t o = s->first_observation[i]; o < s->first_observation[i + 1]; o++) {
            const bool ok = seen && bundle_residual(state, &ray, p->observations + o, r);
            const double e2 = ok ? r[0] * r[0] + r[1] * r[1] : 1e30;
            cost += ok ? bundle_loss(e2, s->huber, &weight) : behind;
            if (error)
                error[o] = e2;
        }
    }
    return cost;
}

/* --------------------------------------------------------------------------------- linearize */

/* out (6 rows of n) += a^T b */
static inline void add_block(double *out, size_t n, const double a[2][6], const double b[2][6])
{
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++)
            out[(size_t)i * n + (size_t)j] += a[0][i] * b[0][j] + a[1][i] * b[1][j];
    }
}

static inline void add_vector(double *out, const double a[2][6], const double r[2])
{
    for (int i = 0; i < 6; i++)
        out[i] += a[0][i] * r[0] + a[1][i] * r[1];
}

static double *block_at(bundle_system *s, int32_t row, int32_t column)
{
    return s->H + 6 * ((size_t)row * s->n + (size_t)column);
}

/* One pose of an observation. */
static inline void add_pose(bundle_system *s, int32_t slot, const double J[2][6],
                            const bundle_view *v)
{
    const int32_t block = s->slot_block[slot];
    add_block(block_at(s, block, block), s->n, J, J);
    add_vector(s->g + 6 * block, J, v->r);
    add_vector(s->W + 6 * (size_t)slot, J, v->rho);
    for (int i = 0; i < s->camera_count; i++) {
        const int parameter = s->camera_parameter[i];
        const double c[2] = {v->camera[0][parameter], v->camera[1][parameter]};
        add_vector(s->H + (6 * s->blocks + (size_t)i) * s->n + 6 * (size_t)block, J, c);
    }
}

static void add_camera(bundle_system *s, size_t point, const bundle_view *v)
{
    for (int i = 0; i < s->camera_count; i++) {
        const int k = s->camera_parameter[i];
        const double c[2] = {v->camera[0][k], v->camera[1][k]};
        const size_t row = 6 * s->blocks + (size_t)i;
        s->g[row] += c[0] * v->r[0] + c[1] * v->r[1];
        s->Wc[point * BUNDLE_CAMERA_PARAMETERS + (size_t)i] += c[0] * v->rho[0] + c[1] * v->rho[1];
        for (int j = 0; j <= i; j++) {
            const int l = s->camera_parameter[j];
            s->H[row * s->n + 6 * s->blocks + (size_t)j] +=
                c[0] * v->camera[0][l] + c[1] * v->camera[1][l];
        }
    }
}

/* Multiplies an observation by the root of its weight. */
static inline void weigh(bundle_view *v, double weight)
{
    const double root = sqrt(weight);
    double *value = (double *)v;
    for (size_t i = 0; i < sizeof *v / sizeof(double); i++)
        value[i] *= root;
}

static void add_observation(bundle_system *s, size_t point, size_t observation,
                            const bundle_view *v)
{
    const int32_t t = s->target_slot[observation], a = s->anchor_slot[point];
    s->h[point] += v->rho[0] * v->rho[0] + v->rho[1] * v->rho[1];
    s->b[point] += v->rho[0] * v->r[0] + v->rho[1] * v->r[1];
    if (t >= 0)
        add_pose(s, t, v->target, v);
    if (a >= 0)
        add_pose(s, a, v->anchor, v);
    if (t >= 0 && a >= 0) {
        const int32_t tb = s->slot_block[t], ab = s->slot_block[a];
        if (tb > ab)
            add_block(block_at(s, tb, ab), s->n, v->target, v->anchor);
        else
            add_block(block_at(s, ab, tb), s->n, v->anchor, v->target);
    }
    add_camera(s, point, v);
}

static void clear(bundle_system *s)
{
    const size_t points = s->problem->point_count;
    memset(s->H, 0, s->n * s->n * sizeof(double));
    memset(s->g, 0, s->n * sizeof(double));
    memset(s->W, 0, 6 * s->first_slot[points] * sizeof(double));
    memset(s->Wc, 0, points * BUNDLE_CAMERA_PARAMETERS * sizeof(double));
    memset(s->h, 0, points * sizeof(double));
    memset(s->b, 0, points * sizeof(double));
}

static void add_priors(bundle_system *s, const bundle_state *state)
{
    for (size_t i = 0; i < s->problem->point_count; i++) {
        const omma_bundle_point *point = s->problem->points + i;
        s->h[i] += point->prior_information;
        s->b[i] += point->prior_information * (state->rho[i] - point->prior);
    }
    for (int i = 0; i < s->camera_count; i++) {
        const size_t row = 6 * s->blocks + (size_t)i;
        double difference;
        bundle_system_prior(s, &state->camera, i, &difference);
        s->H[row * s->n + row] += s->prior_information[i];
        s->g[row] += s->prior_information[i] * difference;
    }
}

double bundle_system_linearize(bundle_system *s, const bundle_state *state, size_t *used)
{
    const omma_bundle_problem *p = s->problem;
    const unsigned with_camera = s->camera_count ? BUNDLE_WITH_CAMERA : 0;
    double cost = prior_cost(s, state), weight;
    const double behind =
        bundle_loss(BUNDLE_BEHIND_SIGMAS * BUNDLE_BEHIND_SIGMAS, s->huber, &weight);
    clear(s);
    *used = 0;
    for (size_t i = 0; i < p->point_count; i++) {
        bundle_ray ray;
        const bool seen =
            ray_of(s, state, i, &ray) && (!with_camera || bundle_ray_by_camera(&ray, state));
        const unsigned with = with_camera | (s->anchor_slot[i] >= 0 ? BUNDLE_WITH_ANCHOR : 0);
        for (size_t o = s->first_observation[i]; o < s->first_observation[i + 1]; o++) {
            bundle_view v = {0};
            if (!seen || !bundle_linearize(state, &ray, p->observations + o, with, &v)) {
                cost += behind;
                continue;
            }
            cost += bundle_loss(v.r[0] * v.r[0] + v.r[1] * v.r[1], s->huber, &weight);
            if (weight < 1)
                weigh(&v, weight);
            add_observation(s, i, o, &v);
            ++*used;
        }
    }
    add_priors(s, state);
    return cost;
}
