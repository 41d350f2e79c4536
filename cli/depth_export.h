/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of the keyframes' depth: all of its files, or none. */
#pragma once

#include "map_input.h"

/* Whether depth_export could begin: the folder is new, empty, or may be written over (replace).
 * @return OMMA_OK; OMMA_EXISTS, OMMA_NOT_FOUND, OMMA_DENIED. */
omma_error depth_export_check(const char *folder, bool replace);

/* @param count how many keyframes have depth
 * @return OMMA_OK; OMMA_DEGENERATE (none has); OMMA_INTERRUPTED; as omma_map_write_depth. */
omma_error depth_export(const map_input *in, const char *folder, omma_depth_format format,
                        bool replace, size_t *count);
