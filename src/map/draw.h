/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A small software rasteriser for pictures of a map. It paints on a canvas of scale times the size
 * in both directions, which is averaged at the end: that smooths the splats. Lines and discs bring
 * their own coverage. Coordinates and widths are pixels of the finished picture, (0, 0) its
 * corner.
 */
#pragma once

#include <omma/frame.h>
#include <omma/map.h>

typedef struct rgb {
    float r, g, b; /* 0 to 1, sRGB */
} rgb;

typedef struct canvas {
    int width, height; /* of the canvas, not of the picture */
    int scale;         /* canvas pixels per pixel of the picture, across and down */
    rgb *color;
    float *depth; /* distance from the eye, INFINITY = nothing there */
} canvas;

/** @return OMMA_OK (canvas_finish); OMMA_INVALID (size); OMMA_NO_MEMORY. */
omma_error canvas_init(canvas *c, int width, int height, int scale);
void canvas_finish(canvas *c);
/** A background that goes from one colour at the top to another at the bottom. */
void canvas_clear(canvas *c, rgb top, rgb bottom);
/** A disc facing the eye, hidden by what is nearer. */
void canvas_splat(canvas *c, double x, double y, double depth, double radius, rgb color);
/** Covers with alpha; the ends are round. */
void canvas_line(canvas *c, double x0, double y0, double x1, double y1, double width, rgb color,
                 double alpha);
/** The same at a depth at either end: what lies behind other things shows only faintly. */
void canvas_line_at(canvas *c, const double a[3], const double b[3], double width, rgb color,
                    double alpha, double hidden_alpha);
void canvas_disc(canvas *c, double x, double y, double radius, rgb color);
void canvas_box(canvas *c, double x0, double y0, double x1, double y1, rgb color, double alpha);
/** Darkens what has nearer things beside it. */
void canvas_shade(canvas *c, double strength);
/** Rows first to end - 1 of the finished picture, into an RGB24 frame of its size. */
void canvas_rows(const canvas *c, omma_frame *to, int first, int end);
/** The finished picture. */
omma_error canvas_picture(const canvas *c, omma_frame **out);

/** 5x7 letters a-z, digits, '.', '-', '/' and blanks; (x, y) is the top left corner; size is that
 * of a letter's dot. */
void canvas_text(canvas *c, double x, double y, double size, const char *text, rgb color);
double canvas_text_width(const char *text, double size);

/** The gradient of time: 0 = start (blue), 1 = end (red). */
rgb time_color(double share, bool on_dark);
/** A length bar whose number is 1, 2 or 5 times a power of ten. */
void draw_scale_bar(canvas *c, double px_per_unit, const char *unit, rgb ink, rgb paper);
/** start o--gradient--o end, at the bottom right. */
void draw_time_legend(canvas *c, rgb ink, rgb paper, bool on_dark);

/** What is drawn: the main submap's points and poses and where most of them are. */
typedef struct drawing {
    const omma_map *map;
    const omma_map_point **points;
    size_t point_count;
    omma_map_pose *poses; /* those with a pose, in time order */
    bool *follows;        /* the pose continues the line from the one before */
    size_t pose_count;
    double up[3];      /* the guess: away from gravity */
    double forward[3]; /* mean viewing direction, not normalised: short when they looked around */
} drawing;

/** @return OMMA_OK (drawing_finish); OMMA_DEGENERATE (nothing there). */
omma_error drawing_init(drawing *d, const omma_map *m);
void drawing_finish(drawing *d);
/** The interval along an axis that holds nearly all points, without far outliers, and all poses. */
void drawing_bounds(const drawing *d, const double axis[3], double *low, double *high);
/** The direction across up in which the drawing extends most. */
void drawing_long_axis(const drawing *d, double axis[3]);

static inline double dot3(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline void cross3(const double a[3], const double b[3], double out[3])
{
    double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2];

    out[2] = a[0] * b[1] - a[1] * b[0];
    out[0] = x;
    out[1] = y;
}

/** Makes v a unit vector; false (v untouched) when it is too short to have a direction. */
bool normalize3(double v[3]);
