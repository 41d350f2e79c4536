/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "levenberg.h"
#include "matrix.h"
#include "ransac.h"
#include "sampson.h"

#include <math.h>
#include <string.h>

/* Source: Hartley, Zisserman, 2nd ed., 9.6.2 (result 9.19). */
void omma_essential_decompose(const double E[9], omma_se3 b_from_a[4])
{
    static const double W[9] = {0, -1, 0, 1, 0, 0, 0, 0, 1};
    double U[9], s[3], V[9], Vt[9], M[9], Wt[9];
    mat3_svd(E, U, s, V);
    /* The third columns belong to the singular value 0: their signs are free. */
    double du = mat3_determinant(U) < 0 ? -1 : 1, dv = mat3_determinant(V) < 0 ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        U[3 * i + 2] *= du;
        V[3 * i + 2] *= dv;
    }
    mat3_transpose(V, Vt);
    mat3_transpose(W, Wt);
    for (int c = 0; c < 4; c++) {
        mat3_mul(U, c < 2 ? W : Wt, M);
        mat3_mul(M, Vt, b_from_a[c].R);
        for (int i = 0; i < 3; i++)
            b_from_a[c].t[i] = c % 2 ? -U[3 * i + 2] : U[3 * i + 2];
    }
}

typedef struct pairs {
    const double *xa, *xb;
    const uint32_t *list; /* the points to refine on */
    size_t n;
} pairs;

static int solve(const void *data, const uint32_t *sample, double *models)
{
    const pairs *p = data;
    double xa[10], xb[10], E[10][9];
    for (int i = 0; i < 5; i++) {
        memcpy(xa + 2 * i, p->xa + 2 * sample[i], 2 * sizeof(double));
        memcpy(xb + 2 * i, p->xb + 2 * sample[i], 2 * sizeof(double));
    }
    int count = omma_essential_five_point(xa, xb, E);
    memcpy(models, E, (size_t)count * sizeof(*E));
    return count;
}

static void distances(const void *data, const double *model, size_t from, size_t to, double *d2)
{
    const pairs *p = data;
    sampson_distances(model, p->xa + 2 * from, p->xb + 2 * from, to - from, d2);
}

static void essential_of(const omma_se3 *b_from_a, double E[9])
{
    double T[9];
    mat3_skew(b_from_a->t, T);
    mat3_mul(T, b_from_a->R, E);
}

/* E = [t]x R with the five directions R <- exp(w) R, t <- t + a u + b v, where u, v complete t. */
static void linearize(const void *data, const double *state, levenberg_equations *out)
{
    const pairs *p = data;
    omma_se3 T, moved;
    double E[9], D[5][9], axes[2][3];
    memcpy(&T, state, sizeof(T));
    essential_of(&T, E);
    vec3_complete(T.t, axes[0], axes[1]);
    for (int k = 0; k < 3; k++) {
        double axis[3] = {k == 0, k == 1, k == 2}, S[9];
        mat3_skew(axis, S);
        moved = T;
        mat3_mul(S, T.R, moved.R);
        essential_of(&moved, D[k]);
    }
    for (int k = 0; k < 2; k++) {
        moved = T;
        memcpy(moved.t, axes[k], sizeof(moved.t));
        essential_of(&moved, D[3 + k]);
    }
    for (size_t i = 0; i < p->n; i++)
        sampson_linearize(E, D[0], 5, p->xa + 2 * p->list[i], p->xb + 2 * p->list[i], out);
}

static void step_motion(const void *data, const double *state, const double *step, double *out)
{
    (void)data;
    omma_se3 T, next;
    double R[9], u[3], v[3];
    memcpy(&T, state, sizeof(T));
    omma_so3_exp(step, R);
    mat3_mul(R, T.R, next.R);
    vec3_complete(T.t, u, v);
    for (int i = 0; i < 3; i++)
        next.t[i] = T.t[i] + step[3] * u[i] + step[4] * v[i];
    double norm = vec3_norm(next.t);
    for (int i = 0; i < 3; i++)
        next.t[i] /= norm;
    memcpy(out, &next, sizeof(next));
}

static bool refine(const void *data, const uint32_t *points, size_t n, double *model)
{
    pairs p = *(const pairs *)data;
    p.list = points;
    p.n = n;
    levenberg_problem lm = {.unknowns = 5,
                            .state_bytes = sizeof(omma_se3),
                            .linearize = linearize,
                            .step = step_motion,
                            .data = &p};
    levenberg_equations at;
    omma_se3 motions[4];
    double state[LEVENBERG_STATE];
    omma_essential_decompose(model, motions);
    memcpy(state, &motions[0], sizeof(motions[0])); /* all four have the same E, but for its sign */
    if (!levenberg_minimize(&lm, 10, state, &at))
        return false;
    memcpy(&motions[0], state, sizeof(motions[0]));
    essential_of(&motions[0], model);
    return true;
}

omma_error omma_essential_ransac(const double *xa, const double *xb, size_t n,
                                 const omma_ransac_options *options, double E[9], uint8_t *inlier,
                                 omma_ransac_result *result)
{
    pairs data = {.xa = xa, .xb = xb};
    ransac_problem p = {.name = "essential matrix",
                        .n = n,
                        .sample = 5,
                        .at_least = 5,
                        .model_doubles = 9,
                        .solve = solve,
                        .distances = distances,
                        .refine = refine,
                        .data = &data};
    return ransac_run(&p, options, E, inlier, result);
}
