/* SPDX-License-Identifier: Apache-2.0 */
#include "photometric.h"

#include <math.h>
#include <string.h>

enum { REACH = 4 }; /* half the window of which the mean difference is taken out */

/* Sum of squared grey slopes per plane that counts as half certain. */
static const float half_certain = 40;

/* Differences and slopes of one neighbour, and sums over all of them. */
typedef struct fields {
    float *difference, *slope, *seen; /* width * height: this neighbour's */
    float *mean_difference, *mean_slope, *mean_seen;
    float *row;
    float *squares, *products; /* all neighbours': sum w J^2, sum w J e */
} fields;

size_t photometric_bytes(const scene *s)
{
    return (8 * (size_t)s->width * (size_t)s->height + (size_t)s->width + 64) * sizeof(float);
}

static fields fields_in(const scene *s, float *at)
{
    const size_t n = (size_t)s->width * (size_t)s->height;
    return (fields){at,         at + n,     at + 2 * n, at + 3 * n, at + 4 * n,
                    at + 5 * n, at + 8 * n, at + 6 * n, at + 7 * n};
}

typedef struct sampler {
    const uint8_t *grey, *known;
    int width, height, stride, step;
    float fx, fy, cx, cy; /* cx, cy: of the averaged picture */
    float C[3];
} sampler;

/* Grey value where the ray (x, y, 1) at rho is seen; false when it is not. */
static inline bool sample(const sampler *s, float x, float y, float rho, float *grey)
{
    const float w = 1 - rho * s->C[2];
    if (!(w > 0.1f))
        return false;
    const float u = s->fx * (x - rho * s->C[0]) / w + s->cx;
    const float v = s->fy * (y - rho * s->C[1]) / w + s->cy;
    if (!(u >= 0 && v >= 0 && u < (float)(s->width - 1 - s->step) &&
          v < (float)(s->height - 1 - s->step)))
        return false;
    const int iu = (int)u, iv = (int)v;
    const size_t at = (size_t)iv * (size_t)s->stride + (size_t)iu;
    const size_t far = at + (size_t)s->step * (size_t)s->stride + (size_t)s->step;
    if (!(s->known[at] & s->known[far]))
        return false;
    const uint8_t *p = s->grey + at;
    const float a = u - (float)iu, b = v - (float)iv;
    const float top = (float)p[0] + a * (float)(p[1] - p[0]);
    const float bottom = (float)p[s->stride] + a * (float)(p[s->stride + 1] - p[s->stride]);
    *grey = top + b * (bottom - top);
    return true;
}

static sampler sampler_of(const scene *s, const scene_neighbour *n)
{
    const double half = 0.5 * (s->step - 1);
    sampler k = {.grey = n->grey,
                 .known = n->canvas.known,
                 .width = n->canvas.width,
                 .height = n->canvas.height,
                 .stride = n->canvas.stride,
                 .step = s->step,
                 .fx = (float)n->canvas.fx,
                 .fy = (float)n->canvas.fy,
                 .cx = (float)(n->canvas.cx - half),
                 .cy = (float)(n->canvas.cy - half)};
    for (int i = 0; i < 3; i++)
        k.C[i] = (float)n->C[i];
    return k;
}

static void compare(const scene *s, const scene_neighbour *n, const float *surface, fields *f)
{
    const double half = 0.5 * (s->step - 1);
    const sampler k = sampler_of(s, n);
    const float low = (float)s->rho[0], step = (float)s->rho_step;

    for (int j = 0; j < s->height; j++) {
        const float y = (float)((j * s->step + half - s->view.cy) / s->view.fy);
        for (int i = 0; i < s->width; i++) {
            const size_t at = (size_t)(j * s->width + i);
            const float x = (float)((i * s->step + half - s->view.cx) / s->view.fx);
            const float rho = low + step * surface[at];
            float before, here, after;
            const bool seen = sample(&k, x, y, rho, &here) &&
                              sample(&k, x, y, rho - step, &before) &&
                              sample(&k, x, y, rho + step, &after);
            f->seen[at] = seen;
            f->difference[at] = seen ? here - (float)s->guide[at] : 0;
            f->slope[at] = seen ? 0.5f * (after - before) : 0;
        }
    }
}

/* Sums over windows of 2 REACH + 1 squared, cut at the border. */
static void sum_windows(const float *in, int width, int height, float *column, float *out)
{
    memset(column, 0, (size_t)width * sizeof *column);
    for (int y = -REACH; y < height; y++) {
        if (y + REACH < height)
            for (int x = 0; x < width; x++)
                column[x] += in[(y + REACH) * width + x];
        if (y - REACH - 1 >= 0)
            for (int x = 0; x < width; x++)
                column[x] -= in[(y - REACH - 1) * width + x];
        if (y < 0)
            continue;
        float sum = 0;
        for (int x = -REACH; x < width; x++) {
            sum += x + REACH < width ? column[x + REACH] : 0;
            sum -= x - REACH - 1 >= 0 ? column[x - REACH - 1] : 0;
            if (x >= 0)
                out[y * width + x] = sum;
        }
    }
}

static void add_up(const scene *s, fields *f)
{
    sum_windows(f->difference, s->width, s->height, f->row, f->mean_difference);
    sum_windows(f->slope, s->width, s->height, f->row, f->mean_slope);
    sum_windows(f->seen, s->width, s->height, f->row, f->mean_seen);
    for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++) {
        const float share = f->seen[i] / (f->mean_seen[i] + 0.5f);
        const float e = f->difference[i] - share * f->mean_difference[i];
        const float j = f->slope[i] - share * f->mean_slope[i];
        const float w = f->seen[i] / (1 + e * e * (1.0f / 64));
        f->squares[i] += w * j * j;
        f->products[i] += w * j * e;
    }
}

void photometric_data(const scene *s, const float *surface, float *value, float *weight, void *work)
{
    const size_t n = (size_t)s->width * (size_t)s->height;
    fields f = fields_in(s, work);
    memset(f.squares, 0, 2 * n * sizeof(float));
    for (size_t i = 0; i < s->neighbours; i++) {
        compare(s, &s->neighbour[i], surface, &f);
        add_up(s, &f);
    }
    for (size_t i = 0; i < n; i++) {
        const float move = -f.products[i] / (f.squares[i] + 1);
        value[i] = surface[i] + fmaxf(-1.5f, fminf(1.5f, move));
        weight[i] = f.squares[i] / (f.squares[i] + half_certain);
    }
}
