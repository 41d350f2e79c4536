/* SPDX-License-Identifier: Apache-2.0 */
/** The depth files of a folder, by the number of their frame. */
#pragma once

#include <omma/base.h>

typedef struct depth_entry {
    uint64_t frame;
    char *name;
    bool npy;
} depth_entry;

/** Zeroed: none. */
typedef struct depth_list {
    depth_entry *entries; /* frames increase */
    size_t count, capacity;
    const char *folder; /* borrowed */
} depth_list;

/** .npy and .png whose names hold a number, the last one being the frame's; of a frame with both
 *  the .npy. @return OMMA_OK (given: depth_list_finish); OMMA_FORMAT (two files for one frame; no
 *  file at all), file errors. */
omma_error depth_list_read(depth_list *out, const char *folder);
void depth_list_finish(depth_list *l);
/** NULL when the frame has none. */
const depth_entry *depth_list_find(const depth_list *l, uint64_t frame);
