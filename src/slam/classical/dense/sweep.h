/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The plane sweep: for every pixel of the keyframe and every plane of constant depth, how well the
 * neighbours agree. All views have the same axes here, so a pixel moves along a line: with the
 * neighbour at C in the keyframe's camera, the ray x at inverse depth rho is seen there along
 * (x - rho C) / (1 - rho C_z).
 */
#pragma once

#include "census.h"

enum {
    SWEEP_GROUP = 32,                 /* planes come in groups of this many */
    SWEEP_COST_MAX = 2 * CENSUS_BITS, /* mean of the better half of the neighbours, doubled */
    SWEEP_COST_UNKNOWN = CENSUS_BITS, /* what an unseen place costs: as chance would */
};

typedef struct sweep_neighbour {
    const census *census;
    /* picture column = X * scale[d] + shift_x[d], row = Y * scale[d] + shift_y[d], with X, Y the
     * normalised ray; rounded to the nearest by truncation */
    float scale[DENSE_MAX_PLANES], shift_x[DENSE_MAX_PLANES], shift_y[DENSE_MAX_PLANES];
    float scale_y[DENSE_MAX_PLANES];
} sweep_neighbour;

typedef struct sweep_row {
    const uint32_t *census; /* of the keyframe: elements 0, step, 2 step ... */
    int step, width, planes;
    float x0, dx, y; /* ray of the first pixel, and from pixel to pixel */
    const sweep_neighbour *neighbour;
    size_t neighbours;
    uint8_t *cost; /* width * planes */
} sweep_row;

typedef void sweep_kernel(const sweep_row *row);

sweep_kernel sweep_row_scalar, sweep_row_avx2, sweep_row_avx512;
sweep_kernel *sweep_kernel_choose(unsigned cpu);

/** Neighbour n's numbers for planes at rho[0 .. planes - 1]: C in the keyframe's camera, the canvas
 *  its census was made of. */
void sweep_neighbour_init(sweep_neighbour *n, const double C[3], const canvas *c,
                          const census *from, int step, const double *rho, int planes);
