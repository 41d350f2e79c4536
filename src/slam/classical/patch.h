/* SPDX-License-Identifier: Apache-2.0 */
/** The picture of a feature: kept when it is first seen, warped to how it should look from
 * elsewhere. */
#pragma once

#include "world.h"

/** Keeps the picture around (x, y) of level-0 px as the feature's patch. */
void patch_capture(feature *f, const omma_pyramid *p, uint32_t keyframe, float x, float y);

/**
 * How the patch looks from a camera.
 *
 * @param camera_from_world where it is looked at from
 * @param coarse use the patch's coarser copy: less exact, found from further away
 * @param level on which pyramid level of the new picture the template applies
 * @return false when it is seen too slanted, too small or too large for the patch.
 */
bool patch_template(const world *w, const feature *f, const omma_se3 *camera_from_world, int levels,
                    bool coarse, klt_template *t, int *level);

static inline float to_level(float x, int l)
{
    return (x + 0.5f) / (float)(1 << l) - 0.5f;
}

static inline float from_level(float x, int l)
{
    return (x + 0.5f) * (float)(1 << l) - 0.5f;
}
