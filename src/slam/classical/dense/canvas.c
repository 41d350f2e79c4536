/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <math.h>
#include <string.h>

enum { CELL = 8 }; /* px between the places where the camera model is evaluated */

/* x turned by the rotation vector of a short time: x + a x X, enough below a degree or two. */
static void turn_by(const double w[3], double seconds, double x[3])
{
    const double a[3] = {w[0] * seconds, w[1] * seconds, w[2] * seconds};
    const double c[3] = {a[1] * x[2] - a[2] * x[1], a[2] * x[0] - a[0] * x[2],
                         a[0] * x[1] - a[1] * x[0]};
    for (int i = 0; i < 3; i++)
        x[i] += c[i];
}

/* Seconds by which a row is exposed after the middle one (world.c: sight_unroll). */
static double lateness(const dense_view *v, double row)
{
    return v->readout * ((row + 0.5) / v->camera.height - 0.5);
}

bool canvas_locate(const dense_view *v, const double R[9], double x, double y, double *row,
                   double px[2])
{
    const bool rolls = v->readout != 0;
    for (int i = 0; i < (rolls ? 2 : 1); i++) {
        double p[3];
        for (int j = 0; j < 3; j++)
            p[j] = R[3 * j] * x + R[3 * j + 1] * y + R[3 * j + 2];
        if (rolls)
            turn_by(v->turn, lateness(v, *row), p);
        if (!(p[2] > 0.05) || !omma_camera_project(&v->camera, p, px, NULL))
            return false;
        *row = fmin(fmax(px[1], 0), v->camera.height - 1);
    }
    return true;
}

bool canvas_ray(const dense_view *v, const double px[2], double ray[2])
{
    if (!omma_camera_unproject(&v->camera, px, ray))
        return false;
    double p[3] = {ray[0], ray[1], 1};
    turn_by(v->turn, -lateness(v, px[1]), p);
    if (!(p[2] > 0.05))
        return false;
    ray[0] = p[0] / p[2];
    ray[1] = p[1] / p[2];
    return true;
}

typedef struct node {
    float x, y; /* px of the level */
    bool good;
} node;

static node locate_node(const canvas *c, const dense_view *v, int level, const double R[9], int x,
                        int y, double *row)
{
    const double scale = 1 << level;
    double px[2];
    if (!canvas_locate(v, R, (x - c->cx) / c->fx, (y - c->cy) / c->fy, row, px) ||
        !(fabs(px[0]) < 1e5) || !(fabs(px[1]) < 1e5))
        return (node){0};
    return (node){(float)((px[0] + 0.5) / scale - 0.5), (float)((px[1] + 0.5) / scale - 0.5), true};
}

/* Bilinear, 8 bits of fraction. The level's border makes the pixel after the last one readable. */
static uint8_t sample(const omma_level *l, float x, float y)
{
    const int fx = (int)(x * 256 + 0.5f), fy = (int)(y * 256 + 0.5f);
    const uint8_t *p = l->data + (ptrdiff_t)(fy >> 8) * l->stride + (fx >> 8);
    const int a = fx & 255, b = fy & 255;
    const int top = p[0] * (256 - a) + p[1] * a;
    const int bottom = p[l->stride] * (256 - a) + p[l->stride + 1] * a;
    return (uint8_t)((top * (256 - b) + bottom * b + 32768) >> 16);
}

static void draw_cell(const canvas *c, const omma_level *l, int x0, int y0, const node corner[4])
{
    const float limit_x = (float)(l->width - 1), limit_y = (float)(l->height - 1);
    const int width = c->width - x0 < CELL ? c->width - x0 : CELL;
    const int height = c->height - y0 < CELL ? c->height - y0 : CELL;
    const bool good = corner[0].good && corner[1].good && corner[2].good && corner[3].good;

    for (int j = 0; j < height; j++) {
        uint8_t *grey = c->grey + (size_t)(y0 + j) * (size_t)c->stride + x0;
        uint8_t *known = c->known + (size_t)(y0 + j) * (size_t)c->stride + x0;
        memset(grey, 0, (size_t)width);
        memset(known, 0, (size_t)width);
        if (!good)
            continue;
        const float b = (float)j / CELL;
        const float left_x = corner[0].x + b * (corner[2].x - corner[0].x);
        const float left_y = corner[0].y + b * (corner[2].y - corner[0].y);
        const float step_x = (corner[1].x + b * (corner[3].x - corner[1].x) - left_x) / CELL;
        const float step_y = (corner[1].y + b * (corner[3].y - corner[1].y) - left_y) / CELL;
        for (int i = 0; i < width; i++) {
            const float x = left_x + (float)i * step_x, y = left_y + (float)i * step_y;
            if (x >= 0 && y >= 0 && x <= limit_x && y <= limit_y) {
                grey[i] = sample(l, x, y);
                known[i] = 255;
            }
        }
    }
}

void canvas_draw(const canvas *c, const dense_view *v, int level, const double R[9])
{
    enum { MAX_NODES = 4096 / CELL + 2 };
    node rows[2][MAX_NODES];
    const int nodes = (c->width + CELL - 1) / CELL + 1;
    double row = 0.5 * v->camera.height;

    for (int y = 0; y < c->height + CELL; y += CELL) {
        node *above = rows[(y / CELL + 1) & 1], *now = rows[(y / CELL) & 1];
        for (int i = 0; i < nodes; i++)
            now[i] = locate_node(c, v, level, R, i * CELL, y, &row);
        for (int i = 0; y > 0 && i + 1 < nodes; i++)
            draw_cell(c, &v->picture->level[level], i * CELL, y - CELL,
                      (node[4]){above[i], above[i + 1], now[i], now[i + 1]});
    }
}
