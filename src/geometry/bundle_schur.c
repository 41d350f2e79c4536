/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step. With H, W, h the pose-pose, pose-point and point-point parts of J^T J,
 *     [H W; W^T h] [x; step] = -[g; b]   gives   (H - W h^-1 W^T) x = -g + W h^-1 b,
 *     step = -h^-1 (b + W^T x),
 * where h is diagonal. Marquardt's damping raises each diagonal element by its share lambda, which
 * makes pixels, radians and scene units comparable.
 */
#include "bundle.h"
#include "dense_cholesky.h"

#include <math.h>
#include <string.h>

/* Inverse of a point's damped h, or 0: such a point stays where it is. Without parallax rho moves
 * nothing in the picture; where a change by a thousandfold of the scene's depths is within the
 * noise, a step would be noise too. */
static double point_inverse(const bundle_system *s, const bundle_state *state, size_t i,
                            double lambda)
{
    const double h = s->h[i], scale = fabs(state->rho[i]) + s->rho_scale;
    if (s->points_fixed || !(h > 0) || (scale > 0 && h * scale * scale < 1e-6))
        return 0;
    return 1 / (h * (1 + lambda));
}

/* y[0..n) -= a x[0..n) */
static inline void subtract(double *y, double a, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] -= a * x[i];
}

/*
 * S -= W h^-1 W^T for one point. Slots of neighbouring poses stand side by side in W as their
 * columns do in S, so each row of S is lowered in runs: most points are seen by consecutive poses.
 */
static void eliminate(bundle_system *s, size_t point, double inverse)
{
    const size_t begin = s->first_slot[point], end = s->first_slot[point + 1], n = s->n;
    const size_t camera_row = 6 * s->blocks, count = (size_t)s->camera_count;
    const double *W = s->W, *Wc = s->Wc + point * BUNDLE_CAMERA_PARAMETERS;
    for (size_t run = begin; run < end;) {
        size_t stop = run + 1;
        while (stop < end && s->slot_block[stop] == s->slot_block[stop - 1] + 1)
            stop++;
        const size_t column = 6 * (size_t)s->slot_block[run];
        for (size_t k = run; k < end; k++) {
            const size_t length = 6 * ((k + 1 < stop ? k + 1 : stop) - run);
            double *row = s->S + 6 * (size_t)s->slot_block[k] * n + column;
            for (size_t r = 0; r < 6; r++)
                subtract(row + r * n, W[6 * k + r] * inverse, W + 6 * run, length);
        }
        for (size_t r = 0; r < count; r++)
            subtract(s->S + (camera_row + r) * n + column, Wc[r] * inverse, W + 6 * run,
                     6 * (stop - run));
        run = stop;
    }
    for (size_t r = 0; r < count; r++)
        subtract(s->S + (camera_row + r) * n + camera_row, Wc[r] * inverse, Wc, r + 1);
}

static double damping(const bundle_system *s, size_t i)
{
    const double d = s->H[i * s->n + i];
    return d > 0 ? d : 1; /* what nothing touches stays */
}

/* The right-hand side -g + W h^-1 b. */
static void add_right_side(bundle_system *s, size_t point, double inverse)
{
    const double a = s->b[point] * inverse;
    for (size_t k = s->first_slot[point]; k < s->first_slot[point + 1]; k++)
        subtract(s->x + 6 * s->slot_block[k], -a, s->W + 6 * k, 6);
    subtract(s->x + 6 * s->blocks, -a, s->Wc + point * BUNDLE_CAMERA_PARAMETERS,
             (size_t)s->camera_count);
}

bool bundle_system_factor(bundle_system *s, const bundle_state *state, double lambda)
{
    const size_t n = s->n, used = 6 * s->blocks + (size_t)s->camera_count;
    for (size_t i = 0; i < n; i++) {
        memcpy(s->S + i * n, s->H + i * n, (i + 1) * sizeof(double));
        s->S[i * n + i] += i < used && s->H[i * n + i] > 0 ? lambda * s->H[i * n + i] : 1;
        s->x[i] = -s->g[i];
    }
    for (size_t i = 0; i < s->problem->point_count; i++) {
        const double inverse = point_inverse(s, state, i, lambda);
        if (inverse > 0) {
            eliminate(s, i, inverse);
            add_right_side(s, i, inverse);
        }
    }
    return cholesky_factor(s->S, n, s->first_tile, s->work);
}

/* w^T x of a point. */
static double along_cameras(const bundle_system *s, size_t point)
{
    const double *c = s->Wc + point * BUNDLE_CAMERA_PARAMETERS, *y = s->x + 6 * s->blocks;
    double sum = 0;
    for (size_t k = s->first_slot[point]; k < s->first_slot[point + 1]; k++) {
        const double *x = s->x + 6 * s->slot_block[k], *w = s->W + 6 * k;
        sum += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3] + w[4] * x[4] + w[5] * x[5];
    }
    for (int k = 0; k < s->camera_count; k++)
        sum += c[k] * y[k];
    return sum;
}

/* Steps of the points for the cameras' x; returns their part of the promised decrease. A step is
 * cut where it goes far beyond what the linear model knows: the loss by that is the difference of
 * the model (2 (b + W^T x) step + h step^2) at both. */
static double solve_points(bundle_system *s, const bundle_state *state, double lambda)
{
    double decrease = 0;
    for (size_t i = 0; i < s->problem->point_count; i++) {
        const double inverse = point_inverse(s, state, i, lambda);
        s->step[i] = 0;
        if (!(inverse > 0))
            continue;
        const double sum = s->b[i] + along_cameras(s, i), h = s->h[i], step = -sum * inverse;
        const double limit = fabs(state->rho[i]) + s->rho_scale;
        s->step[i] = step;
        decrease += step * (lambda * h * step - s->b[i]);
        if (limit > 0 && fabs(step) > limit) {
            const double cut = s->step[i] = copysign(limit, step);
            decrease += (2 * sum + h * step) * step - (2 * sum + h * cut) * cut;
        }
    }
    return decrease;
}

/* At the minimum of the damped model it has fallen by step^T (lambda D step - gradient) (Nielsen,
 * IMM-REP-1999-05, 3.14, for a cost without the factor 1/2). */
double bundle_system_solve(bundle_system *s, const bundle_state *state, double lambda)
{
    double decrease = 0;
    cholesky_solve(s->S, s->n, s->x);
    for (size_t i = 0; i < 6 * s->blocks + (size_t)s->camera_count; i++)
        decrease += s->x[i] * (lambda * damping(s, i) * s->x[i] - s->g[i]);
    return decrease + solve_points(s, state, lambda);
}

static void move_camera(const bundle_system *s, const omma_camera *from, omma_camera *to)
{
    *to = *from;
    for (int i = 0; i < s->camera_count; i++) {
        const double x = s->x[6 * s->blocks + (size_t)i];
        switch (s->camera_parameter[i]) {
        case 0:
            to->fx = from->fx * exp(x);
            to->fy = from->fy * exp(x);
            break;
        case 1:
            to->cx += x;
            break;
        case 2:
            to->cy += x;
            break;
        default:
            to->k[bundle_place_of_k(to, s->camera_parameter[i])] += x;
        }
    }
}

static bool is_zero(const double x[6])
{
    return x[0] == 0 && x[1] == 0 && x[2] == 0 && x[3] == 0 && x[4] == 0 && x[5] == 0;
}

void bundle_system_move(const bundle_system *s, const bundle_state *state, bundle_state *out)
{
    const omma_bundle_problem *p = s->problem;
    for (size_t i = 0; i < p->pose_count; i++) {
        if (s->block[i] < 0 || is_zero(s->x + 6 * s->block[i])) {
            out->pose[i] = state->pose[i];
            continue;
        }
        const omma_se3 increment = omma_se3_exp(s->x + 6 * s->block[i]);
        out->pose[i] = omma_se3_mul(&increment, state->pose + i);
        omma_se3_normalize(out->pose + i);
    }
    for (size_t i = 0; i < p->point_count; i++)
        out->rho[i] = state->rho[i] + s->step[i];
    move_camera(s, &state->camera, &out->camera);
    if (s->camera_count)
        bundle_state_update_rays(out, p);
}
