/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Umeyama, "Least-squares estimation of transformation parameters between two point
 * patterns", PAMI 1991; equation numbers below are his. */
#include <omma/geometry.h>

#include "matrix.h"

#include <math.h>

static void mean_of(const double *points, size_t n, double mean[3])
{
    mean[0] = mean[1] = mean[2] = 0;
    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j < 3; j++)
            mean[j] += points[3 * i + j];
    }
    for (int j = 0; j < 3; j++)
        mean[j] /= (double)n;
}

omma_error omma_umeyama(const double *src, const double *dst, size_t n, bool with_scale,
                        omma_sim3 *dst_from_src)
{
    if (n < 3)
        return omma_fail(OMMA_INVALID, "alignment: %zu points, at least 3 are needed", n);
    double src_mean[3], dst_mean[3], covariance[9] = {0}, src_variance = 0, dst_variance = 0;
    mean_of(src, n, src_mean);
    mean_of(dst, n, dst_mean);
    for (size_t i = 0; i < n; i++) {
        double a[3], b[3];
        for (int j = 0; j < 3; j++) {
            a[j] = src[3 * i + j] - src_mean[j];
            b[j] = dst[3 * i + j] - dst_mean[j];
        }
        src_variance += vec3_dot(a, a);
        dst_variance += vec3_dot(b, b);
        for (int j = 0; j < 9; j++)
            covariance[j] += b[j / 3] * a[j % 3]; /* (38) */
    }
    if (!isfinite(src_variance) || !isfinite(dst_variance))
        return omma_fail(OMMA_INVALID, "alignment: a coordinate is not a finite number");
    double U[9], s[3], V[9];
    mat3_svd(covariance, U, s, V);
    /* Of rank 1 or less, a turn about the points' line is free. */
    if (!(s[1] > 1e-12 * s[0]) || !(s[0] > 1e-24 * sqrt(src_variance * dst_variance)))
        return omma_fail(OMMA_DEGENERATE, "alignment: the points are in one place or on one line");
    omma_sim3 out = {.s = 1};
    mat3_nearest_rotation(covariance, out.R); /* (40), with (43) for the sign */
    if (with_scale) {
        double sign = mat3_determinant(U) * mat3_determinant(V) < 0 ? -1 : 1;
        out.s = (s[0] + s[1] + sign * s[2]) / src_variance; /* (42) */
        if (!(out.s > 0))
            return omma_fail(OMMA_DEGENERATE, "alignment: the points do not determine a scale");
    }
    mat3_apply(out.R, src_mean, out.t);
    for (int i = 0; i < 3; i++)
        out.t[i] = dst_mean[i] - out.s * out.t[i]; /* (41) */
    *dst_from_src = out;
    return OMMA_OK;
}
