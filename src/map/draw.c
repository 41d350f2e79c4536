/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

omma_error canvas_init(canvas *c, int width, int height, int scale)
{
    *c = (canvas){.scale = scale};
    if (width < 16 || height < 16 || width > 8192 || height > 8192)
        return omma_fail(OMMA_INVALID, "a picture of %d x %d is not between 16 and 8192 px", width,
                         height);
    c->width = width * scale;
    c->height = height * scale;
    size_t n = (size_t)c->width * (size_t)c->height;

    c->color = malloc(n * sizeof *c->color);
    c->depth = malloc(n * sizeof *c->depth);
    if (c->color && c->depth)
        return OMMA_OK;
    canvas_finish(c);
    return omma_fail(OMMA_NO_MEMORY, "no memory for a picture of %d x %d", width, height);
}

void canvas_finish(canvas *c)
{
    free(c->color);
    free(c->depth);
    *c = (canvas){0};
}

static rgb mix(rgb a, rgb b, float share)
{
    return (rgb){a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}

void canvas_clear(canvas *c, rgb top, rgb bottom)
{
    for (int y = 0; y < c->height; y++) {
        rgb row = mix(top, bottom, (float)y / (float)c->height);

        for (int x = 0; x < c->width; x++) {
            c->color[(size_t)y * c->width + x] = row;
            c->depth[(size_t)y * c->width + x] = INFINITY;
        }
    }
}

/* The canvas pixels whose centres may lie within [low, high] (canvas coordinates), cut to
 * 0..size-1. */
static void pixel_range(double low, double high, int size, int *first, int *last)
{
    *first = (int)fmax(0, fmin(size, floor(low - 0.5)));
    *last = (int)fmin(size - 1, fmax(-1, ceil(high - 0.5)));
}

void canvas_splat(canvas *c, double x, double y, double depth, double radius, rgb color)
{
    int x0, x1, y0, y1;

    x *= c->scale, y *= c->scale, radius *= c->scale;
    pixel_range(x - radius, x + radius, c->width, &x0, &x1);
    pixel_range(y - radius, y + radius, c->height, &y0, &y1);
    for (int py = y0; py <= y1; py++)
        for (int px = x0; px <= x1; px++) {
            double dx = px + 0.5 - x, dy = py + 0.5 - y;
            size_t at = (size_t)py * c->width + px;

            if (dx * dx + dy * dy <= radius * radius && depth < (double)c->depth[at]) {
                c->depth[at] = (float)depth;
                c->color[at] = color;
            }
        }
}

/* --------------------------------------------------------------------- lines and areas */

typedef struct stroke {
    double a[3], b[3]; /* canvas px and depth */
    double half_width; /* canvas px */
    double alpha, hidden_alpha;
    rgb color;
} stroke;

/* How far the pixel centre p is from the segment, and the share of the way of the nearest place. */
static double segment_distance(const stroke *s, double px, double py, double *share)
{
    double dx = s->b[0] - s->a[0], dy = s->b[1] - s->a[1], length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? ((px - s->a[0]) * dx + (py - s->a[1]) * dy) / length2 : 0;

    *share = fmin(1, fmax(0, t));
    return hypot(s->a[0] + *share * dx - px, s->a[1] + *share * dy - py);
}

/* Coverage falls from 1 to 0 over the one pixel around the edge. Row by row only the columns near
 * the segment are visited, so that a long slanted line costs its length and not its bounding box.
 */
static void paint_stroke(canvas *c, const stroke *s)
{
    double reach = s->half_width + 0.5, dy = s->b[1] - s->a[1], dx = s->b[0] - s->a[0];
    int x0, x1, y0, y1;

    pixel_range(fmin(s->a[1], s->b[1]) - reach, fmax(s->a[1], s->b[1]) + reach, c->height, &y0,
                &y1);
    for (int y = y0; y <= y1; y++) {
        double low = 0, high = 1; /* the part of the segment within reach of this row */

        if (fabs(dy) > 1e-9) {
            double t0 = (y + 0.5 - reach - s->a[1]) / dy, t1 = (y + 0.5 + reach - s->a[1]) / dy;

            low = fmin(1, fmax(0, fmin(t0, t1)));
            high = fmin(1, fmax(0, fmax(t0, t1)));
        }
        double xa = s->a[0] + low * dx, xb = s->a[0] + high * dx;

        pixel_range(fmin(xa, xb) - reach, fmax(xa, xb) + reach, c->width, &x0, &x1);
        for (int x = x0; x <= x1; x++) {
            double share, d = segment_distance(s, x + 0.5, y + 0.5, &share);
            double cover = fmin(1, fmax(0, reach - d));
            size_t at = (size_t)y * c->width + x;
            double depth = s->a[2] + share * (s->b[2] - s->a[2]);
            double alpha = depth > (double)c->depth[at] ? s->hidden_alpha : s->alpha;

            if (cover > 0)
                c->color[at] = mix(c->color[at], s->color, (float)(cover * alpha));
        }
    }
}

void canvas_line_at(canvas *c, const double a[3], const double b[3], double width, rgb color,
                    double alpha, double hidden_alpha)
{
    paint_stroke(c, &(stroke){.a = {a[0] * c->scale, a[1] * c->scale, a[2]},
                              .b = {b[0] * c->scale, b[1] * c->scale, b[2]},
                              .half_width = width * c->scale / 2,
                              .alpha = alpha,
                              .hidden_alpha = hidden_alpha,
                              .color = color});
}

void canvas_line(canvas *c, double x0, double y0, double x1, double y1, double width, rgb color,
                 double alpha)
{
    canvas_line_at(c, (double[3]){x0, y0, 0}, (double[3]){x1, y1, 0}, width, color, alpha, alpha);
}

void canvas_disc(canvas *c, double x, double y, double radius, rgb color)
{
    canvas_line(c, x, y, x, y, 2 * radius, color, 1);
}

void canvas_box(canvas *c, double x0, double y0, double x1, double y1, rgb color, double alpha)
{
    int left, right, top, bottom;

    pixel_range(x0 * c->scale + 1, x1 * c->scale - 1, c->width, &left, &right);
    pixel_range(y0 * c->scale + 1, y1 * c->scale - 1, c->height, &top, &bottom);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            size_t at = (size_t)y * c->width + x;

            c->color[at] = mix(c->color[at], color, (float)alpha);
        }
}

/* ---------------------------------------------------------------------------- shading */

/* How much nearer the eight neighbours at a distance are, in octaves; depths are logarithms here.
 */
static double nearer_neighbours(const canvas *c, int x, int y, int distance)
{
    float own = c->depth[(size_t)y * c->width + x], sum = 0;

    for (int dy = -distance; dy <= distance; dy += distance)
        for (int dx = -distance; dx <= distance; dx += distance) {
            int nx = x + dx, ny = y + dy;

            if (nx >= 0 && ny >= 0 && nx < c->width && ny < c->height)
                sum += fmaxf(0, own - c->depth[(size_t)ny * c->width + nx]);
        }
    return (double)sum / 8; /* the background, infinitely far, adds nothing */
}

/* Eye-dome lighting. Source: Boucheny, "Visualisation scientifique de grands volumes de donnees:
 * pour une approche perceptive", thesis, Grenoble 2009, chapter 4. */
void canvas_shade(canvas *c, double strength)
{
    size_t n = (size_t)c->width * (size_t)c->height;

    for (size_t i = 0; i < n; i++)
        c->depth[i] = log2f(c->depth[i]);
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            rgb *color = &c->color[(size_t)y * c->width + x];

            if (c->depth[(size_t)y * c->width + x] == INFINITY)
                continue;
            double response = nearer_neighbours(c, x, y, 2) + nearer_neighbours(c, x, y, 4) / 2;
            float light = (float)fmax(0.25, exp(-strength * response));

            *color = (rgb){color->r * light, color->g * light, color->b * light};
        }
    for (size_t i = 0; i < n; i++)
        c->depth[i] = exp2f(c->depth[i]);
}

static void to_bytes(const float *restrict from, uint8_t *restrict to, int n)
{
    for (int i = 0; i < n; i++) {
        float v = from[i] * 255 + 0.5f;

        v = v > 0 ? v : 0;
        to[i] = (uint8_t)(int)(v < 255 ? v : 255);
    }
}

static void add_row(float *restrict to, const float *restrict with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += with[i];
}

/* Sums of scale x scale values, times share; sum is of 3 * c->width values. */
static void average_row(const canvas *c, int y, float *sum)
{
    const float *first = (const float *)(c->color + (size_t)y * c->scale * c->width);
    float share = 1 / (float)(c->scale * c->scale);

    memcpy(sum, first, (size_t)c->width * sizeof *c->color);
    for (int i = 1; i < c->scale; i++)
        add_row(sum, first + (size_t)i * 3 * c->width, 3 * c->width);
    for (int x = 0; x < c->width / c->scale; x++)
        for (int k = 0; k < 3; k++) {
            float value = 0;

            for (int i = 0; i < c->scale; i++)
                value += sum[3 * (x * c->scale + i) + k];
            sum[3 * x + k] = value * share;
        }
}

void canvas_rows(const canvas *c, omma_frame *to, int first, int end)
{
    float *sum = omma_new_array(float, 3 * (size_t)c->width);

    for (int y = first; y < end; y++) {
        uint8_t *row = to->plane[0] + (size_t)y * to->stride[0];

        if (c->scale == 1) {
            to_bytes((const float *)(c->color + (size_t)y * c->width), row, 3 * c->width);
        } else {
            average_row(c, y, sum);
            to_bytes(sum, row, 3 * (c->width / c->scale));
        }
    }
    free(sum);
}

omma_error canvas_picture(const canvas *c, omma_frame **out)
{
    omma_frame *f;
    omma_error err =
        omma_frame_create(&f, OMMA_FORMAT_RGB24, c->width / c->scale, c->height / c->scale);

    if (err)
        return err;
    canvas_rows(c, f, 0, f->height);
    *out = f;
    return OMMA_OK;
}
