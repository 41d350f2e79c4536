/* SPDX-License-Identifier: Apache-2.0 */
/** Where the corners of a described keyframe are in the world: told by the map's features, or by
 * another keyframe of known pose that shows them too. */
#pragma once

#include "described.h"

typedef struct wide_view {
    uint32_t keyframe;
    described corners;
} wide_view;

#define NO_FEATURE UINT32_MAX

typedef struct known_corner {
    double world[3];
    double parallax;  /* rad, of the two sights; 0 = nothing is known, 1 = told by a feature */
    uint32_t feature; /* of the map, of known depth or not; or NO_FEATURE */
    int by;           /* otherwise: told by this view, */
    uint32_t other;   /* this corner of it */
} known_corner;

/** E = [t]x R of a known motion. */
void essential_of_motion(const omma_se3 *b_from_a, double E[9]);

/** The corners of views[view], one each. The two usable views nearest in the list help.
 * @return to be released with free() */
known_corner *known_corners(const world *w, const wide_view *views, int count, int view,
                            uint32_t submap);

/** Whether the view's keyframe has a pose in the submap. */
bool wide_view_is_usable(const world *w, const wide_view *v, uint32_t submap);
