/* SPDX-License-Identifier: Apache-2.0 */
/* The map a command works on: map.omma, the journal of one that was cut off, or the folder that
 * holds it. */
#pragma once

#include <omma/map.h>

#include "exit_code.h"

typedef struct map_input {
    omma_map *map;
    char *path, *folder; /* of map.omma */
    bool salvaged;
    omma_map_salvage damage; /* when salvaged */
} map_input;

/* The path of the map file that MAP means. Given: free(). */
char *map_input_path(const char *name);

/* @return OMMA_OK (given: map_input_finish); as omma_map_open. */
omma_error map_input_open(map_input *in, const char *name, bool salvage);
/* The same for going on in it: of a journal what its last checkpoint knows. */
omma_error map_input_open_remembered(map_input *in, const char *name);
/* Warns of parts that were damaged, and of a map that was never finished. */
void map_input_tell_damage(const map_input *in, const omma_log *log);
void map_input_finish(map_input *in);

/* How a command ends whose map could not be opened. */
exit_code map_input_code(omma_error err);

/* Whether a keyframe of the main submap has depth. */
bool map_input_has_depth(const map_input *in);

/* What an export shows: the dense cloud, or the sparse points where the map has no depth, or none
 * that two keyframes agree on; *sparse is then why, else NULL.
 * @return OMMA_OK; OMMA_INVALID (the options leave nothing of the depth); as omma_map_fuse. */
omma_error map_input_cloud(const map_input *in, const omma_fuse_options *o, omma_cloud *out,
                           const char **sparse);
