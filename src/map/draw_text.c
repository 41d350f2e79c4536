/* SPDX-License-Identifier: Apache-2.0 */
/* The few words on the pictures: letters of 5x7 dots, one byte a row, the left dot in bit 4; the
 * scale bar and the legend that carry them. */
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "0123456789.-/abcdefghijklmnopqrstuvwxyz";

// clang-format off
static const unsigned char dots[][7] = {
    {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, /* 0 */
    {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
    {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f},
    {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e},
    {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02},
    {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}, /* 5 */
    {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e},
    {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
    {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e},
    {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}, /* . */
    {0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00},
    {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10},
    {0x00, 0x00, 0x0e, 0x01, 0x0f, 0x11, 0x0f}, /* a */
    {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x1e},
    {0x00, 0x00, 0x0e, 0x11, 0x10, 0x11, 0x0e},
    {0x01, 0x01, 0x0f, 0x11, 0x11, 0x11, 0x0f},
    {0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e}, /* e */
    {0x06, 0x09, 0x08, 0x1c, 0x08, 0x08, 0x08},
    {0x00, 0x0f, 0x11, 0x11, 0x0f, 0x01, 0x0e},
    {0x10, 0x10, 0x16, 0x19, 0x11, 0x11, 0x11},
    {0x04, 0x00, 0x0c, 0x04, 0x04, 0x04, 0x0e}, /* i */
    {0x02, 0x00, 0x06, 0x02, 0x02, 0x12, 0x0c},
    {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12},
    {0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e},
    {0x00, 0x00, 0x1a, 0x15, 0x15, 0x15, 0x15}, /* m */
    {0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11},
    {0x00, 0x00, 0x0e, 0x11, 0x11, 0x11, 0x0e},
    {0x00, 0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10},
    {0x00, 0x0f, 0x11, 0x11, 0x0f, 0x01, 0x01}, /* q */
    {0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10},
    {0x00, 0x00, 0x0f, 0x10, 0x0e, 0x01, 0x1e},
    {0x08, 0x08, 0x1c, 0x08, 0x08, 0x09, 0x06},
    {0x00, 0x00, 0x11, 0x11, 0x11, 0x13, 0x0d}, /* u */
    {0x00, 0x00, 0x11, 0x11, 0x11, 0x0a, 0x04},
    {0x00, 0x00, 0x11, 0x11, 0x15, 0x15, 0x0a},
    {0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11},
    {0x00, 0x11, 0x11, 0x11, 0x0f, 0x01, 0x0e}, /* y */
    {0x00, 0x00, 0x1f, 0x02, 0x04, 0x08, 0x1f},
};
// clang-format on

double canvas_text_width(const char *text, double size)
{
    return size * (6 * (double)strlen(text) - 1);
}

static void draw_letter(canvas *c, double x, double y, double size, char letter, rgb color)
{
    const char *found = strchr(letters, letter);

    if (!found || !*found)
        return;
    for (int row = 0; row < 7; row++)
        for (int column = 0; column < 5; column++)
            if (dots[found - letters][row] >> (4 - column) & 1)
                canvas_box(c, x + column * size, y + row * size, x + (column + 1) * size,
                           y + (row + 1) * size, color, 1);
}

void canvas_text(canvas *c, double x, double y, double size, const char *text, rgb color)
{
    x = round(x * c->scale) / c->scale; /* whole canvas pixels: no gaps between dots */
    y = round(y * c->scale) / c->scale;
    for (; *text; text++, x += 6 * size)
        draw_letter(c, x, y, size, *text, color);
}

/* Whole canvas pixels, so that dots are equally large: about 1/500 of the picture's smaller side.
 */
static double dot_size(const canvas *c)
{
    int smaller = c->width < c->height ? c->width : c->height;

    return fmax(1, round(smaller / 400.0)) / c->scale;
}

static void draw_panel(canvas *c, double x0, double y0, double x1, double y1, double dot, rgb paper)
{
    double r = 3 * dot;

    canvas_box(c, x0 - r, y0 - r, x1 + r, y1 + r, paper, 0.72);
}

/* The largest of 1, 2, 5 times a power of ten that is at most length. */
static double round_length(double length)
{
    double power = pow(10, floor(log10(length)));

    for (int i = 0; i < 3; i++) {
        double step = (double[]){5, 2, 1}[i] * power;

        if (step <= length)
            return step;
    }
    return power;
}

void draw_scale_bar(canvas *c, double px_per_unit, const char *unit, rgb ink, rgb paper)
{
    double dot = dot_size(c), margin = 14 * dot, height = (double)c->height / c->scale;
    double length = round_length((double)c->width / c->scale / 4 / px_per_unit);
    double x0 = margin, x1 = margin + length * px_per_unit, y = height - margin, tick = 3 * dot;
    char text[64];

    bool is_one = length == 1 && strcmp(unit, "units") == 0;

    snprintf(text, sizeof text, "%g %s", length, is_one ? "unit" : unit);
    draw_panel(c, x0 - 2 * dot, y - 13 * dot, fmax(x1, x0 + canvas_text_width(text, dot)) + 2 * dot,
               y + tick, dot, paper);
    canvas_text(c, x0, y - 12 * dot, dot, text, ink);
    canvas_line(c, x0, y, x1, y, 1.5 * dot, ink, 1);
    canvas_line(c, x0, y - tick, x0, y + tick, 1.5 * dot, ink, 1);
    canvas_line(c, x1, y - tick, x1, y + tick, 1.5 * dot, ink, 1);
}

void draw_time_legend(canvas *c, rgb ink, rgb paper, bool on_dark)
{
    double dot = dot_size(c), margin = 14 * dot, length = 60 * dot, gap = 5 * dot;
    double width = (double)c->width / c->scale, y = (double)c->height / c->scale - margin;
    double x3 = width - margin, x2 = x3 - canvas_text_width("end", dot) - gap;
    double x1 = x2 - length, x0 = x1 - gap - canvas_text_width("start", dot);
    const int steps = 60;

    draw_panel(c, x0 - 2 * dot, y - 5 * dot, x3 + 2 * dot, y + 3 * dot, dot, paper);
    canvas_text(c, x0, y - 4.5 * dot, dot, "start", ink);
    canvas_text(c, x2 + gap, y - 4.5 * dot, dot, "end", ink);
    for (int i = 0; i < steps; i++)
        canvas_line(c, x1 + length * i / steps, y, x1 + length * (i + 1) / steps, y, 3 * dot,
                    time_color((i + 0.5) / steps, on_dark), 1);
}

/* Blue over violet to red; on dark paper lighter. Equally light all the way, so no part stands out.
 */
rgb time_color(double share, bool on_dark)
{
    static const rgb light[] = {
        {0.08f, 0.33f, 0.86f}, {0.56f, 0.16f, 0.70f}, {0.86f, 0.12f, 0.14f}};
    static const rgb dark[] = {{0.30f, 0.65f, 1.00f}, {0.84f, 0.48f, 0.98f}, {1.00f, 0.36f, 0.30f}};
    const rgb *stops = on_dark ? dark : light;
    double at = fmin(1, fmax(0, share)) * 2;
    int i = at >= 1;
    float t = (float)(at - i);

    return (rgb){stops[i].r + t * (stops[i + 1].r - stops[i].r),
                 stops[i].g + t * (stops[i + 1].g - stops[i].g),
                 stops[i].b + t * (stops[i + 1].b - stops[i].b)};
}
