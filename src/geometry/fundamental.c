/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "levenberg.h"
#include "matrix.h"
#include "polynomial.h"
#include "ransac.h"
#include "sampson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* xb' F xa as a row over F's entries. */
static void epipolar_row(const double a[2], const double b[2], double row[9])
{
    const double pa[3] = {a[0], a[1], 1}, pb[3] = {b[0], b[1], 1};
    for (int k = 0; k < 9; k++)
        row[k] = pb[k / 3] * pa[k % 3];
}

static bool scale_to_unit(double F[9])
{
    double norm2 = 0;
    for (int k = 0; k < 9; k++)
        norm2 += F[k] * F[k];
    for (int k = 0; k < 9; k++)
        F[k] /= sqrt(norm2);
    return norm2 > 0 && isfinite(norm2);
}

/* Hartley, Zisserman, 11.1.2: seven points leave F1 + g F2, and det = 0 is a cubic in g. */
int omma_fundamental_seven_point(const double *xa, const double *xb, double F[3][9])
{
    double A[63], basis[18], cubic[4], roots[3];
    for (int i = 0; i < 7; i++)
        epipolar_row(xa + 2 * i, xb + 2 * i, A + 9 * i);
    if (!matrix_null_space(A, 7, 9, basis))
        return 0;
    mat3_pencil_cubic(basis, basis + 9, cubic);
    int n = polynomial_real_roots(cubic, 3, roots), count = 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 9; k++)
            F[count][k] = basis[k] + roots[i] * basis[9 + k];
        count += scale_to_unit(F[count]);
    }
    return count;
}

/* Moves the points of a view around 0 (mean) and divides by scale. */
typedef struct placement {
    double mean[2], scale;
} placement;

static void place(const double *x, size_t n, placement *p)
{
    p->mean[0] = p->mean[1] = p->scale = 0;
    for (size_t i = 0; i < 2 * n; i++)
        p->mean[i % 2] += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        p->scale += hypot(x[2 * i] - p->mean[0], x[2 * i + 1] - p->mean[1]) / (double)n / M_SQRT2;
}

static bool is_usable(const placement *p)
{
    return p->scale > 0 && isfinite(p->scale);
}

static void move(const placement *p, const double x[2], double out[2])
{
    out[0] = (x[0] - p->mean[0]) / p->scale;
    out[1] = (x[1] - p->mean[1]) / p->scale;
}

/* F <- Tb' F Ta, unit norm */
static bool move_back(const placement *a, const placement *b, double F[9])
{
    const double Ta[9] = {
        1 / a->scale, 0, -a->mean[0] / a->scale, 0, 1 / a->scale, -a->mean[1] / a->scale, 0, 0, 1};
    const double Tb[9] = {1 / b->scale,           0, 0, 0, 1 / b->scale, 0, -b->mean[0] / b->scale,
                          -b->mean[1] / b->scale, 1}; /* transposed */
    double M[9];
    mat3_mul(Tb, F, M);
    mat3_mul(M, Ta, F);
    return scale_to_unit(F);
}

/* F <- U diag(s0, s1, 0) V': the nearest matrix of rank 2. */
static void drop_rank(double F[9])
{
    double U[9], s[3], V[9];
    mat3_svd(F, U, s, V);
    for (int k = 0; k < 9; k++)
        F[k] -= U[3 * (k / 3) + 2] * s[2] * V[3 * (k % 3) + 2];
}

omma_error omma_fundamental_eight_point(const double *xa, const double *xb, size_t n, double F[9])
{
    double A[81] = {0}, values[9], vectors[81], out[9];
    placement pa, pb;
    if (n < 8)
        return omma_fail(OMMA_INVALID, "fundamental matrix: %zu points, at least 8 are needed", n);
    for (size_t i = 0; i < 2 * n; i++) {
        if (!isfinite(xa[i]) || !isfinite(xb[i]))
            return omma_fail(OMMA_INVALID, "fundamental matrix: point %zu is not finite", i / 2);
    }
    place(xa, n, &pa);
    place(xb, n, &pb);
    if (!is_usable(&pa) || !is_usable(&pb))
        return omma_fail(OMMA_DEGENERATE, "fundamental matrix: all points are in one place");
    for (size_t i = 0; i < n; i++) {
        double a[2], b[2], row[9];
        move(&pa, xa + 2 * i, a);
        move(&pb, xb + 2 * i, b);
        epipolar_row(a, b, row);
        for (int k = 0; k < 81; k++)
            A[k] += row[k / 9] * row[k % 9];
    }
    matrix_symmetric_eigen(9, A, values, vectors);
    if (!(values[1] > 1e-11 * values[8]))
        return omma_fail(OMMA_DEGENERATE, "fundamental matrix: the points lie on one plane, or the "
                                          "view only turns");
    memcpy(out, vectors, sizeof(out));
    drop_rank(out);
    if (!move_back(&pa, &pb, out))
        return omma_fail(OMMA_DEGENERATE, "fundamental matrix: the points do not determine it");
    memcpy(F, out, sizeof(out));
    return OMMA_OK;
}

/* --------------------------------------------------------------------------------------- ransac */

typedef struct pairs {
    double *xa, *xb; /* placed: RANSAC may be asked in pixels */
    const uint32_t *list;
    size_t n;
} pairs;

static int solve(const void *data, const uint32_t *sample, double *models)
{
    const pairs *p = data;
    double xa[14], xb[14], F[3][9];
    for (int i = 0; i < 7; i++) {
        memcpy(xa + 2 * i, p->xa + 2 * (size_t)sample[i], 2 * sizeof(double));
        memcpy(xb + 2 * i, p->xb + 2 * (size_t)sample[i], 2 * sizeof(double));
    }
    int count = omma_fundamental_seven_point(xa, xb, F);
    memcpy(models, F, (size_t)count * sizeof(*F));
    return count;
}

static void distances(const void *data, const double *model, size_t from, size_t to, double *d2)
{
    const pairs *p = data;
    sampson_distances(model, p->xa + 2 * from, p->xb + 2 * from, to - from, d2);
}

/* The seven directions of rank-2 matrices: F <- exp(u) (F + d u1 v1') exp(v)', where u1, v1 belong
 * to the second singular value. Source: Bartoli, Sturm, "Nonlinear estimation of the fundamental
 * matrix with minimal parameters", PAMI 2004. */
static void second_pair(const double F[9], double out[9])
{
    double U[9], s[3], V[9];
    mat3_svd(F, U, s, V);
    for (int k = 0; k < 9; k++)
        out[k] = U[3 * (k / 3) + 1] * V[3 * (k % 3) + 1];
}

static void linearize(const void *data, const double *F, levenberg_equations *out)
{
    const pairs *p = data;
    double D[7][9];
    for (int k = 0; k < 3; k++) {
        const double axis[3] = {k == 0, k == 1, k == 2};
        double S[9], St[9];
        mat3_skew(axis, S);
        mat3_transpose(S, St);
        mat3_mul(S, F, D[k]);
        mat3_mul(F, St, D[3 + k]);
    }
    second_pair(F, D[6]);
    for (size_t i = 0; i < p->n; i++)
        sampson_linearize(F, D[0], 7, p->xa + 2 * (size_t)p->list[i],
                          p->xb + 2 * (size_t)p->list[i], out);
}

static void step_fundamental(const void *data, const double *F, const double *step, double *out)
{
    (void)data;
    double R[9], S[9], St[9], M[9], K[9];
    second_pair(F, M);
    for (int k = 0; k < 9; k++)
        M[k] = F[k] + step[6] * M[k];
    omma_so3_exp(step, R);
    omma_so3_exp(step + 3, S);
    mat3_transpose(S, St);
    mat3_mul(R, M, K);
    mat3_mul(K, St, out);
    scale_to_unit(out);
}

static bool refine(const void *data, const uint32_t *points, size_t n, double *model)
{
    pairs p = *(const pairs *)data;
    p.list = points;
    p.n = n;
    levenberg_problem lm = {.unknowns = 7,
                            .state_bytes = 9 * sizeof(double),
                            .linearize = linearize,
                            .step = step_fundamental,
                            .data = &p};
    levenberg_equations at;
    return levenberg_minimize(&lm, 10, model, &at);
}

omma_error omma_fundamental_ransac(const double *xa, const double *xb, size_t n,
                                   const omma_ransac_options *options, double F[9], uint8_t *inlier,
                                   omma_ransac_result *result)
{
    omma_ransac_options o = options ? *options : (omma_ransac_options){0};
    placement pa, pb;
    double model[9];
    place(xa, n, &pa);
    place(xb, n, &pb);
    /* One scale for both views keeps the Sampson distance what it is. */
    pa.scale = pb.scale = 0.5 * (pa.scale + pb.scale);
    if (!is_usable(&pa)) {
        pa = pb = (placement){.scale = 1};
    }
    o.threshold /= pa.scale;
    pairs data = {.xa = n <= SIZE_MAX / 32 ? malloc(4 * n * sizeof(double) + 1) : NULL};
    if (!data.xa)
        return omma_fail(OMMA_NO_MEMORY, "fundamental matrix: %zu points", n);
    data.xb = data.xa + 2 * n;
    for (size_t i = 0; i < n; i++) {
        move(&pa, xa + 2 * i, data.xa + 2 * i);
        move(&pb, xb + 2 * i, data.xb + 2 * i);
    }
    ransac_problem p = {.name = "fundamental matrix",
                        .n = n,
                        .sample = 7,
                        .at_least = 7,
                        .model_doubles = 9,
                        .solve = solve,
                        .distances = distances,
                        .refine = refine,
                        .data = &data};
    omma_error err = ransac_run(&p, &o, model, inlier, result);
    if (!err && move_back(&pa, &pb, model))
        memcpy(F, model, sizeof(model));
    free(data.xa);
    return err;
}
