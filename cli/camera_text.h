/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cameras as people write them:
 *
 *   fx fy cx cy                      or with k1 k2 p1 p2, or with k1 k2 p1 p2 k3
 *   fx fy cx cy w h                  or with k1 k2 p1 p2, or with k1 k2 p1 p2 k3
 *   fisheye fx fy cx cy [w h] k1 k2 k3 k4
 *
 * separated by commas or white space, # begins a comment; or a report.json of omma map. Pixels; (0,
 * 0) is the centre of the top-left pixel; OpenCV's distortion.
 */
#pragma once

#include <omma/geometry.h>

/* From memory. Width and height are 0 when the text does not say them. Fuzzed.
 * @return OMMA_OK; OMMA_FORMAT, out untouched. */
omma_error camera_text_parse(omma_camera *out, const char *text, size_t bytes);

/* What --camera was given: numbers, or the name of a file. @return as above; file errors. */
omma_error camera_option_read(omma_camera *out, const char *value);
