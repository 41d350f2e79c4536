/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A surface through what is known of it: at every place a plane fitted to the known values around,
 * near ones where there are enough, far ones otherwise. Inverse depth is affine in the pixel on
 * every plane of the scene, so a wall of which only the border is known is filled as a wall.
 * Weights fall where the picture changes, so that a surface ends where the picture says so.
 *
 * A pyramid of moments up, plane fits pulled towards the coarser one down: Gortler et al., "The
 * lumigraph", SIGGRAPH 1996 (push-pull), with affine functions instead of constants.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * @param value, weight width * height; weight 0 = unknown
 * @param guide  width * height, the picture
 * @param out    width * height, filled everywhere
 * @param error  width * height: expected error of out, from the scatter about the planes and from
 *               how far away the known values are; may be NULL
 * @param work   plane_fill_bytes(width, height) of memory
 */
void plane_fill(const float *value, const float *weight, const uint8_t *guide, int width,
                int height, float *out, float *error, void *work);
size_t plane_fill_bytes(int width, int height);
