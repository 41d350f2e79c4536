/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The similarity between two cameras from points that both know, each in its own frame and scale.
 * What counts is where the points are seen, not where they are: the depth of a far one is worth
 * little, and its direction as much as any. Samples of three points give candidates (Umeyama), and
 * every refinement is on the reprojection in both pictures.
 */
#include <omma/geometry.h>

#include "levenberg.h"
#include "matrix.h"
#include "ransac.h"

#include <math.h>
#include <string.h>

_Static_assert(sizeof(omma_sim3) == 13 * sizeof(double), "a similarity is 13 numbers");

typedef struct pairs {
    const omma_sim3_pair *pair;
    const uint32_t *list; /* of those that count; NULL = all */
    size_t n;
    double huber; /* 0 = least squares */
} pairs;

static int solve(const void *data, const uint32_t *sample, double *models)
{
    const pairs *p = data;
    double a[9], b[9];
    omma_sim3 S;

    for (int i = 0; i < 3; i++) {
        memcpy(a + 3 * i, p->pair[sample[i]].a, 3 * sizeof(double));
        memcpy(b + 3 * i, p->pair[sample[i]].b, 3 * sizeof(double));
    }
    if (omma_umeyama(a, b, 3, true, &S))
        return 0;
    memcpy(models, &S, sizeof(S));
    return 1;
}

/* Seen minus projected; false behind the camera. */
static bool residual(const double point[3], const double seen[2], double r[2])
{
    if (!(point[2] > 0))
        return false;
    r[0] = seen[0] - point[0] / point[2];
    r[1] = seen[1] - point[1] / point[2];
    return true;
}

static void distances(const void *data, const double *model, size_t from, size_t to, double *d2)
{
    const pairs *p = data;
    omma_sim3 S, back;

    memcpy(&S, model, sizeof(S));
    back = omma_sim3_inverse(&S);
    for (size_t i = from; i < to; i++) {
        const omma_sim3_pair *q = p->pair + i;
        double in_a[3], in_b[3], r[2], t[2];
        omma_sim3_apply(&S, q->a, in_b);
        omma_sim3_apply(&back, q->b, in_a);
        d2[i - from] = residual(in_b, q->xb, r) && residual(in_a, q->xa, t)
                           ? fmax(r[0] * r[0] + r[1] * r[1], t[0] * t[0] + t[1] * t[1])
                           : INFINITY;
    }
}

/* Adds the two rows of a point whose derivative by the seven parameters is D (3 x 7). */
static void add_rows(const double point[3], const double *D, const double r[2], double huber,
                     levenberg_equations *out)
{
    const double z = 1 / point[2], e = sqrt(r[0] * r[0] + r[1] * r[1]);
    const double weight = huber > 0 && e > huber ? huber / e : 1;

    for (int i = 0; i < 2; i++) {
        double J[7];
        for (int k = 0; k < 7; k++)
            J[k] = z * (D[7 * i + k] - point[i] * z * D[14 + k]);
        levenberg_add(out, 7, J, r[i], weight);
    }
    if (weight < 1) /* Huber's loss, not the weighted square: 2 h e - h^2 */
        out->cost += huber * e - huber * huber;
}

/* d exp(xi) p = rho + phi x p + lambda p; (exp(xi) S)^-1 b = S^-1 (b - rho - phi x b - lambda b).
 */
static void linearize(const void *data, const double *state, levenberg_equations *out)
{
    const pairs *p = data;
    omma_sim3 S, back;

    memcpy(&S, state, sizeof(S));
    back = omma_sim3_inverse(&S);
    for (size_t i = 0; i < p->n; i++) {
        const omma_sim3_pair *q = p->pair + (p->list ? p->list[i] : i);
        double in_a[3], in_b[3], skew[9], turned[9], D[21], r[2];
        omma_sim3_apply(&S, q->a, in_b);
        omma_sim3_apply(&back, q->b, in_a);
        if (!residual(in_b, q->xb, r)) {
            out->cost = INFINITY;
            return;
        }
        mat3_skew(in_b, skew);
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 3; k++) {
                D[7 * j + k] = j == k;
                D[7 * j + 3 + k] = -skew[3 * j + k];
            }
            D[7 * j + 6] = in_b[j];
        }
        add_rows(in_b, D, r, p->huber, out);
        if (!residual(in_a, q->xa, r)) {
            out->cost = INFINITY;
            return;
        }
        double spread[3];
        mat3_skew(q->b, skew);
        mat3_mul(back.R, skew, turned);
        mat3_apply(back.R, q->b, spread);
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 3; k++) {
                D[7 * j + k] = -back.s * back.R[3 * j + k];
                D[7 * j + 3 + k] = back.s * turned[3 * j + k];
            }
            D[7 * j + 6] = -back.s * spread[j];
        }
        add_rows(in_a, D, r, p->huber, out);
    }
}

static void step(const void *data, const double *state, const double *xi, double *out)
{
    (void)data;
    omma_sim3 S, next;
    const omma_sim3 d = omma_sim3_exp(xi);

    memcpy(&S, state, sizeof(S));
    next = omma_sim3_mul(&d, &S);
    mat3_nearest_rotation(next.R, S.R);
    memcpy(next.R, S.R, sizeof(S.R));
    memcpy(out, &next, sizeof(next));
}

static bool minimize(const pairs *p, double *state)
{
    const levenberg_problem lm = {.unknowns = 7,
                                  .state_bytes = sizeof(omma_sim3),
                                  .linearize = linearize,
                                  .step = step,
                                  .data = p};
    levenberg_equations at;
    return levenberg_minimize(&lm, 10, state, &at) && levenberg_is_determined(&at, 7);
}

static bool refine(const void *data, const uint32_t *points, size_t n, double *model)
{
    pairs p = *(const pairs *)data;
    p.list = points;
    p.n = n;
    return minimize(&p, model);
}

omma_error omma_sim3_ransac(const omma_sim3_pair *pair, size_t n,
                            const omma_ransac_options *options, omma_sim3 *b_from_a,
                            uint8_t *inlier, omma_ransac_result *result)
{
    const pairs data = {.pair = pair, .n = n};
    const ransac_problem p = {.name = "similarity",
                              .n = n,
                              .sample = 3,
                              .at_least = 4,
                              .model_doubles = 13,
                              .solve = solve,
                              .distances = distances,
                              .refine = refine,
                              .data = &data};
    double model[RANSAC_MODEL];
    omma_error err = ransac_run(&p, options, model, inlier, result);
    if (!err)
        memcpy(b_from_a, model, sizeof(*b_from_a));
    return err;
}

omma_error omma_sim3_refine(const omma_sim3_pair *pair, size_t n, double huber, omma_sim3 *b_from_a)
{
    const pairs p = {.pair = pair, .n = n, .huber = huber};
    double state[LEVENBERG_STATE];

    if (n < 4)
        return omma_fail(OMMA_INVALID, "similarity: %zu points, at least 4 are needed", n);
    memcpy(state, b_from_a, sizeof(*b_from_a));
    if (!minimize(&p, state))
        return omma_fail(OMMA_DEGENERATE, "similarity: %zu points do not determine it", n);
    memcpy(b_from_a, state, sizeof(*b_from_a));
    return OMMA_OK;
}
