/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Absolute and relative error of an estimated trajectory. Alignment is Umeyama's (PAMI 1991); its
 * rotation is found as Horn's unit quaternion ("Closed-form solution of absolute orientation using
 * unit quaternions", JOSA A 1987), which is the same rotation and also has an answer for paths on
 * one line, where it is merely not unique.
 */
#include <omma/map.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct pair {
    const omma_stamped_pose *truth, *estimate;
    double aligned[3]; /* position of the estimate in the truth's world */
    double aligned_R[9];
} pair;

typedef struct errors {
    double translation2, rotation_deg2; /* sums of squares */
    size_t count;
} errors;

/* ------------------------------------------------------------------------ association */

static double median_in_place(double *values, size_t n)
{
    omma_sort(values, n);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static double median_step(const omma_trajectory *t)
{
    double *steps = omma_new_array(double, t->count);

    for (size_t i = 0; i + 1 < t->count; i++)
        steps[i] = t->poses[i + 1].time_s - t->poses[i].time_s;
    double median = median_in_place(steps, t->count - 1);

    free(steps);
    return median;
}

/* The pose nearest in time; of two equally near ones the earlier. */
static size_t nearest_pose(const omma_trajectory *t, double time_s)
{
    size_t low = 0, high = t->count;

    while (low < high) { /* the first that is not before time_s */
        size_t middle = low + (high - low) / 2;

        if (t->poses[middle].time_s < time_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->count)
        return t->count - 1;
    if (low > 0 && fabs(t->poses[low - 1].time_s - time_s) <= fabs(t->poses[low].time_s - time_s))
        return low - 1;
    return low;
}

/* Pairs that are each other's nearest, at most max_dt_s apart. @return how many. */
static size_t associate(const omma_trajectory *estimate, const omma_trajectory *truth,
                        double max_dt_s, pair *pairs)
{
    size_t n = 0;

    for (size_t k = 0; k < estimate->count; k++) {
        const omma_stamped_pose *e = &estimate->poses[k];
        size_t g = nearest_pose(truth, e->time_s);

        if (fabs(truth->poses[g].time_s - e->time_s) <= max_dt_s &&
            nearest_pose(estimate, truth->poses[g].time_s) == k)
            pairs[n++] = (pair){.truth = &truth->poses[g], .estimate = e};
    }
    return n;
}

/* -------------------------------------------------------------------------- alignment */

/* Eigenvector of the largest eigenvalue of a symmetric 4x4 matrix, by cyclic Jacobi rotations
 * (Golub, Van Loan, "Matrix computations", 4th ed., 8.5). A is destroyed. */
static void largest_eigenvector(double A[4][4], double v[4])
{
    double V[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};

    for (int sweep = 0; sweep < 50; sweep++) {
        double off = 0, all = 0;

        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                all += A[i][j] * A[i][j];
                off += i == j ? 0 : A[i][j] * A[i][j];
            }
        if (!(off > 1e-36 * all))
            break;
        for (int p = 0; p < 3; p++)
            for (int q = p + 1; q < 4; q++) {
                if (A[p][q] == 0)
                    continue;
                double tau = (A[q][q] - A[p][p]) / (2 * A[p][q]);
                double t = (tau < 0 ? -1 : 1) / (fabs(tau) + hypot(1, tau));
                double c = 1 / sqrt(1 + t * t), s = t * c;

                for (int k = 0; k < 4; k++) {
                    double a = A[k][p], b = A[k][q];
                    A[k][p] = c * a - s * b;
                    A[k][q] = s * a + c * b;
                    a = V[k][p], b = V[k][q];
                    V[k][p] = c * a - s * b;
                    V[k][q] = s * a + c * b;
                }
                for (int k = 0; k < 4; k++) {
                    double a = A[p][k], b = A[q][k];
                    A[p][k] = c * a - s * b;
                    A[q][k] = s * a + c * b;
                }
            }
    }
    int best = 0;

    for (int i = 1; i < 4; i++)
        if (A[i][i] > A[best][best])
            best = i;
    for (int k = 0; k < 4; k++)
        v[k] = V[k][best];
}

/* The rotation R that maximises trace(R^T M), M = sum of dst src^T. Horn's N for M^T. */
static void nearest_rotation(const double M[9], double R[9])
{
    double xx = M[0], xy = M[3], xz = M[6]; /* xy: sum of src x times dst y */
    double yx = M[1], yy = M[4], yz = M[7];
    double zx = M[2], zy = M[5], zz = M[8];
    // clang-format off
    double N[4][4] = {
        {xx + yy + zz, yz - zy,       zx - xz,       xy - yx},
        {yz - zy,      xx - yy - zz,  xy + yx,       zx + xz},
        {zx - xz,      xy + yx,      -xx + yy - zz,  yz + zy},
        {xy - yx,      zx + xz,       yz + zy,      -xx - yy + zz},
    };
    // clang-format on
    double wxyz[4];

    largest_eigenvector(N, wxyz);
    omma_se3 T =
        omma_se3_from_quaternion((double[4]){wxyz[1], wxyz[2], wxyz[3], wxyz[0]}, (double[3]){0});

    memcpy(R, T.R, sizeof T.R);
}

static void mul_mm(const double a[9], const double b[9], double out[9])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}

/* out = a^T b */
static void mul_tm(const double a[9], const double b[9], double out[9])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = a[i] * b[j] + a[3 + i] * b[3 + j] + a[6 + i] * b[6 + j];
}

/* out = a^T v */
static void mul_tv(const double a[9], const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = a[i] * v[0] + a[3 + i] * v[1] + a[6 + i] * v[2];
}

static void means(const pair *pairs, size_t n, double truth[3], double estimate[3])
{
    for (int i = 0; i < 3; i++) {
        truth[i] = estimate[i] = 0;
        for (size_t k = 0; k < n; k++) {
            truth[i] += pairs[k].truth->world_from_camera.t[i];
            estimate[i] += pairs[k].estimate->world_from_camera.t[i];
        }
        truth[i] /= (double)n;
        estimate[i] /= (double)n;
    }
}

/* truth = s R estimate + t over the positions: Umeyama's equations 38 to 43. */
static omma_sim3 align_positions(const pair *pairs, size_t n, bool with_scale)
{
    omma_sim3 S = omma_sim3_identity();
    double mean_truth[3], mean_estimate[3], M[9] = {0}, variance = 0, trace = 0;

    means(pairs, n, mean_truth, mean_estimate);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 3; i++) {
            double b = pairs[k].truth->world_from_camera.t[i] - mean_truth[i];
            double a = pairs[k].estimate->world_from_camera.t[i] - mean_estimate[i];

            variance += a * a;
            for (int j = 0; j < 3; j++)
                M[3 * i + j] += b * (pairs[k].estimate->world_from_camera.t[j] - mean_estimate[j]);
        }
    nearest_rotation(M, S.R);
    for (int i = 0; i < 9; i++)
        trace += S.R[i] * M[i]; /* trace(R^T M) = sum of the signed singular values */
    if (with_scale && variance > 0)
        S.s = trace / variance;
    for (int i = 0; i < 3; i++)
        S.t[i] = mean_truth[i] -
                 S.s * (S.R[3 * i] * mean_estimate[0] + S.R[3 * i + 1] * mean_estimate[1] +
                        S.R[3 * i + 2] * mean_estimate[2]);
    return S;
}

static void apply_alignment(pair *pairs, size_t n, const omma_sim3 *truth_from_estimate)
{
    for (size_t k = 0; k < n; k++) {
        const omma_se3 *T = &pairs[k].estimate->world_from_camera;

        omma_sim3_apply(truth_from_estimate, T->t, pairs[k].aligned);
        mul_mm(truth_from_estimate->R, T->R, pairs[k].aligned_R);
    }
}

/* Standard deviation of the positions, counted against the size of their coordinates. */
static bool moves(const pair *pairs, size_t n, bool of_truth)
{
    double mean[2][3], spread2 = 0, size2 = 0;

    means(pairs, n, mean[0], mean[1]);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 3; i++) {
            const omma_stamped_pose *p = of_truth ? pairs[k].truth : pairs[k].estimate;
            double x = p->world_from_camera.t[i], from_mean = x - mean[of_truth ? 0 : 1][i];

            spread2 += from_mean * from_mean;
            size2 += x * x;
        }
    return sqrt(spread2) > 1e-12 * sqrt(size2);
}

/* Positions in one place fit everything: an alignment onto them would make any error 0. */
static omma_error check_motion(const pair *pairs, size_t n)
{
    if (!moves(pairs, n, true))
        return omma_fail(OMMA_DEGENERATE,
                         "evaluate: the truth does not move in its %zu paired poses, so nothing "
                         "can be aligned to it",
                         n);
    if (!moves(pairs, n, false))
        return omma_fail(OMMA_DEGENERATE,
                         "evaluate: the estimate does not move in its %zu paired poses, so it "
                         "cannot be aligned",
                         n);
    return OMMA_OK;
}

/* ----------------------------------------------------------------------------- errors */

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

static double degrees(double rad)
{
    return rad * (180 / M_PI);
}

static void measure_positions(const pair *pairs, size_t n, omma_evaluation *out)
{
    double *error = omma_new_array(double, n);
    double sum = 0, sum2 = 0;

    for (size_t k = 0; k < n; k++) {
        error[k] = distance(pairs[k].aligned, pairs[k].truth->world_from_camera.t);
        sum += error[k];
        sum2 += error[k] * error[k];
        out->ate_max = fmax(out->ate_max, error[k]);
    }
    out->ate_rmse = sqrt(sum2 / (double)n);
    out->ate_mean = sum / (double)n;
    out->ate_median = median_in_place(error, n);
    free(error);
}

static void measure_path(const pair *pairs, size_t n, omma_evaluation *out)
{
    double low[3], high[3];

    memcpy(low, pairs[0].truth->world_from_camera.t, sizeof low);
    memcpy(high, low, sizeof high);
    for (size_t k = 1; k < n; k++) {
        const double *t = pairs[k].truth->world_from_camera.t;

        out->path_length += distance(t, pairs[k - 1].truth->world_from_camera.t);
        for (int i = 0; i < 3; i++) {
            low[i] = fmin(low[i], t[i]);
            high[i] = fmax(high[i], t[i]);
        }
    }
    out->extent = distance(low, high);
}

static void measure_rotations(const pair *pairs, size_t n, omma_evaluation *out)
{
    double M[9] = {0}, Q[9], own[9], sum2 = 0, sum2_own = 0;

    for (size_t k = 0; k < n; k++) {
        const double *g = pairs[k].truth->world_from_camera.R;
        const double *e = pairs[k].estimate->world_from_camera.R;

        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                M[3 * i + j] +=
                    g[3 * i] * e[3 * j] + g[3 * i + 1] * e[3 * j + 1] + g[3 * i + 2] * e[3 * j + 2];
    }
    nearest_rotation(M, Q);
    for (size_t k = 0; k < n; k++) {
        const double *g = pairs[k].truth->world_from_camera.R;
        double angle = degrees(omma_so3_angle(g, pairs[k].aligned_R));

        sum2 += angle * angle;
        mul_mm(Q, pairs[k].estimate->world_from_camera.R, own);
        angle = degrees(omma_so3_angle(g, own));
        sum2_own += angle * angle;
    }
    out->rotation_rmse_deg = sqrt(sum2 / (double)n);
    out->rotation_rmse_own_deg = sqrt(sum2_own / (double)n);
}

static void add_relative_error(const pair *a, const pair *b, errors *sum)
{
    const omma_se3 *ta = &a->truth->world_from_camera, *tb = &b->truth->world_from_camera;
    double truth_step[3], step[3], truth_turn[9], turn[9];

    for (int i = 0; i < 3; i++) {
        truth_step[i] = tb->t[i] - ta->t[i];
        step[i] = b->aligned[i] - a->aligned[i];
    }
    mul_tv(ta->R, (double[3]){truth_step[0], truth_step[1], truth_step[2]}, truth_step);
    mul_tv(a->aligned_R, (double[3]){step[0], step[1], step[2]}, step);
    mul_tm(ta->R, tb->R, truth_turn);
    mul_tm(a->aligned_R, b->aligned_R, turn);
    double d = distance(truth_step, step), angle = degrees(omma_so3_angle(truth_turn, turn));

    sum->translation2 += d * d;
    sum->rotation_deg2 += angle * angle;
    sum->count++;
}

/* Over 1 s where there are more than two poses a second, else over 30 poses. */
static void measure_relative(const pair *pairs, size_t n, double step_s, double max_dt_s,
                             omma_evaluation *out)
{
    errors sum = {0};
    size_t j = 0;

    for (size_t i = 0; i < n; i++) {
        if (step_s < 0.5) {
            double time_s = pairs[i].truth->time_s;

            while (j < n && pairs[j].truth->time_s < time_s + 1.0 - 0.5 * step_s)
                j++;
            if (j < n && fabs(pairs[j].truth->time_s - time_s - 1.0) > fmax(step_s, max_dt_s))
                continue;
        } else {
            j = i + 30;
        }
        if (j >= n)
            break;
        add_relative_error(&pairs[i], &pairs[j], &sum);
    }
    out->rpe_translation_rmse = sum.count ? sqrt(sum.translation2 / (double)sum.count) : NAN;
    out->rpe_rotation_rmse_deg = sum.count ? sqrt(sum.rotation_deg2 / (double)sum.count) : NAN;
}

static omma_error check_finite(const omma_evaluation *e)
{
    const double values[] = {e->scale,       e->ate_rmse, e->ate_mean,          e->ate_max,
                             e->path_length, e->extent,   e->rotation_rmse_deg, e->ate_median};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (!isfinite(values[i]))
            return omma_fail(OMMA_INVALID, "evaluate: the positions are too large to be squared, "
                                           "or are no numbers");
    return OMMA_OK;
}

static omma_error measure(pair *pairs, size_t n, omma_alignment alignment, double step_s,
                          double max_dt_s, omma_evaluation *out)
{
    omma_sim3 S = omma_sim3_identity();

    if (alignment != OMMA_ALIGN_NONE)
        S = align_positions(pairs, n, alignment == OMMA_ALIGN_SIM3);
    out->scale = S.s;
    out->truth_from_estimate = S;
    apply_alignment(pairs, n, &S);
    measure_positions(pairs, n, out);
    measure_path(pairs, n, out);
    measure_rotations(pairs, n, out);
    measure_relative(pairs, n, step_s, max_dt_s, out);
    return check_finite(out);
}

omma_error omma_trajectory_evaluate(const omma_trajectory *estimate, const omma_trajectory *truth,
                                    omma_alignment alignment, double max_dt_s, size_t expected,
                                    omma_evaluation *out)
{
    if (truth->count < 2 || estimate->count < 1)
        return omma_fail(OMMA_DEGENERATE, "evaluate: %zu true and %zu estimated poses are too few",
                         truth->count, estimate->count);
    double step_s = median_step(truth);

    if (!(max_dt_s > 0))
        max_dt_s = fmax(0.5 * step_s, 1e-3);
    pair *pairs = omma_new_array(pair, estimate->count);
    size_t n = associate(estimate, truth, max_dt_s, pairs);

    if (n < 3) {
        free(pairs);
        return omma_fail(OMMA_DEGENERATE,
                         "evaluate: only %zu poses are within %g s of each other (truth %.3f to "
                         "%.3f s, estimate %.3f to %.3f s)",
                         n, max_dt_s, truth->poses[0].time_s, truth->poses[truth->count - 1].time_s,
                         estimate->poses[0].time_s, estimate->poses[estimate->count - 1].time_s);
    }
    if (expected && n > expected) {
        free(pairs);
        return omma_fail(OMMA_INVALID,
                         "evaluate: %zu frames are expected, but %zu poses have a pair: give the "
                         "number of all frames of the input",
                         expected, n);
    }
    omma_evaluation result = {
        .pairs = n,
        .truth_poses = truth->count,
        .estimated_poses = estimate->count,
        .coverage = (double)n / (double)(expected ? expected : truth->count),
    };
    omma_error err = alignment == OMMA_ALIGN_NONE ? OMMA_OK : check_motion(pairs, n);

    if (!err)
        err = measure(pairs, n, alignment, step_s, max_dt_s, &result);
    if (!err)
        *out = result;
    free(pairs);
    return err;
}
