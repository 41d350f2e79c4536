/* SPDX-License-Identifier: Apache-2.0 */
/** Depth as it lies in files: read from NumPy's .npy or from grey .png of 16 bits. */
#pragma once

#include <omma/base.h>

/** Zeroed: none. */
typedef struct depth_image {
    int width, height;
    float *depth; /* row-major; 0 = unknown; owned */
} depth_image;

/** By the ending of path. @param unit steps of a .png per unit of length, > 0
 *  @return OMMA_OK (given: depth_image_finish); OMMA_FORMAT, OMMA_UNSUPPORTED, OMMA_NO_MEMORY, file
 *  errors; omma_why() names the path. */
omma_error depth_image_read(depth_image *out, const char *path, double unit);
void depth_image_finish(depth_image *d);

/** Two-dimensional once dimensions of 1 are left out; float32 or float64. What is not finite or not
 *  above 0 becomes 0. Both parsers are fuzzed; as above, without a path. */
omma_error npy_parse(depth_image *out, const void *data, size_t bytes);
/** 0 and 65535 are unknown. */
omma_error png16_parse(depth_image *out, const void *data, size_t bytes, double unit);

/** Room for so many pixels. @return OMMA_OK; OMMA_FORMAT (no such picture can be), OMMA_NO_MEMORY.
 */
omma_error depth_image_create(depth_image *out, uint64_t width, uint64_t height);
