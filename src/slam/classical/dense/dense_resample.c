/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <math.h>
#include <stdlib.h>

/* The map pixel nearest in grey among the four around decides, and those of about its depth are
 * interpolated with it. */
static void read_map(const dense_map *m, double x, double y, float *depth, float *error)
{
    const int x0 = (int)floor(x), y0 = (int)floor(y);
    const double a = x - x0, b = y - y0;
    double total = 0, rho = 0, e = 0;
    float lead = 0, most = -1;

    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 4; i++) {
            const int u = x0 + (i & 1), v = y0 + (i >> 1);
            if (u < 0 || v < 0 || u >= m->width || v >= m->height)
                continue;
            const float d = m->depth[v * m->width + u];
            const double w = (i & 1 ? a : 1 - a) * (i >> 1 ? b : 1 - b);
            if (!(d > 0))
                continue;
            if (pass == 0 && (float)w > most) {
                most = (float)w;
                lead = d;
            }
            if (pass == 1 && fabsf(d - lead) < 0.03f * lead) {
                total += w;
                rho += w / (double)d;
                e += w * (double)m->error[v * m->width + u];
            }
        }
    *depth = total > 0 ? (float)(total / rho) : 0;
    *error = total > 0 ? (float)(e / total) : 1;
}

omma_error dense_resample(const dense_map *m, const dense_view *view, int width, int height,
                          float *depth, float *error)
{
    if (width < 1 || height < 1 || m->width < 1)
        return omma_fail(OMMA_INVALID, "depth: nothing to resample");
    const double scale_x = (double)view->camera.width / width;
    const double scale_y = (double)view->camera.height / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double px[2] = {(x + 0.5) * scale_x - 0.5, (y + 0.5) * scale_y - 0.5};
            const size_t i = (size_t)y * (size_t)width + (size_t)x;
            double ray[2];
            float e = 1;
            depth[i] = 0;
            if (canvas_ray(view, px, ray))
                read_map(m, ray[0] * m->fx + m->cx, ray[1] * m->fy + m->cy, &depth[i], &e);
            if (error)
                error[i] = e;
        }
    return OMMA_OK;
}
