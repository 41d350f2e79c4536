/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a scene, drawn as pinhole cameras with the keyframe's axes, and what is made of
 * each once: census and averaged greys. */
#include "dense_private.h"

#include <math.h>

static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

static int level_for(const omma_pyramid *p, int width)
{
    int level = 0;
    while (level + 1 < p->levels && p->level[level].width > 1.42 * width)
        level++;
    return level;
}

/* The part of the plane z = 1 that the picture sees, at most 58 degrees off the axis. */
static void seen_box(const dense_view *v, double box[4])
{
    const double limit = 1.6, w = v->camera.width - 1, h = v->camera.height - 1;

    box[0] = box[1] = 1e9;
    box[2] = box[3] = -1e9;
    for (int i = 0; i <= 16; i++)
        for (int side = 0; side < 4; side++) {
            const double a = i / 16.0;
            const double px[2] = {side < 2 ? a * w : (side - 2) * w, side < 2 ? side * h : a * h};
            double ray[2];
            if (!canvas_ray(v, px, ray))
                continue;
            for (int j = 0; j < 2; j++) {
                box[j] = fmin(box[j], fmax(ray[j], -limit));
                box[2 + j] = fmax(box[2 + j], fmin(ray[j], limit));
            }
        }
}

static bool canvas_room(dense *d, canvas *c, int grey_slot, int known_slot)
{
    c->stride = (c->width + 63) & ~63;
    const size_t bytes = (size_t)c->stride * (size_t)c->height;
    c->grey = dense_room(d, grey_slot, bytes);
    c->known = dense_room(d, known_slot, bytes);
    return c->grey && c->known;
}

static bool census_room(dense *d, const canvas *c, census *out, int slot)
{
    out->width = c->width;
    out->height = c->height;
    out->stride = c->stride;
    out->bits = dense_room(d, slot, (size_t)c->stride * (size_t)c->height * sizeof(uint32_t));
    return out->bits && dense_room(d, SLOT_BLUR, (size_t)c->stride * (size_t)c->height);
}

bool scene_draw_view(dense *d, const dense_view *v, int width)
{
    scene *s = &d->scene;
    const int level = level_for(v->picture, width);
    canvas *c = &s->view;
    double box[4];

    seen_box(v, box);
    const double scale = 1.0 / (1 << level);
    const double limit = 1.5 * v->picture->level[level].width;
    double fx = v->camera.fx * scale, fy = v->camera.fy * scale;
    double shrink = fmin(1, limit / fmax((box[2] - box[0]) * fx, (box[3] - box[1]) * fy));
    c->fx = fx * shrink;
    c->fy = fy * shrink;
    c->width = ((int)ceil((box[2] - box[0]) * c->fx - 1e-6) + 2) & ~1;
    c->height = ((int)ceil((box[3] - box[1]) * c->fy - 1e-6) + 2) & ~1;
    c->cx = -box[0] * c->fx;
    c->cy = -box[1] * c->fy;
    s->step = c->width >= 400 ? 2 : 1;
    s->width = c->width / s->step;
    s->height = c->height / s->step;
    if (!canvas_room(d, c, SLOT_VIEW_GREY, SLOT_VIEW_KNOWN) ||
        !census_room(d, c, &s->view_census, SLOT_VIEW_CENSUS))
        return false;
    canvas_draw(c, v, level, identity);
    census_make(c, s->step, d->slot[SLOT_BLUR], &s->view_census);
    s->guide = dense_room(d, SLOT_GUIDE, (size_t)s->width * (size_t)s->height);
    if (!s->guide)
        return false;
    const uint8_t *blur = s->step == 2 ? d->slot[SLOT_BLUR] : c->grey;
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            s->guide[y * s->width + x] =
                blur[(size_t)(y * s->step) * (size_t)c->stride + (size_t)(x * s->step)];
    return true;
}

/* Where a corner of the view lies on a neighbour's canvas, px from the axis. */
static void corner_at(const canvas *c, int corner, double rho, const double C[3], double px[2])
{
    const double x = ((corner & 1 ? c->width - 1 : 0) - c->cx) / c->fx;
    const double y = ((corner & 2 ? c->height - 1 : 0) - c->cy) / c->fy;
    const double w = fmax(1 - rho * C[2], 0.1);
    px[0] = c->fx * (x - rho * C[0]) / w;
    px[1] = c->fy * (y - rho * C[1]) / w;
}

double scene_spread_px(const canvas *c, const double C[3], double rho_min, double rho_max)
{
    double most = 0;
    for (int i = 0; i < 4; i++) {
        double a[2], b[2];
        corner_at(c, i, rho_min, C, a);
        corner_at(c, i, rho_max, C, b);
        most = fmax(most, hypot(a[0] - b[0], a[1] - b[1]));
    }
    return most;
}

bool scene_draw_neighbour(dense *d, const dense_view *view, const dense_view *other, int index,
                          double rho_min, double rho_max)
{
    scene *s = &d->scene;
    scene_neighbour *n = &s->neighbour[index];
    canvas *c = &n->canvas;
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};

    for (int i = 0; i < 8; i++) {
        double px[2];
        corner_at(&s->view, i & 3, i & 4 ? rho_max : rho_min, n->C, px);
        for (int j = 0; j < 2; j++) {
            low[j] = fmin(low[j], px[j]);
            high[j] = fmax(high[j], px[j]);
        }
    }
    /* Not more than half a picture around: what lies further out is seen badly anyway. */
    const double margin = 2 + CENSUS_REACH * s->step;
    const double side[2] = {s->view.width, s->view.height}, center[2] = {s->view.cx, s->view.cy};
    for (int j = 0; j < 2; j++) {
        low[j] = floor(fmax(low[j] - margin, -center[j] - 0.5 * side[j]));
        high[j] = ceil(fmin(high[j] + margin, 1.5 * side[j] - center[j]));
        high[j] = fmax(high[j], low[j] + 32);
    }
    *c = (canvas){.width = (int)(high[0] - low[0]),
                  .height = (int)(high[1] - low[1]),
                  .fx = s->view.fx,
                  .fy = s->view.fy,
                  .cx = -low[0],
                  .cy = -low[1]};
    const int slot = SLOT_NEIGHBOUR + 4 * index;
    if (!canvas_room(d, c, slot, slot + 1) || !census_room(d, c, &n->census, slot + 2))
        return false;
    const omma_se3 inverse = omma_se3_inverse(&view->camera_from_world);
    const omma_se3 other_from_view = omma_se3_mul(&other->camera_from_world, &inverse);
    canvas_draw(c, other, level_for(other->picture, s->view.width), other_from_view.R);
    uint8_t *blur = dense_room(d, slot + 3, (size_t)c->stride * (size_t)c->height);
    if (!blur)
        return false;
    census_make(c, s->step, blur, &n->census);
    n->grey = s->step == 2 ? blur : c->grey;
    return true;
}
