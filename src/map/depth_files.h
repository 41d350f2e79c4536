/* SPDX-License-Identifier: Apache-2.0 */
/** Depth at the size of a picture, and as files. */
#pragma once

#include <omma/map.h>

/** Depth at a place of the picture, px: bilinear in inverse depth among the cells around that
 *  belong to one surface with the nearest, so that edges stay edges; 0 where the nearest is 0. */
float depth_at(const omma_depth_map *d, const omma_camera *camera, double x, double y);

/** 16-bit grey PNG; text: of a tEXt chunk "Comment", or NULL. */
omma_error png16_write(const uint16_t *pixels, int width, int height, const char *text,
                       const char *path, bool replace);
