/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a file could be written, said before the minutes that making it may take. */
#pragma once

#include <omma/base.h>

/* @return OMMA_OK; OMMA_EXISTS (it is there and may not be replaced, or is a folder),
 * OMMA_NOT_FOUND, OMMA_DENIED (its folder is missing, or cannot be written). */
omma_error output_place_check(const char *path, bool replace);
