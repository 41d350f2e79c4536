/* SPDX-License-Identifier: Apache-2.0 */
/* The map from above, without perspective, so that lengths can be compared with the scale bar. */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const rgb ink = {0.16f, 0.18f, 0.22f};
static const rgb paper = {0.975f, 0.975f, 0.965f};

typedef struct plan {
    double right[3], ahead[3]; /* picture x and minus picture y, in the world */
    double px_per_unit;
    double x0, y0; /* picture place of the world's origin, px */
} plan;

/* right x ahead = up: seen from above, nothing is mirrored. */
static void fit_plan(plan *p, const drawing *d, int width, int height)
{
    double low[2], high[2], pad = 0.06 * fmin(width, height), foot = 0.05 * fmin(width, height);

    drawing_long_axis(d, p->right);
    cross3(d->up, p->right, p->ahead);
    if (width < height) { /* the long side upwards: right' = -ahead, ahead' = right */
        double right[3];

        memcpy(right, p->right, sizeof right);
        for (int k = 0; k < 3; k++)
            p->right[k] = -p->ahead[k];
        memcpy(p->ahead, right, sizeof right);
    }
    drawing_bounds(d, p->right, &low[0], &high[0]);
    drawing_bounds(d, p->ahead, &low[1], &high[1]);
    double largest = fmax(high[0] - low[0], high[1] - low[1]);
    double smallest = largest > 0 ? 1e-3 * largest : 1;

    p->px_per_unit = fmin((width - 2 * pad) / fmax(high[0] - low[0], smallest),
                          (height - 2 * pad - foot) / fmax(high[1] - low[1], smallest));
    p->x0 = width / 2.0 - p->px_per_unit * (low[0] + high[0]) / 2;
    p->y0 = (height - foot) / 2.0 + p->px_per_unit * (low[1] + high[1]) / 2;
}

static void plan_place(const plan *p, const double world[3], double at[2])
{
    at[0] = p->x0 + p->px_per_unit * dot3(p->right, world);
    at[1] = p->y0 - p->px_per_unit * dot3(p->ahead, world);
}

/* ----------------------------------------------------------------------------- points */

typedef struct heap_of_color {
    float r, g, b, n;
} heap_of_color;

/* So large that points just touch where they are spread evenly over half of the picture. */
static double dot_radius(const canvas *c, size_t points)
{
    double area = 0.5 * c->width * c->height / (double)(points + 1);

    return fmin(1.6 * c->scale, fmax(0.75 * c->scale, 0.5 * sqrt(area)));
}

static void add_dot(const canvas *c, heap_of_color *heap, double x, double y, double radius,
                    const uint8_t color[3])
{
    if (!(x > -1e6 && x < 1e6 && y > -1e6 && y < 1e6))
        return;
    for (int py = (int)floor(y - radius); py <= (int)ceil(y + radius); py++)
        for (int px = (int)floor(x - radius); px <= (int)ceil(x + radius); px++) {
            double dx = px + 0.5 - x, dy = py + 0.5 - y;

            if (px < 0 || py < 0 || px >= c->width || py >= c->height ||
                dx * dx + dy * dy > radius * radius)
                continue;
            heap_of_color *h = &heap[(size_t)py * c->width + px];

            h->r += (float)color[0] / 255;
            h->g += (float)color[1] / 255;
            h->b += (float)color[2] / 255;
            h->n += 1;
        }
}

/* Mean colour; many points upon each other (walls, seen from above) come out darker, and so do
 * colours that would vanish on the paper. */
static rgb heap_color(const heap_of_color *h)
{
    float r = h->r / h->n, g = h->g / h->n, b = h->b / h->n;
    float luma = 0.299f * r + 0.587f * g + 0.114f * b;
    float light = (1 - 0.45f * (1 - expf(-(h->n - 1) / 8))) * (luma > 0.7f ? 0.7f / luma : 1);

    return (rgb){r * light, g * light, b * light};
}

static omma_error paint_points(canvas *c, const drawing *d, const plan *p)
{
    size_t n = (size_t)c->width * (size_t)c->height;
    heap_of_color *heap = calloc(n, sizeof *heap);
    double radius = dot_radius(c, d->point_count);

    if (!heap)
        return omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu points", d->point_count);
    for (size_t i = 0; i < d->point_count; i++) {
        double at[2];

        plan_place(p, d->points[i]->world, at);
        add_dot(c, heap, at[0] * c->scale, at[1] * c->scale, radius, d->points[i]->rgb);
    }
    for (size_t i = 0; i < n; i++)
        if (heap[i].n > 0) {
            rgb color = heap_color(&heap[i]);
            float cover = 1 - 0.35f * expf(-(heap[i].n - 1));
            rgb *to = &c->color[i];

            *to = (rgb){to->r + (color.r - to->r) * cover, to->g + (color.g - to->g) * cover,
                        to->b + (color.b - to->b) * cover};
        }
    free(heap);
    return OMMA_OK;
}

/* ------------------------------------------------------------------------- trajectory */

static void paint_path(canvas *c, const drawing *d, const plan *p, double width, bool halo)
{
    double last[2] = {0}, at[2];

    for (size_t i = 0; i < d->pose_count; i++, memcpy(last, at, sizeof last)) {
        plan_place(p, d->poses[i].world_from_camera.t, at);
        if (i == 0 || !d->follows[i])
            memcpy(last, at, sizeof last); /* a lone pose is a dot */
        rgb color = time_color((double)i / (double)d->pose_count, false);

        canvas_line(c, last[0], last[1], at[0], at[1], width, halo ? paper : color, 1);
    }
}

static void paint_marker(canvas *c, const drawing *d, const plan *p, size_t pose, double radius,
                         bool is_end)
{
    double at[2];
    rgb color = time_color(is_end, false);

    plan_place(p, d->poses[pose].world_from_camera.t, at);
    canvas_disc(c, at[0], at[1], radius * 1.45, paper);
    canvas_disc(c, at[0], at[1], radius, color);
    if (!is_end) /* a ring where it starts, a full disc where it ends */
        canvas_disc(c, at[0], at[1], radius * 0.5, paper);
}

static void paint_trajectory(canvas *c, const drawing *d, const plan *p)
{
    double width = fmax(1.6, fmin(c->width, c->height) / (double)c->scale / 260);

    if (d->pose_count == 0)
        return;
    paint_path(c, d, p, 2.2 * width, true);
    paint_path(c, d, p, width, false);
    paint_marker(c, d, p, d->pose_count - 1, 2.2 * width, true);
    paint_marker(c, d, p, 0, 2.2 * width, false);
    draw_time_legend(c, ink, paper, false);
}

omma_error omma_map_draw_top(const omma_map *m, int width, int height, omma_frame **out)
{
    canvas c;
    drawing d;
    plan p;
    omma_error err = canvas_init(&c, width, height, 2);

    if (err)
        return err;
    err = drawing_init(&d, m);
    if (err)
        goto no_drawing;
    canvas_clear(&c, paper, paper);
    fit_plan(&p, &d, width, height);
    err = paint_points(&c, &d, &p);
    if (err)
        goto done;
    paint_trajectory(&c, &d, &p);
    draw_scale_bar(&c, p.px_per_unit, omma_map_unit(m), ink, paper);
    err = canvas_picture(&c, out);

done:
    drawing_finish(&d);
no_drawing:
    canvas_finish(&c);
    return err;
}
