/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Corners spread evenly over a picture: FAST-9 in grid cells, the threshold lowered cell by cell
 * until something is found, scored by the smaller eigenvalue of the structure tensor.
 *
 * Sources: Rosten, Porter, Drummond, "Faster and better", PAMI 2010; Shi, Tomasi, "Good features to
 * track", CVPR 1994.
 */
#pragma once

#include <omma/frame.h>

typedef struct corner {
    float x, y;  /* level coordinates, px */
    float score; /* smaller eigenvalue of the 7x7 structure tensor, (grey levels / px)^2 */
    uint8_t level;
} corner;

/** Grid over level 0; cell c of the grid is at column c % columns. */
typedef struct corner_grid {
    int cell; /* px of level 0 */
    int columns, rows;
} corner_grid;

corner_grid corner_grid_make(int width, int height, int cell);
int corner_grid_at(const corner_grid *g, float x, float y); /* level-0 px, clamped into the grid */

/**
 * Finds up to per_cell corners in every cell that has room.
 *
 * @param levels pyramid levels to search, finest first: a cell left empty by one is tried on the
 * next
 * @param room   per cell, how many corners are wanted (0 = skip the cell)
 * @param keep_away level-0 points (n x 2) that new corners must stay min_distance px away from
 * @param out    at most capacity corners, given cell by cell, best first
 * @return how many.
 */
size_t corners_find(const omma_pyramid *p, int levels, const corner_grid *grid, const uint8_t *room,
                    const float *keep_away, size_t n, float min_distance, corner *out,
                    size_t capacity);

/** The smaller eigenvalue of the structure tensor over 7x7 px around (x, y), per pixel. */
float corner_strength(const omma_level *level, int x, int y);
