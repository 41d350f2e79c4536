/* SPDX-License-Identifier: Apache-2.0 */
/* What --camera takes: numbers, a camera file (both as omma_camera_parse reads them), or the
 * report.json of an earlier map. */
#pragma once

#include <omma/geometry.h>

/* What --camera was given: numbers with commas, or the name of a file. Width and height are 0 where
 * it does not say them. @return as omma_camera_read; out untouched on failure. */
omma_error camera_option_read(omma_camera *out, const char *value);

/* The camera in a report.json, from memory. Fuzzed. @return OMMA_OK; OMMA_FORMAT, out untouched. */
omma_error camera_report_parse(omma_camera *out, const char *text, size_t bytes);
