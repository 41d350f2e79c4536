/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <math.h>
#include <stdlib.h>

enum { CELL = 8 }; /* px between the places where the camera model is evaluated */

/* Linear in inverse depth among those of the four px around that are on the same surface as the
 * nearest of them. */
static void read_map(const dense_map *m, float x, float y, float *depth, float *error)
{
    const int x0 = (int)floorf(x), y0 = (int)floorf(y);
    const float a = x - (float)x0, b = y - (float)y0;
    const int near_x = a < 0.5f ? x0 : x0 + 1, near_y = b < 0.5f ? y0 : y0 + 1;

    *depth = 0;
    *error = 1;
    if (near_x < 0 || near_y < 0 || near_x >= m->width || near_y >= m->height)
        return;
    const float lead = m->depth[near_y * m->width + near_x];
    float total = 0, rho = 0, e = 0;
    for (int i = 0; i < 4; i++) {
        const int u = x0 + (i & 1), v = y0 + (i >> 1);
        if (u < 0 || v < 0 || u >= m->width || v >= m->height)
            continue;
        const float d = m->depth[v * m->width + u];
        if (!(d > 0) || !(fabsf(d - lead) < 0.03f * lead))
            continue;
        const float w = (i & 1 ? a : 1 - a) * (i >> 1 ? b : 1 - b);
        total += w;
        rho += w / d;
        e += w * m->error[v * m->width + u];
    }
    if (total > 0) {
        *depth = total / rho;
        *error = e / total;
    }
}

typedef struct place {
    float x, y; /* px of the map */
    bool good;
} place;

static place place_of(const dense_map *m, const dense_view *v, double x, double y)
{
    const double px[2] = {x, y};
    double ray[2];
    if (!canvas_ray(v, px, ray) || !(fabs(ray[0]) < 1e3) || !(fabs(ray[1]) < 1e3))
        return (place){0};
    return (place){(float)(ray[0] * m->fx + m->cx), (float)(ray[1] * m->fy + m->cy), true};
}

omma_error dense_resample(const dense_map *m, const dense_view *view, int width, int height,
                          float *depth, float *error)
{
    if (width < 1 || height < 1 || width > 16384 || height > 16384 || m->width < 1)
        return omma_fail(OMMA_INVALID, "depth: cannot be put into %d x %d px", width, height);
    const double scale_x = (double)view->camera.width / width;
    const double scale_y = (double)view->camera.height / height;
    const int nodes = (width + CELL - 1) / CELL + 1;
    place *rows[2] = {omma_new_array(place, (size_t)nodes), omma_new_array(place, (size_t)nodes)};

    for (int y = 0; y < height; y++) {
        place *above = rows[(y / CELL) & 1], *below = rows[(y / CELL + 1) & 1];
        const int first = y / CELL * CELL;
        for (int side = y == 0 ? 0 : 1; side < 2 && y % CELL == 0; side++)
            for (int i = 0; i < nodes; i++)
                (side ? below : above)[i] = place_of(m, view, (i * CELL + 0.5) * scale_x - 0.5,
                                                     (first + side * CELL + 0.5) * scale_y - 0.5);
        const float b = (float)(y - first) / CELL;
        for (int x = 0; x < width; x++) {
            const size_t at = (size_t)y * (size_t)width + (size_t)x;
            const int i = x / CELL;
            const place *p = &above[i], *q = &below[i];
            const float a = (float)(x - i * CELL) / CELL;
            float e = 1;
            depth[at] = 0;
            if (p[0].good && p[1].good && q[0].good && q[1].good)
                read_map(m,
                         (1 - b) * (p[0].x + a * (p[1].x - p[0].x)) +
                             b * (q[0].x + a * (q[1].x - q[0].x)),
                         (1 - b) * (p[0].y + a * (p[1].y - p[0].y)) +
                             b * (q[0].y + a * (q[1].y - q[0].y)),
                         &depth[at], &e);
            if (error)
                error[at] = e;
        }
    }
    free(rows[0]);
    free(rows[1]);
    return OMMA_OK;
}
