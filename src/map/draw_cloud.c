/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The point cloud in perspective from behind, above and a little to the side of where the cameras
 * looked, on dark paper, where colours of any kind are told apart best. Depth is shown by the size
 * of the splats and by eye-dome lighting.
 */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ELEVATION  (34 * M_PI / 180)
#define SIDEWARDS  (28 * M_PI / 180)
#define FIELD      (38 * M_PI / 180) /* of view, over the picture's smaller side */
#define MAX_FRUSTA 48

static const rgb ink = {0.90f, 0.92f, 0.95f};
static const rgb sky = {0.105f, 0.120f, 0.150f};
static const rgb ground = {0.050f, 0.058f, 0.075f};

typedef struct eye {
    double right[3], down[3], ahead[3]; /* axes of the viewing camera in the world */
    double at[3];
    double focal; /* px */
    double x0, y0;
} eye;

/* What is fitted into the picture: the middle of the points and all poses. */
typedef struct sample_set {
    double (*at)[3];
    size_t count;
} sample_set;

/* --------------------------------------------------------------------------- the view */

static bool is_within(const double x[3], double axes[3][3], const double low[3],
                      const double high[3], double slack)
{
    for (int k = 0; k < 3; k++) {
        double value = dot3(axes[k], x), room = slack * (high[k] - low[k]);

        if (value < low[k] - room || value > high[k] + room)
            return false;
    }
    return true;
}

static sample_set collect_samples(const drawing *d, double axes[3][3])
{
    double low[3], high[3];
    size_t step = d->point_count / 20000 + 1;
    sample_set s = {.at = calloc(d->point_count / step + d->pose_count + 2, sizeof *s.at)};

    if (!s.at)
        return s;
    for (int k = 0; k < 3; k++)
        drawing_bounds(d, axes[k], &low[k], &high[k]);
    for (size_t i = 0; i < d->point_count; i += step)
        if (is_within(d->points[i]->world, axes, low, high, 1e-9))
            memcpy(s.at[s.count++], d->points[i]->world, sizeof *s.at);
    for (size_t i = 0; i < d->pose_count; i++)
        memcpy(s.at[s.count++], d->poses[i].world_from_camera.t, sizeof *s.at);
    return s;
}

/* Looks the way the cameras looked on the whole; if they looked all around, across the long side.
 */
static void choose_heading(const drawing *d, double heading[3])
{
    double along = dot3(d->forward, d->up), long_axis[3];

    for (int k = 0; k < 3; k++)
        heading[k] = d->forward[k] - along * d->up[k];
    if (sqrt(dot3(heading, heading)) > 0.35 && normalize3(heading))
        return;
    drawing_long_axis(d, long_axis);
    cross3(d->up, long_axis, heading);
}

static void turn_eye(eye *e, const drawing *d)
{
    double heading[3], side[3];

    choose_heading(d, heading);
    cross3(heading, d->up, side); /* to the right of heading */
    for (int k = 0; k < 3; k++)
        e->ahead[k] = cos(ELEVATION) * (cos(SIDEWARDS) * heading[k] - sin(SIDEWARDS) * side[k]) -
                      sin(ELEVATION) * d->up[k];
    normalize3(e->ahead);
    cross3(e->ahead, d->up, e->right);
    normalize3(e->right);
    cross3(e->ahead, e->right, e->down);
}

/* The nearest place from which all samples lie inside the picture's inner part: for each side of
 * the view a plane is pushed out until it touches. Left and right planes together give the place
 * across, and both pairs give how far away it must be. */
static void place_eye(eye *e, const sample_set *s, int width, int height)
{
    double slope[2] = {0.46 * width / e->focal, 0.455 * height / e->focal};
    const double *axis[2] = {e->right, e->down};
    double back[2], across[2], nearest = INFINITY;

    for (int k = 0; k < 2; k++) {
        double most = -INFINITY, least = -INFINITY;

        for (size_t i = 0; i < s->count; i++) {
            double z = dot3(e->ahead, s->at[i]), u = dot3(axis[k], s->at[i]);

            most = fmax(most, u - slope[k] * z); /* u - a <= slope (z - b) for all */
            least = fmax(least, -u - slope[k] * z);
            nearest = fmin(nearest, z);
        }
        across[k] = (most - least) / 2;
        back[k] = -(most + least) / (2 * slope[k]);
    }
    double b = fmin(back[0], back[1]), far = -INFINITY;

    for (size_t i = 0; i < s->count; i++)
        far = fmax(far, dot3(e->ahead, s->at[i]));
    /* nothing right before the eye, and a single place is seen from one unit away */
    b = fmin(b, nearest - fmax(0.15 * (far - nearest), far > nearest ? 0 : 1));
    for (int i = 0; i < 3; i++)
        e->at[i] = across[0] * e->right[i] + across[1] * e->down[i] + b * e->ahead[i];
}

static bool eye_see(const eye *e, const double world[3], double at[3])
{
    double x[3] = {world[0] - e->at[0], world[1] - e->at[1], world[2] - e->at[2]};
    double z = dot3(e->ahead, x);

    if (!(z > 1e-9))
        return false;
    at[0] = e->x0 + e->focal * dot3(e->right, x) / z;
    at[1] = e->y0 + e->focal * dot3(e->down, x) / z;
    at[2] = z;
    return fabs(at[0]) < 1e5 && fabs(at[1]) < 1e5;
}

/* ------------------------------------------------------------------------- the things */

/* Where the points are seen that are drawn: far outliers say nothing and may hang right before the
 * eye.
 */
typedef struct seen_points {
    const omma_map_point **points;
    double (*at)[3];
    size_t count;
} seen_points;

static seen_points see_points(const drawing *d, const eye *e, double axes[3][3], double near)
{
    double low[3], high[3];
    seen_points s = {.points = calloc(d->point_count + 1, sizeof *s.points),
                     .at = calloc(d->point_count + 1, sizeof *s.at)};

    for (int k = 0; k < 3; k++)
        drawing_bounds(d, axes[k], &low[k], &high[k]);
    for (size_t i = 0; s.points && s.at && i < d->point_count; i++) {
        const double *world = d->points[i]->world;

        if (!is_within(world, axes, low, high, 0.35) || !eye_see(e, world, s.at[s.count]) ||
            s.at[s.count][2] < near)
            continue;
        s.points[s.count++] = d->points[i];
    }
    return s;
}

/* The part of the picture that the points lie in, px^2, counted in squares of 1/64 of its width. */
static double covered_area(const canvas *c, const seen_points *s)
{
    enum { ACROSS = 64 };
    bool hit[ACROSS][ACROSS] = {{false}};
    double width = (double)c->width / c->scale, height = (double)c->height / c->scale;
    size_t hits = 0;

    for (size_t i = 0; i < s->count; i++) {
        double x = s->at[i][0] / width * ACROSS, y = s->at[i][1] / height * ACROSS;

        if (x >= 0 && y >= 0 && x < ACROSS && y < ACROSS && !hit[(int)y][(int)x]) {
            hit[(int)y][(int)x] = true;
            hits++;
        }
    }
    return width * height * (double)hits / (ACROSS * ACROSS);
}

/* Radius r of n random discs on an area A leaves exp(-n pi r^2 / A) of it bare: 0.8 sqrt(A / n)
 * leaves an eighth, and then a surface looks like one. */
static omma_error paint_points(canvas *c, const drawing *d, const eye *e, double axes[3][3],
                               double middle_depth)
{
    double unit = fmax(1, fmin(c->width, c->height) / (1080.0 * c->scale));
    seen_points s = see_points(d, e, axes, 0.3 * middle_depth);
    bool enough = s.points && s.at;
    double even = 0.8 * sqrt(covered_area(c, &s) / (double)(s.count + 1));
    double radius = fmin(2.8 * unit, fmax(0.8 * unit, even));

    for (size_t i = 0; i < s.count; i++) {
        const uint8_t *color = s.points[i]->rgb;
        double size = radius * fmin(1.8, fmax(0.6, middle_depth / s.at[i][2]));

        canvas_splat(c, s.at[i][0], s.at[i][1], s.at[i][2], size,
                     (rgb){0.08f + 0.92f * (float)color[0] / 255,
                           0.08f + 0.92f * (float)color[1] / 255,
                           0.08f + 0.92f * (float)color[2] / 255});
    }
    free(s.points);
    free(s.at);
    return enough ? OMMA_OK
                  : omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu points", d->point_count);
}

static void paint_segment(canvas *c, const eye *e, const double a[3], const double b[3],
                          double width, rgb color, double alpha, double hidden_alpha)
{
    double from[3], to[3];

    if (eye_see(e, a, from) && eye_see(e, b, to))
        canvas_line_at(c, from, to, width, color, alpha, hidden_alpha);
}

static void paint_path(canvas *c, const drawing *d, const eye *e, double width)
{
    for (int halo = 1; halo >= 0; halo--)
        for (size_t i = 0; i < d->pose_count; i++) {
            const double *at = d->poses[i].world_from_camera.t;
            const double *from = d->follows[i] ? d->poses[i - 1].world_from_camera.t : at;
            rgb color = time_color((double)i / (double)d->pose_count, true);

            if (halo)
                paint_segment(c, e, from, at, width * 2, ground, 0.9, 0);
            else
                paint_segment(c, e, from, at, width, color, 1, 0.35);
        }
}

/* A pyramid of the keyframe's own field of view. */
static void paint_frustum(canvas *c, const eye *e, const omma_map_keyframe *k, double size,
                          double width, rgb color)
{
    const omma_camera *lens = &k->camera;
    double tip[3], corner[4][3];
    double depth = size * lens->fx / fmax(1, lens->width); /* size is the width of its base */

    memcpy(tip, k->world_from_keyframe.t, sizeof tip);
    for (int i = 0; i < 4; i++) {
        double u = i == 1 || i == 2 ? lens->width - 0.5 : -0.5;
        double v = i >= 2 ? lens->height - 0.5 : -0.5;
        double x[3] = {(u - lens->cx) / lens->fx * depth, (v - lens->cy) / lens->fy * depth, depth};

        for (int r = 0; r < 3; r++)
            corner[i][r] = tip[r] + dot3(k->world_from_keyframe.R + 3 * r, x);
    }
    for (int i = 0; i < 4; i++) {
        paint_segment(c, e, tip, corner[i], width, color, 0.85, 0.2);
        paint_segment(c, e, corner[i], corner[(i + 1) % 4], width, color, 0.85, 0.2);
    }
}

static double time_share(const drawing *d, int64_t time_ns)
{
    int64_t first = d->poses[0].time_ns, last = d->poses[d->pose_count - 1].time_ns;

    return last > first ? (double)(time_ns - first) / (double)(last - first) : 0;
}

static void paint_frusta(canvas *c, const drawing *d, const eye *e, double size, double width)
{
    uint32_t submap = omma_map_main_submap(d->map);
    size_t n = omma_map_keyframe_count(d->map), every = n / MAX_FRUSTA + 1;

    for (size_t i = 0; i < n && d->pose_count > 0; i += every) {
        omma_map_keyframe k = omma_map_get_keyframe(d->map, i);

        if (k.submap == submap && omma_camera_check(&k.camera) == OMMA_OK)
            paint_frustum(c, e, &k, size, width, time_color(time_share(d, k.time_ns), true));
    }
}

static omma_error paint_all(canvas *c, const drawing *d, const eye *e, const sample_set *s,
                            double axes[3][3])
{
    double middle = 0, line = fmax(1.3, fmin(c->width, c->height) / (double)c->scale / 380);

    for (size_t i = 0; i < s->count; i++)
        middle += dot3(e->ahead, s->at[i]) / (double)s->count;
    middle -= dot3(e->ahead, e->at);
    canvas_clear(c, sky, ground);
    omma_error err = paint_points(c, d, e, axes, middle);

    if (err)
        return err;
    canvas_shade(c, 5);
    /* frusta of 1/28 of what is seen in the middle */
    paint_frusta(c, d, e, middle * (c->width / (double)c->scale) / e->focal / 28, line * 0.7);
    paint_path(c, d, e, line);
    if (d->pose_count > 0)
        draw_time_legend(c, ink, ground, true);
    return OMMA_OK;
}

omma_error omma_map_draw_cloud(const omma_map *m, int width, int height, omma_frame **out)
{
    canvas c;
    drawing d;
    eye e = {.x0 = width / 2.0, .y0 = height / 2.0};
    double axes[3][3];
    omma_error err = canvas_init(&c, width, height, 2);

    if (err)
        return err;
    err = drawing_init(&d, m);
    if (err)
        goto no_drawing;
    e.focal = fmin(width, height) / 2.0 / tan(FIELD / 2);
    turn_eye(&e, &d);
    memcpy(axes[0], d.up, sizeof axes[0]);
    drawing_long_axis(&d, axes[1]);
    cross3(axes[0], axes[1], axes[2]);
    sample_set samples = collect_samples(&d, axes);

    if (samples.at) {
        place_eye(&e, &samples, width, height);
        err = paint_all(&c, &d, &e, &samples, axes);
        if (!err)
            err = canvas_picture(&c, out);
    } else {
        err = omma_fail(OMMA_NO_MEMORY, "no memory to draw the cloud");
    }
    free(samples.at);
    drawing_finish(&d);
no_drawing:
    canvas_finish(&c);
    return err;
}
