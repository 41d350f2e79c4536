/* SPDX-License-Identifier: Apache-2.0 */
#include "dense.h"

#include <math.h>

/* What witnesses say of one pixel. */
typedef struct verdict {
    double rho, information; /* weighted mean of inverse depth, in the map's camera */
    int agree, contradict;
} verdict;

/* Where the map's camera has its point in the witness, and what that one saw there. */
static void ask(const dense_witness *w, const omma_se3 *witness_from_map, const double point[3],
                double own_error, verdict *v)
{
    const dense_map *m = w->map;
    double p[3];
    omma_se3_apply(witness_from_map, point, p);
    if (!(p[2] > 0))
        return;
    const double x = floor(m->fx * p[0] / p[2] + m->cx + 0.5);
    const double y = floor(m->fy * p[1] / p[2] + m->cy + 0.5);
    if (!(x >= 0 && y >= 0 && x < m->width && y < m->height))
        return;
    const size_t at = (size_t)y * (size_t)m->width + (size_t)x;
    const double seen = m->depth[at], error = m->error[at];
    if (!(seen > 0))
        return;
    const double ratio = seen / p[2], both = hypot(own_error, error);
    if (fabs(ratio - 1) < 2 * both + 0.005) {
        /* To first order z in the map's camera changes by the same share. */
        const double information = 1 / (error * error);
        v->rho += information / (point[2] * ratio);
        v->information += information;
        v->agree++;
    } else if (ratio > 1 + 4 * both) {
        v->contradict++; /* it sees through the point */
    }
}

static void judge(dense_map *map, size_t i, const verdict *v)
{
    const double z = map->depth[i], e = map->error[i];
    const double own = 1 / (e * e);
    if (v->agree > 0)
        map->depth[i] = (float)((own + v->information) / (own / z + v->rho));
    /* Maps share pictures and poses, so that they agree more than chance would have it: half of
     * what independent witnesses would give. */
    double error = e / sqrt(1 + 0.5 * v->agree);
    error *= 1 + 0.7 * v->contradict;
    map->error[i] = (float)fmin(error, 1);
}

void dense_check(dense_map *map, const omma_se3 *camera_from_world, const dense_witness *witness,
                 size_t witness_count)
{
    enum { MOST = 8 };
    omma_se3 witness_from_map[MOST];
    const omma_se3 world_from_map = omma_se3_inverse(camera_from_world);

    witness_count = witness_count < MOST ? witness_count : MOST;
    for (size_t k = 0; k < witness_count; k++)
        witness_from_map[k] = omma_se3_mul(&witness[k].camera_from_world, &world_from_map);
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x++) {
            const size_t i = (size_t)y * (size_t)map->width + (size_t)x;
            const double z = map->depth[i];
            const double point[3] = {z * (x - map->cx) / map->fx, z * (y - map->cy) / map->fy, z};
            verdict v = {0};
            if (!(z > 0))
                continue;
            for (size_t k = 0; k < witness_count; k++)
                ask(&witness[k], &witness_from_map[k], point, map->error[i], &v);
            judge(map, i, &v);
        }
}
