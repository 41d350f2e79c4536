/* SPDX-License-Identifier: Apache-2.0 */
#include "plane_fill.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_LEVELS = 12 };

#define STAY       8.0f  /* weight by which a plane stays at the coarser one */
#define GREY_SCALE 12.0f /* grey levels apart at which a cell counts half */

/* Weighted sums over a cell; x and y in px of the finest level. */
typedef struct moments {
    float w, x, y, xx, xy, yy, v, xv, yv, vv;
    float grey;
} moments;

typedef struct plane {
    float value, by_x, by_y; /* at the cell's centre, per px */
    float error;             /* expected, of value */
} plane;

typedef struct level {
    int width, height, cell; /* cells of cell x cell px */
    moments *moments;
    plane *plane;
} level;

static int plan_levels(int width, int height, level *l)
{
    int n = 0, cell = 2;
    do {
        l[n] = (level){
            .width = (width + cell - 1) / cell, .height = (height + cell - 1) / cell, .cell = cell};
        cell *= 2;
        n++;
    } while (n < MAX_LEVELS && l[n - 1].width * l[n - 1].height > 1);
    return n;
}

size_t plane_fill_bytes(int width, int height)
{
    level l[MAX_LEVELS];
    size_t bytes = 0;
    const int n = plan_levels(width, height, l);
    for (int i = 0; i < n; i++)
        bytes += (size_t)l[i].width * (size_t)l[i].height * (sizeof(moments) + sizeof(plane));
    return bytes;
}

static void add(moments *a, const moments *b, float k)
{
    a->w += k * b->w;
    a->x += k * b->x;
    a->y += k * b->y;
    a->xx += k * b->xx;
    a->xy += k * b->xy;
    a->yy += k * b->yy;
    a->v += k * b->v;
    a->xv += k * b->xv;
    a->yv += k * b->yv;
    a->vv += k * b->vv;
}

static void collect_pixels(const float *value, const float *weight, const uint8_t *guide, int width,
                           int height, level *l)
{
    memset(l->moments, 0, (size_t)l->width * (size_t)l->height * sizeof(moments));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int i = y * width + x;
            const float w = weight[i], v = value[i], fx = (float)x, fy = (float)y;
            moments *m = &l->moments[y / 2 * l->width + x / 2];
            m->grey += 0.25f * guide[i];
            if (w > 0) {
                const moments p = {w,           w * fx,      w * fy, w * fx * fx,
                                   w * fx * fy, w * fy * fy, w * v,  w * fx * v,
                                   w * fy * v,  w * v * v,   0};
                add(m, &p, 1);
            }
        }
}

static void collect_cells(const level *fine, level *l)
{
    memset(l->moments, 0, (size_t)l->width * (size_t)l->height * sizeof(moments));
    for (int y = 0; y < fine->height; y++)
        for (int x = 0; x < fine->width; x++) {
            const moments *f = &fine->moments[y * fine->width + x];
            moments *m = &l->moments[y / 2 * l->width + x / 2];
            add(m, f, 1);
            m->grey += 0.25f * f->grey;
        }
}

/* The cell's sums and those around, as far as they look alike. */
static moments gather(const level *l, int x, int y)
{
    const moments *own = &l->moments[y * l->width + x];
    moments sum = {0};
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            const int u = x + i, v = y + j;
            if (u < 0 || v < 0 || u >= l->width || v >= l->height)
                continue;
            const moments *m = &l->moments[v * l->width + u];
            const float d = (m->grey - own->grey) / GREY_SCALE;
            if (m->w > 0)
                add(&sum, m, 1 / (1 + d * d));
        }
    return sum;
}

/* Least squares of sum w (v - a - b x - c y)^2 + stay ((a - a0)^2 + (cell (b - b0))^2 + ...), about
 * the cell's centre, as a change of the coarser plane. */
static plane fit(const moments *m, float cx, float cy, plane p, float stay, float cell)
{
    const float x = m->x - m->w * cx, y = m->y - m->w * cy;
    const float xx = m->xx - 2 * cx * m->x + m->w * cx * cx;
    const float yy = m->yy - 2 * cy * m->y + m->w * cy * cy;
    const float xy = m->xy - cx * m->y - cy * m->x + m->w * cx * cy;
    const float xv = m->xv - cx * m->v, yv = m->yv - cy * m->v;
    const double r0 =
        (double)m->v - (double)p.value * m->w - (double)p.by_x * x - (double)p.by_y * y;
    const double r1 = (double)xv - (double)p.value * x - (double)p.by_x * xx - (double)p.by_y * xy;
    const double r2 = (double)yv - (double)p.value * y - (double)p.by_x * xy - (double)p.by_y * yy;
    const double s = stay, t = (double)stay * cell * cell;
    const double a = m->w + s, b = x, c = y, d = xx + t, e = xy, f = yy + t;
    const double A = d * f - e * e, B = c * e - b * f, C = b * e - c * d;
    const double det = a * A + b * B + c * C;

    if (!(det > 1e-12))
        return p;
    const double q0 = (A * r0 + B * r1 + C * r2) / det;
    const double q1 = (B * r0 + (a * f - c * c) * r1 + (b * c - a * e) * r2) / det;
    const double q2 = (C * r0 + (b * c - a * e) * r1 + (a * d - b * b) * r2) / det;
    p.value += (float)q0;
    p.by_x += (float)q1;
    p.by_y += (float)q2;
    /* What is left: sum w (v - plane)^2 = that of the coarser plane, less what the change won. */
    const double p0 = p.value, p1 = p.by_x, p2 = p.by_y;
    const double left = (double)m->vv -
                        2 * (p0 * (double)m->v + p1 * (double)xv + p2 * (double)yv) +
                        p0 * p0 * (double)m->w + 2 * p0 * (p1 * (double)x + p2 * (double)y) +
                        p1 * p1 * (double)xx + 2 * p1 * p2 * (double)xy + p2 * p2 * (double)yy;
    const float trust = m->w / (m->w + stay);
    const float spread = sqrtf((float)fmax(left, 0) / (m->w + 1e-6f));
    p.error = trust * spread + (1 - trust) * 1.5f * p.error;
    return p;
}

static void fit_level(level *l, const level *coarse, float stay)
{
    for (int y = 0; y < l->height; y++)
        for (int x = 0; x < l->width; x++) {
            const float half = 0.5f * (float)(l->cell - 1);
            const float cx = (float)(x * l->cell) + half, cy = (float)(y * l->cell) + half;
            plane p = {.error = 1000};
            if (coarse) {
                const int u = x / 2, v = y / 2;
                const float edge = 0.5f * (float)(coarse->cell - 1);
                p = coarse->plane[v * coarse->width + u];
                p.value += p.by_x * (cx - (float)(u * coarse->cell) - edge) +
                           p.by_y * (cy - (float)(v * coarse->cell) - edge);
            }
            const moments m = gather(l, x, y);
            l->plane[y * l->width + x] = fit(&m, cx, cy, p, stay, (float)l->cell);
        }
}

void plane_fill(const float *value, const float *weight, const uint8_t *guide, int width,
                int height, float *out, float *error, void *work)
{
    level l[MAX_LEVELS];
    const int n = plan_levels(width, height, l);
    char *at = work;

    for (int i = 0; i < n; i++) {
        const size_t cells = (size_t)l[i].width * (size_t)l[i].height;
        l[i].moments = (moments *)at;
        at += cells * sizeof(moments);
        l[i].plane = (plane *)at;
        at += cells * sizeof(plane);
    }
    collect_pixels(value, weight, guide, width, height, &l[0]);
    for (int i = 1; i < n; i++)
        collect_cells(&l[i - 1], &l[i]);
    for (int i = n - 1; i >= 0; i--)
        fit_level(&l[i], i + 1 < n ? &l[i + 1] : NULL, i + 1 < n ? STAY : 1e-6f);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const plane *p = &l[0].plane[y / 2 * l[0].width + x / 2];
            if (error)
                error[y * width + x] = p->error;
            out[y * width + x] =
                p->value + ((float)(x & 1) - 0.5f) * p->by_x + ((float)(y & 1) - 0.5f) * p->by_y;
        }
}
