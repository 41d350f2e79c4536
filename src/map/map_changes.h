/* SPDX-License-Identifier: Apache-2.0 */
/** What can happen to a map while it is made, as records of a journal (docs/map-file.md). */
#pragma once

#include <omma/map.h>

typedef enum change_kind {
    CHANGE_VIEW = 1,
    CHANGE_CORRECTION = 2,
    CHANGE_REMOVAL = 3,
    CHANGE_NAME = 4, /* of a keyframe's picture */
} change_kind;

/** One record after the other into the map. @return OMMA_OK; OMMA_FORMAT (what came before it
 *  counts). */
omma_error changes_apply(omma_map *m, omma_byte_reader *r);
