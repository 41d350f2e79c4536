/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include <math.h>
#include <string.h>

static bool is_good(const omma_se3 *b_from_a, const double *xa, const double *xb, double threshold,
                    double point[3])
{
    double p[3];
    if (!omma_triangulate_two(b_from_a, xa, xb, point))
        return false;
    omma_se3_apply(b_from_a, point, p);
    double ea = hypot(point[0] / point[2] - xa[0], point[1] / point[2] - xa[1]);
    double eb = hypot(p[0] / p[2] - xb[0], p[1] / p[2] - xb[1]);
    return ea <= threshold && eb <= threshold;
}

int omma_motion_choose(const omma_se3 *candidates, int n_candidates, const double *xa,
                       const double *xb, size_t n, double threshold, double *points, uint8_t *good,
                       size_t *count)
{
    int winner = 0;
    size_t most = 0;
    double point[3];
    for (int c = 0; c < n_candidates; c++) {
        size_t votes = 0;
        for (size_t i = 0; i < n; i++)
            votes += is_good(&candidates[c], xa + 2 * i, xb + 2 * i, threshold, point);
        if (votes > most) {
            most = votes;
            winner = c;
        }
    }
    for (size_t i = 0; i < n && n_candidates > 0; i++) {
        bool holds = is_good(&candidates[winner], xa + 2 * i, xb + 2 * i, threshold, point);
        if (good)
            good[i] = holds;
        if (points && holds)
            memcpy(points + 3 * i, point, sizeof(point));
        else if (points)
            memset(points + 3 * i, 0, sizeof(point));
    }
    if (count)
        *count = most;
    return winner;
}
