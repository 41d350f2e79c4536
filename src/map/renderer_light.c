/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to rows of the canvas after the splats: holes are closed, then everything is lit.
 *
 * A hole is what a greyscale closing of the depth fills: the nearest depth of a small window, and
 * of that the farthest of the same window (Serra, "Image analysis and mathematical morphology",
 * 1982). It fills cracks narrower than the window, also those through which something farther away
 * is seen, and leaves silhouettes as they are.
 */
#include "renderer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EYE_DOME 9.0f /* strength */

static const rgb sky = {0.105f, 0.120f, 0.150f};
static const rgb ground = {0.050f, 0.058f, 0.075f};

/* ------------------------------------------------------------------------------------ holes */

static int hole_radius(const canvas *c)
{
    int radius = (int)lround(2.0 * c->height / 720);

    return radius < 1 ? 1 : radius > SHADE_MARGIN / 2 ? SHADE_MARGIN / 2 : radius;
}

/* Rows of one strip, each with radius readable values on both sides. */
typedef struct strip_rows {
    float *value;
    int stride, first, count; /* rows first .. first + count - 1 */
} strip_rows;

static float *strip_row(const strip_rows *s, int y)
{
    return s->value + (size_t)(y - s->first) * (size_t)s->stride + SHADE_MARGIN;
}

/* lowest of the windows around each pixel of the rows; highest in the margins, which are no places
 * that could be a hole's rim. */
static void dilate(const omma_renderer *r, const strip_rows *to, int radius)
{
    int width = r->canvas.width, height = r->canvas.height;
    float *column = omma_new_array(float, (size_t)width + 2 * SHADE_MARGIN);

    for (int i = 0; i < SHADE_MARGIN; i++)
        column[i] = column[width + SHADE_MARGIN + i] = INFINITY;
    for (int y = to->first; y < to->first + to->count; y++) {
        float *out = strip_row(to, y);

        memcpy(column + SHADE_MARGIN, r->depth + (size_t)y * (size_t)width,
               (size_t)width * sizeof *column);
        for (int k = y - radius; k <= y + radius; k++)
            if (k >= 0 && k < height && k != y)
                r->kernels->lower(column + SHADE_MARGIN, r->depth + (size_t)k * (size_t)width,
                                  width);
        r->kernels->lowest(column + SHADE_MARGIN, out, width, radius);
        for (int i = 0; i < SHADE_MARGIN; i++)
            out[-1 - i] = out[width + i] = -INFINITY;
    }
    free(column);
}

/* Mean colour of the pixels around (x, y) that lie at the depth of the closed surface. */
static uint32_t color_around(const omma_renderer *r, int x, int y, int radius, float depth)
{
    uint32_t sum[3] = {0}, n = 0;

    for (int v = y - radius; v <= y + radius; v++)
        for (int u = x - radius; u <= x + radius; u++) {
            size_t at = (size_t)v * (size_t)r->canvas.width + (size_t)u;

            if (u < 0 || v < 0 || u >= r->canvas.width || v >= r->canvas.height ||
                !(r->depth[at] <= depth))
                continue;
            for (int k = 0; k < 3; k++)
                sum[k] += r->color[at] >> (8 * k) & 255;
            n++;
        }
    if (n == 0)
        return 0;
    return (sum[0] + n / 2) / n | (sum[1] + n / 2) / n << 8 | (sum[2] + n / 2) / n << 16;
}

/* One row: where the closed surface is clearly nearer than what is seen, it is what is seen. */
static void close_row(omma_renderer *r, int y, const float *closed, int radius)
{
    int width = r->canvas.width;
    size_t at = (size_t)y * (size_t)width;
    float *inverse = inverse_row(r, y), gap = (float)(2 * r->splat);

    for (int x = 0; x < width; x++) {
        float depth = r->depth[at + x], limit = closed[x] * 1.01f + gap;

        r->closed_color[at + x] = r->color[at + x];
        if (depth > limit) {
            r->closed_color[at + x] = color_around(r, x, y, radius, limit);
            depth = closed[x];
        }
        r->canvas.depth[at + x] = depth;
        inverse[x] = 1 / depth;
    }
}

void render_close(omma_renderer *r, int strip)
{
    int radius = hole_radius(&r->canvas), width = r->canvas.width, height = r->canvas.height;
    int first = strip * SPLAT_HEIGHT, end = first + SPLAT_HEIGHT;

    end = end < height ? end : height;
    strip_rows s = {.stride = width + 2 * SHADE_MARGIN,
                    .first = first - radius > 0 ? first - radius : 0};

    s.count = (end + radius < height ? end + radius : height) - s.first;
    s.value = omma_new_array(float, (size_t)s.stride *(size_t)s.count);
    float *column = omma_new_array(float, (size_t)s.stride);
    float *closed = omma_new_array(float, (size_t)width);

    dilate(r, &s, radius);
    for (int y = first; y < end; y++) {
        memcpy(column, strip_row(&s, y) - SHADE_MARGIN, (size_t)s.stride * sizeof *column);
        for (int k = y - radius; k <= y + radius; k++)
            if (k >= s.first && k < s.first + s.count && k != y)
                r->kernels->higher(column, strip_row(&s, k) - SHADE_MARGIN, s.stride);
        r->kernels->highest(column + SHADE_MARGIN, closed, width, radius);
        close_row(r, y, closed, radius);
    }
    free(s.value);
    free(column);
    free(closed);
}

/* ------------------------------------------------------------------------------------ light */

static rgb background_of_row(const omma_renderer *r, int y)
{
    const omma_render_options *o = &r->options;
    float share = (float)y / (float)r->canvas.height;

    if (o->plain)
        return (rgb){(float)o->background[0] / 255, (float)o->background[1] / 255,
                     (float)o->background[2] / 255};
    return (rgb){sky.r + (ground.r - sky.r) * share, sky.g + (ground.g - sky.g) * share,
                 sky.b + (ground.b - sky.b) * share};
}

void render_light(omma_renderer *r, int strip)
{
    int width = r->canvas.width, height = r->canvas.height;
    int near = (int)lround(height / 720.0), far;
    int end = (strip + 1) * SPLAT_HEIGHT < height ? (strip + 1) * SPLAT_HEIGHT : height;

    near = near < 1 ? 1 : near > SHADE_MARGIN / 4 ? SHADE_MARGIN / 4 : near;
    far = 3 * near;
    for (int y = strip * SPLAT_HEIGHT; y < end; y++) {
        const float *const rows[5] = {inverse_row(r, y - far), inverse_row(r, y - near),
                                      inverse_row(r, y), inverse_row(r, y + near),
                                      inverse_row(r, y + far)};
        rgb *to = r->canvas.color + (size_t)y * (size_t)width, paper = background_of_row(r, y);

        r->kernels->shade(r->closed_color + (size_t)y * (size_t)width, rows, near, far,
                          r->options.flat ? 0 : EYE_DOME, (float *)to, width);
        for (int x = 0; x < width; x++)
            if (rows[2][x] == 0)
                to[x] = paper;
    }
}
