/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include "levenberg.h"
#include "matrix.h"
#include "ransac.h"

#include <math.h>
#include <string.h>

/* ----------------------------------------------------------------------------------- linear fit */

/* Hartley's normalisation: centroid to 0, mean distance to sqrt 2. (scale, x, y of the centroid) */
static bool normalization(const double *x, size_t n, double T[3])
{
    T[0] = T[1] = T[2] = 0;
    for (size_t i = 0; i < n; i++) {
        T[1] += x[2 * i] / (double)n;
        T[2] += x[2 * i + 1] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        T[0] += hypot(x[2 * i] - T[1], x[2 * i + 1] - T[2]) / (double)n;
    T[0] = M_SQRT2 / T[0];
    return isfinite(T[0]) && T[0] > 0;
}

/* The two independent rows of xb x (H xa) = 0 (Hartley, Zisserman, (4.3)). */
static void dlt_rows(const double a[2], const double b[2], double rows[18])
{
    double p[3] = {a[0], a[1], 1};
    for (int k = 0; k < 3; k++) {
        rows[k] = 0;
        rows[3 + k] = -p[k];
        rows[6 + k] = b[1] * p[k];
        rows[9 + k] = p[k];
        rows[12 + k] = 0;
        rows[15 + k] = -b[0] * p[k];
    }
}

/* Frobenius norm 1, and the sign that puts the points' images at positive depth. */
static bool scale_homography(const double *xa, size_t n, double H[9])
{
    double norm2 = 0, depth = 0;
    for (int i = 0; i < 9; i++)
        norm2 += H[i] * H[i];
    if (!(norm2 > 0) || !isfinite(norm2))
        return false;
    for (size_t i = 0; i < n; i++)
        depth += H[6] * xa[2 * i] + H[7] * xa[2 * i + 1] + H[8] > 0 ? 1 : -1;
    double k = (depth < 0 ? -1 : 1) / sqrt(norm2);
    for (int i = 0; i < 9; i++)
        H[i] *= k;
    return true;
}

/* H <- Tb^-1 H Ta */
static void denormalize(const double Ta[3], const double Tb[3], double H[9])
{
    double M[9];
    const double A[9] = {Ta[0], 0, -Ta[0] * Ta[1], 0, Ta[0], -Ta[0] * Ta[2], 0, 0, 1};
    const double B[9] = {1 / Tb[0], 0, Tb[1], 0, 1 / Tb[0], Tb[2], 0, 0, 1};
    mat3_mul(B, H, M);
    mat3_mul(M, A, H);
}

omma_error omma_homography_fit(const double *xa, const double *xb, size_t n, double H[9])
{
    double Ta[3], Tb[3], A[81] = {0}, values[9], vectors[81], out[9];
    if (n < 4)
        return omma_fail(OMMA_INVALID, "homography: %zu points, at least 4 are needed", n);
    for (size_t i = 0; i < 2 * n; i++) {
        if (!isfinite(xa[i]) || !isfinite(xb[i]))
            return omma_fail(OMMA_INVALID, "homography: point %zu is not finite", i / 2);
    }
    if (!normalization(xa, n, Ta) || !normalization(xb, n, Tb))
        return omma_fail(OMMA_DEGENERATE, "homography: all points are in one place");
    for (size_t i = 0; i < n; i++) {
        double a[2], b[2], rows[18];
        for (int k = 0; k < 2; k++) {
            a[k] = Ta[0] * (xa[2 * i + k] - Ta[1 + k]);
            b[k] = Tb[0] * (xb[2 * i + k] - Tb[1 + k]);
        }
        dlt_rows(a, b, rows);
        for (int r = 0; r < 81; r++)
            A[r] += rows[r / 9] * rows[r % 9] + rows[9 + r / 9] * rows[9 + r % 9];
    }
    matrix_symmetric_eigen(9, A, values, vectors);
    /* Two small eigenvalues, or a map onto a line, are what three points on a line give. */
    if (!(values[1] > 1e-11 * values[8]) || !(fabs(mat3_determinant(vectors)) > 1e-9))
        return omma_fail(OMMA_DEGENERATE, "homography: too many points on one line");
    memcpy(out, vectors, sizeof(out));
    denormalize(Ta, Tb, out);
    if (!scale_homography(xa, n, out))
        return omma_fail(OMMA_DEGENERATE, "homography: the points do not determine it");
    memcpy(H, out, sizeof(out));
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------- decomposition */

/* The motion that takes the orthonormal frame (v2, u, v2 x u) to (H v2, H u, H v2 x H u). */
static void motion_from_plane(const double H[9], const double v2[3], const double u[3],
                              omma_se3 *b_from_a, double normal[3])
{
    double a[9], b[9], bt[9], D[9];
    memcpy(a, v2, 3 * sizeof(double));
    memcpy(a + 3, u, 3 * sizeof(double));
    vec3_cross(v2, u, a + 6);
    mat3_apply(H, v2, b);
    mat3_apply(H, u, b + 3);
    vec3_cross(b, b + 3, b + 6);
    mat3_transpose(b, bt);
    mat3_mul(bt, a, b_from_a->R);
    mat3_nearest_rotation(b_from_a->R, D); /* noise leaves it slightly bent */
    memcpy(normal, a + 6, 3 * sizeof(double));
    for (int i = 0; i < 9; i++)
        b_from_a->R[i] = D[i], D[i] = H[i] - D[i];
    mat3_apply(D, normal, b_from_a->t);
}

/*
 * With H scaled so that its middle singular value is 1, H = R + t n^T keeps the length of the
 * vectors in two planes through v2; each is the plane orthogonal to a possible n. Source: Ma,
 * Soatto, Kosecka, Sastry, "An invitation to 3-D vision", 2004, theorem 5.19, which is Faugeras and
 * Lustman's result in fewer cases.
 */
int omma_homography_decompose(const double H[9], omma_se3 b_from_a[4], double normal[4][3])
{
    double U[9], s[3], V[9], Vt[9], K[9];
    double determinant = mat3_determinant(H);
    if (!isfinite(determinant) || determinant == 0)
        return 0;
    mat3_svd(H, U, s, V);
    if (!(s[1] > 0))
        return 0;
    /* det H > 0 when both cameras are on the same side of the plane, as they must be. */
    for (int i = 0; i < 9; i++)
        K[i] = H[i] / (determinant < 0 ? -s[1] : s[1]);
    double big = s[0] / s[1], small = s[2] / s[1];
    if (!(big - small > 1e-9)) {
        mat3_nearest_rotation(K, b_from_a[0].R);
        memset(b_from_a[0].t, 0, sizeof(b_from_a[0].t));
        memcpy(normal[0], (double[3]){0, 0, 1}, sizeof(normal[0]));
        return 1;
    }
    mat3_transpose(V, Vt);
    const double *v1 = Vt, *v2 = Vt + 3, *v3 = Vt + 6;
    double spread = big * big - small * small;
    double p = sqrt(fmax(1 - small * small, 0) / spread);
    double q = sqrt(fmax(big * big - 1, 0) / spread);
    for (int c = 0; c < 2; c++) {
        double u[3];
        for (int i = 0; i < 3; i++)
            u[i] = p * v1[i] + (c ? -q : q) * v3[i];
        motion_from_plane(K, v2, u, &b_from_a[c], normal[c]);
        b_from_a[2 + c] = b_from_a[c];
        for (int i = 0; i < 3; i++) {
            b_from_a[2 + c].t[i] = -b_from_a[c].t[i];
            normal[2 + c][i] = -normal[c][i];
        }
    }
    return 4;
}

/* --------------------------------------------------------------------------------------- ransac */

typedef struct pairs {
    const double *xa, *xb;
    const uint32_t *list;
    size_t n;
} pairs;

/* A model is H and H^-1, both with positive depth for what they map. */
static bool complete_model(double model[18])
{
    if (!mat3_inverse(model, model + 9))
        return false;
    double norm2 = 0;
    for (int i = 0; i < 9; i++)
        norm2 += model[9 + i] * model[9 + i];
    for (int i = 0; i < 9; i++)
        model[9 + i] /= sqrt(norm2);
    return isfinite(norm2);
}

static bool map_point(const double H[9], const double x[2], double y[3])
{
    for (int i = 0; i < 3; i++)
        y[i] = H[3 * i] * x[0] + H[3 * i + 1] * x[1] + H[3 * i + 2];
    return y[2] > 0;
}

static double transfer(const double H[9], const double *x, const double *target)
{
    double y[3];
    if (!map_point(H, x, y))
        return INFINITY;
    double dx = y[0] / y[2] - target[0], dy = y[1] / y[2] - target[1];
    return dx * dx + dy * dy;
}

static void distances(const void *data, const double *model, size_t from, size_t to, double *d2)
{
    const pairs *p = data;
    for (size_t i = from; i < to; i++) {
        double forth = transfer(model, p->xa + 2 * i, p->xb + 2 * i);
        double back = transfer(model + 9, p->xb + 2 * i, p->xa + 2 * i);
        d2[i - from] = forth > back ? forth : back;
    }
}

static double turn(const double *a, const double *b, const double *c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/* A plane seen from one side keeps the order in which triples turn, or swaps that of all of them.
 */
static bool is_possible(const double xa[8], const double xb[8])
{
    int same = 0;
    for (int i = 0; i < 4; i++) {
        int j = (i + 1) % 4, k = (i + 2) % 4;
        double a = turn(xa + 2 * i, xa + 2 * j, xa + 2 * k);
        double b = turn(xb + 2 * i, xb + 2 * j, xb + 2 * k);
        same += a * b > 0;
    }
    return same == 0 || same == 4;
}

static int solve(const void *data, const uint32_t *sample, double *model)
{
    const pairs *p = data;
    double xa[8], xb[8], A[72];
    for (int i = 0; i < 4; i++) {
        memcpy(xa + 2 * i, p->xa + 2 * sample[i], 2 * sizeof(double));
        memcpy(xb + 2 * i, p->xb + 2 * sample[i], 2 * sizeof(double));
    }
    if (!is_possible(xa, xb))
        return 0;
    for (int i = 0; i < 4; i++)
        dlt_rows(xa + 2 * i, xb + 2 * i, A + 18 * i);
    return matrix_null_space(A, 8, 9, model) && scale_homography(xa, 4, model) &&
           complete_model(model);
}

static void add_transfer(const double *y, const double *dy, int stride, const double *target,
                         levenberg_equations *out)
{
    for (int r = 0; r < 2; r++) {
        double J[8], value = y[r] / y[2];
        for (int k = 0; k < 8; k++)
            J[k] = (dy[stride * k + r] - value * dy[stride * k + 2]) / y[2];
        levenberg_add(out, 8, J, target[r] - value, 1);
    }
}

/* Eight directions orthogonal to H itself, whose length means nothing. */
static void tangent_basis(const double H[9], double D[72])
{
    double A[9];
    memcpy(A, H, sizeof(A));
    matrix_null_space(A, 1, 9, D);
}

static void linearize(const void *data, const double *state, levenberg_equations *out)
{
    const pairs *p = data;
    double D[72], inverse[9];
    tangent_basis(state, D);
    if (!mat3_inverse(state, inverse)) {
        out->cost = INFINITY;
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        const double *a = p->xa + 2 * p->list[i], *b = p->xb + 2 * p->list[i];
        double ya[3], yb[3], da[24], db[24];
        bool front = map_point(state, a, yb);
        map_point(inverse, b, ya);
        if (!front || !(fabs(ya[2]) > 1e-12)) {
            out->cost = INFINITY;
            return;
        }
        for (int k = 0; k < 8; k++) {
            map_point(D + 9 * k, a, db + 3 * k);
            map_point(D + 9 * k, (double[2]){ya[0] / ya[2], ya[1] / ya[2]}, da + 3 * k);
            mat3_apply(inverse, da + 3 * k, da + 3 * k); /* d(H^-1) b = -H^-1 dH H^-1 b */
            for (int j = 0; j < 3; j++)
                da[3 * k + j] *= -ya[2];
        }
        add_transfer(yb, db, 3, b, out);
        add_transfer(ya, da, 3, a, out);
    }
}

static void step_homography(const void *data, const double *state, const double *step, double *out)
{
    (void)data;
    double D[72], norm2 = 0;
    tangent_basis(state, D);
    for (int i = 0; i < 9; i++) {
        out[i] = state[i];
        for (int k = 0; k < 8; k++)
            out[i] += step[k] * D[9 * k + i];
        norm2 += out[i] * out[i];
    }
    for (int i = 0; i < 9; i++)
        out[i] /= sqrt(norm2);
}

static bool refine(const void *data, const uint32_t *points, size_t n, double *model)
{
    pairs p = *(const pairs *)data;
    p.list = points;
    p.n = n;
    levenberg_problem lm = {.unknowns = 8,
                            .state_bytes = 9 * sizeof(double),
                            .linearize = linearize,
                            .step = step_homography,
                            .data = &p};
    levenberg_equations at;
    double state[LEVENBERG_STATE];
    memcpy(state, model, 9 * sizeof(double));
    if (!levenberg_minimize(&lm, 10, state, &at))
        return false;
    memcpy(model, state, 9 * sizeof(double));
    return complete_model(model);
}

omma_error omma_homography_ransac(const double *xa, const double *xb, size_t n,
                                  const omma_ransac_options *options, double H[9], uint8_t *inlier,
                                  omma_ransac_result *result)
{
    pairs data = {.xa = xa, .xb = xb};
    double model[18];
    ransac_problem p = {.name = "homography",
                        .n = n,
                        .sample = 4,
                        .at_least = 4,
                        .model_doubles = 18,
                        .solve = solve,
                        .distances = distances,
                        .refine = refine,
                        .data = &data};
    omma_error err = ransac_run(&p, options, model, inlier, result);
    if (!err)
        memcpy(H, model, 9 * sizeof(double));
    return err;
}
