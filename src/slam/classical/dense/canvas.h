/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A picture as an ideal pinhole camera with other axes would have taken it from the same place:
 * distortion, rotation and the turn during a rolling shutter's readout are taken out at once.
 */
#pragma once

#include "dense.h"

typedef struct canvas {
    int width, height, stride;
    double fx, fy, cx, cy;
    uint8_t *grey;  /* 0 where unknown */
    uint8_t *known; /* 255 or 0 */
} canvas;

/**
 * Where the ray (x, y, 1) of the canvas' axes falls in the view's picture, px of level 0.
 * @param R view_from_canvas   @param row in: a guess of the picture row, px; out: the row
 * @return false when the ray does not come to lie in front of the camera or the model has no image.
 */
bool canvas_locate(const dense_view *v, const double R[9], double x, double y, double *row,
                   double px[2]);

/** The ray (x, y, 1) of a pixel of the picture: canvas_locate's inverse for R = 1. */
bool canvas_ray(const dense_view *v, const double px[2], double ray[2]);

/** Fills grey and known, which the caller has allocated, from a level of v's picture. */
void canvas_draw(const canvas *c, const dense_view *v, int level, const double R[9]);
