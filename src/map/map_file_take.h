/* SPDX-License-Identifier: Apache-2.0 */
/** Contents of map.omma's parts, one after the other, into a map. */
#pragma once

#include "map_file.h"

typedef struct map_taker {
    omma_map *map;
    bool salvages; /* an index that does not fit, and pixels of nobody, are fine */
    map_head head;
    bool has_head, has_end;
    bool is_journal;      /* its parts tell what happened, one after the other */
    omma_byte_list index; /* of the parts that were taken, as the writer makes it */
    size_t taken, indexed;
    size_t orphans; /* intact pictures and depths whose keyframe was lost */
    uint64_t next_frame;
    bool frames_full; /* the last frame has the largest index */
    omma_map_point *points;
    size_t point_count, point_capacity;
    omma_map_observation *observations;
    size_t observation_count, observation_capacity;
} map_taker;

/** at: of the part in the file. @return OMMA_OK; OMMA_FORMAT, OMMA_NO_MEMORY. */
omma_error map_taker_take(map_taker *t, const map_part *p, uint64_t at, omma_buffer *content);
/** The map, given, with its points; everything else is released. */
omma_map *map_taker_finish(map_taker *t);
