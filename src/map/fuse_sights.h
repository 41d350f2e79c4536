/* SPDX-License-Identifier: Apache-2.0 */
/** What one view and its neighbours agree on. */
#pragma once

#include "fuse_views.h"

typedef struct fuse_rules {
    float max_error;    /* relative */
    unsigned min_views; /* the view itself counts */
    unsigned threads;
} fuse_rules;

/**
 * The points of view i, which is held: each cell of it whose depth enough neighbours confirm, and
 * no more of them refute, at the mean of what they say along the cell's ray. Cells that a point of
 * another view spoke for before are left out, and cells of the neighbours that are spoken for now
 * are noted: so each place is told once, with what all know of it.
 *
 * @param points room for all cells of the view  @param count how many there are
 */
omma_error fuse_sights(fuse_views *v, size_t i, const fuse_rules *rules, omma_cloud_point *points,
                       size_t *count);
