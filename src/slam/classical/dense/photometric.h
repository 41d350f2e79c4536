/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the grey values say about a surface that is nearly right: for every pixel the plane at which
 * the neighbours' grey values fit best, to first order, and how much they know about it. Most
 * pixels of a smooth wall know little; plane_fill adds them up.
 *
 * Source: Lucas, Kanade, "An iterative image registration technique with an application to stereo
 * vision", IJCAI 1981, with one unknown along the epipolar line.
 */
#pragma once

#include "dense_private.h"

/**
 * @param surface width * height, planes
 * @param value   out: planes, at most 1.5 from surface
 * @param weight  out: 0 .. 1
 * @param work    photometric_bytes of memory
 */
void photometric_data(const scene *s, const float *surface, float *value, float *weight,
                      void *work);
size_t photometric_bytes(const scene *s);
