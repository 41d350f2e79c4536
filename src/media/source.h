/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What stands behind an omma_source. source.c knows the URL syntax, skip / step / limit, the stop
 * flag and strictly increasing times; a backend knows where frames come from.
 */
#pragma once

#include <omma/media.h>

#include <stdatomic.h>

typedef struct source_backend {
    void *self;
    /* The next frame with format, size, planes, time_ns and index set (name and truth if there are
     * any). index is the place in the source: damaged frames count. Given.
     * @return OMMA_OK, OMMA_END, OMMA_INTERRUPTED, or what omma_source_read promises. */
    omma_error (*read)(void *self, omma_frame **out);
    /* Passes over n frames without making them; may be NULL (then they are read and thrown away).
     */
    omma_error (*skip)(void *self, uint64_t n);
    /* Frames damaged so far; may be NULL (none). */
    uint64_t (*damaged)(const void *self);
    /* Releases everything. */
    void (*close)(void *self);
} source_backend;

/* What every backend gets at open. All of it outlives the backend, except that options is borrowed.
 */
typedef struct source_context {
    const omma_source_options *options; /* never NULL; skip, limit and step are not the backend's */
    const omma_log *log;
    const atomic_bool *stopped; /* read it in every loop that may wait */
} source_context;

/* One opener per backend: fills *out and *info on OMMA_OK, leaves both untouched otherwise. */
omma_error pictures_open(source_backend *out, omma_source_info *info, const char *url,
                         const source_context *context);
omma_error stream_open(source_backend *out, omma_source_info *info, const char *url,
                       const source_context *context);
/* scene.c: spec is what stands behind "synthetic:". It also implements omma_source_scenes(). */
omma_error scene_open(source_backend *out, omma_source_info *info, const char *spec,
                      const omma_source_options *options);
