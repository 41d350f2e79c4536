/* SPDX-License-Identifier: Apache-2.0 */
/** Depth maps that are to become files: they wait in a nameless temporary file until the scale of
 * the finished map is known. */
#pragma once

#include <omma/map.h>

typedef struct depth_log depth_log;

/** @return NULL when there is no room for a temporary file ($TMPDIR); omma_why() says why. */
depth_log *depth_log_create(void);
void depth_log_destroy(depth_log **l);
/** Keeps the view's depth; a later one of the same frame replaces it.
 *  @return OMMA_OK; OMMA_FULL, OMMA_IO. */
omma_error depth_log_add(depth_log *l, const omma_view *v);
/** A frame whose keyframe was culled hangs on another one, of which it takes the unit. m still has
 * both. */
void depth_log_rehang(depth_log *l, const omma_map *m, const omma_view *v);
size_t depth_log_count(const depth_log *l);
/** Writes all of them, in the map's unit, into folder by frame. */
omma_error depth_log_write(const depth_log *l, const omma_map *m, const char *folder,
                           omma_depth_format format, const omma_export_options *o);
