/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How the camera turned between two pictures, from the whole pictures: small blurred copies are
 * aligned over SO(3), blind to gain and bias. It needs no features and no map, survives blur, and
 * predicts where every feature went.
 *
 * Source: Lovegrove, Davison, "Real-time spherical mosaicing using whole image alignment", ECCV
 * 2010 (inverse compositional here, as in klt.h).
 */
#pragma once

#include <omma/frame.h>
#include <omma/geometry.h>

typedef struct rotation_result {
    double R[9]; /* now_from_before, rotation part */
    float score; /* normalised cross-correlation of the aligned pictures, -1 .. 1 */
} rotation_result;

/**
 * @param camera intrinsics of level 0; distortion is ignored
 * @param guess  now_from_before to start from, 9 values, or NULL
 * @param wide   also try large shifts when no start fits well
 */
rotation_result rotation_estimate(const omma_pyramid *before, const omma_pyramid *now,
                                  const omma_camera *camera, const double *guess, bool wide);
