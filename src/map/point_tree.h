/* SPDX-License-Identifier: Apache-2.0 */
/** Nearest neighbours, exact: a k-d tree that lies in the order of its points. Source: Bentley,
 * "Multidimensional binary search trees used for associative searching", CACM 1975. */
#pragma once

#include <omma/base.h>

typedef struct point_tree {
    double (*points)[3]; /* borrowed, and put in order */
    uint8_t *axis;       /* that divides the range whose middle the point is */
    size_t count;
} point_tree;

/** The points may not move while the tree is used. @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error point_tree_build(point_tree *t, double (*points)[3], size_t count);
void point_tree_finish(point_tree *t);
/** Distance to the nearest point; INFINITY when there is none. */
double point_tree_distance(const point_tree *t, const double from[3]);
