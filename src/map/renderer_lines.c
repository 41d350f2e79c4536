/* SPDX-License-Identifier: Apache-2.0 */
/* The trajectory and the keyframes' pyramids, hidden by what stands before them, faintly seen. */
#include "renderer.h"

#include <math.h>
#include <string.h>

#define MAX_FRUSTA 32
#define SHORTEST   2.0 /* px: shorter pieces of the trajectory are joined */

static const rgb halo = {0.050f, 0.058f, 0.075f};

typedef struct pen {
    canvas *canvas;
    const render_view *view;
    double width, alpha, hidden_alpha;
} pen;

/* Picture px and depth. The canvas' lines have (0, 0) in the corner of the first pixel. */
static void place(const pen *p, const double camera[3], double at[3])
{
    double scale = p->canvas->scale;

    at[0] = (p->view->x0 + 0.5 + p->view->focal * camera[0] / camera[2]) / scale;
    at[1] = (p->view->y0 + 0.5 + p->view->focal * camera[1] / camera[2]) / scale;
    at[2] = camera[2];
}

static void move_to_plane(double from[3], const double to[3], double z)
{
    double share = (z - from[2]) / (to[2] - from[2]);

    for (int k = 0; k < 3; k++)
        from[k] += share * (to[k] - from[k]);
}

/* Cuts at the nearest plane; what then still reaches far out of the picture is left out. */
static void draw_segment(const pen *p, const double a[3], const double b[3], rgb color)
{
    double from[3], to[3], u[3], v[3], z = p->view->nearest;
    double room = 4.0 * (p->canvas->width + p->canvas->height) / p->canvas->scale;

    omma_se3_apply(&p->view->camera_from_world, a, from);
    omma_se3_apply(&p->view->camera_from_world, b, to);
    if (!(from[2] > z || to[2] > z))
        return;
    if (from[2] < z)
        move_to_plane(from, to, z);
    if (to[2] < z)
        move_to_plane(to, from, z);
    place(p, from, u);
    place(p, to, v);
    if (fabs(u[0]) < room && fabs(u[1]) < room && fabs(v[0]) < room && fabs(v[1]) < room)
        canvas_line_at(p->canvas, u, v, p->width, color, p->alpha, p->hidden_alpha);
}

/* ------------------------------------------------------------------------------ trajectory */

static bool is_far(const pen *p, const double a[3], const double b[3])
{
    double x[3], y[3], u[3], v[3];

    omma_se3_apply(&p->view->camera_from_world, a, x);
    omma_se3_apply(&p->view->camera_from_world, b, y);
    if (!(x[2] > p->view->nearest && y[2] > p->view->nearest))
        return true;
    place(p, x, u);
    place(p, y, v);
    return !(hypot(u[0] - v[0], u[1] - v[1]) < SHORTEST);
}

static void draw_path(const pen *p, const drawing *d, bool is_halo)
{
    size_t from = 0;

    for (size_t i = 0; i < d->pose_count; i++) {
        bool last = i + 1 == d->pose_count || !d->follows[i + 1];
        const double *at = d->poses[i].world_from_camera.t;

        if (!d->follows[i])
            from = i;
        if (!last && !is_far(p, d->poses[from].world_from_camera.t, at))
            continue;
        draw_segment(p, d->poses[from].world_from_camera.t, at,
                     is_halo ? halo : time_color((double)i / (double)d->pose_count, true));
        from = i;
    }
}

/* --------------------------------------------------------------------------------- frusta */

/* A pyramid of the keyframe's own field of view; size is the width of its base. */
static void draw_frustum(const pen *p, const omma_map_keyframe *k, double size, rgb color)
{
    const omma_camera *lens = &k->camera;
    double tip[3], corner[4][3], depth = size * lens->fx / fmax(1, lens->width);

    memcpy(tip, k->world_from_keyframe.t, sizeof tip);
    for (int i = 0; i < 4; i++) {
        double u = i == 1 || i == 2 ? lens->width - 0.5 : -0.5;
        double v = i >= 2 ? lens->height - 0.5 : -0.5;
        double x[3] = {(u - lens->cx) / lens->fx * depth, (v - lens->cy) / lens->fy * depth, depth};

        for (int r = 0; r < 3; r++)
            corner[i][r] = tip[r] + dot3(k->world_from_keyframe.R + 3 * r, x);
    }
    for (int i = 0; i < 4; i++) {
        draw_segment(p, tip, corner[i], color);
        draw_segment(p, corner[i], corner[(i + 1) % 4], color);
    }
}

static double time_share(const drawing *d, int64_t time_ns)
{
    int64_t first = d->poses[0].time_ns, last = d->poses[d->pose_count - 1].time_ns;

    return last > first ? (double)(time_ns - first) / (double)(last - first) : 0;
}

static void draw_frusta(const pen *p, const drawing *d, double size)
{
    uint32_t submap = omma_map_main_submap(d->map);
    size_t n = omma_map_keyframe_count(d->map), every = n / MAX_FRUSTA + 1;

    for (size_t i = 0; i < n && d->pose_count > 0; i += every) {
        omma_map_keyframe k = omma_map_get_keyframe(d->map, i);

        if (k.submap == submap && omma_camera_check(&k.camera) == OMMA_OK)
            draw_frustum(p, &k, size, time_color(time_share(d, k.time_ns), true));
    }
}

void render_lines(omma_renderer *r, const render_view *v)
{
    double smaller = fmin(r->canvas.width, r->canvas.height) / (double)r->canvas.scale;
    pen p = {.canvas = &r->canvas, .view = v, .width = fmax(1.3, smaller / 380)};

    if (r->options.frusta) {
        p.alpha = 0.85;
        p.hidden_alpha = 0.15;
        p.width *= 0.7;
        draw_frusta(&p, &r->lines, r->frustum);
        p.width /= 0.7;
    }
    for (int is_halo = r->options.trajectory; is_halo >= 0 && r->options.trajectory; is_halo--) {
        pen q = p;

        q.width *= is_halo ? 2 : 1;
        q.alpha = is_halo ? 0.8 : 1;
        q.hidden_alpha = is_halo ? 0 : 0.3;
        draw_path(&q, &r->lines, is_halo);
    }
}
