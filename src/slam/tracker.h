/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a tracker needs of the one who does its work. A backend folder has one function that makes
 * it, NAME_create(&self, &backend, log, options); tracker.c has checked the options and, before
 * every push, that the frame has pixels, its time increases, and its size is at least 32 x 32 and
 * never changes.
 */
#pragma once

#include <omma/slam.h>

#define TRACKER_MIN_SIZE 32

typedef struct tracker_start {
    int width, height;
    int64_t time_ns;
} tracker_start;

typedef struct tracker_backend {
    /* frame is taken, whatever is returned; *out is borrowed until the next call */
    omma_error (*push)(void *self, omma_frame *frame, const omma_update **out);
    /* called once at most, and no push after it */
    omma_error (*finish)(void *self, const omma_update **out);
    /* out comes zeroed; arrays are given, from malloc. NULL = this backend has no points */
    omma_error (*points)(void *self, omma_sparse_map *out);
    /* The three are NULL when a backend keeps no memory of a map. */
    omma_error (*save)(const void *self, double scale, omma_buffer **out);
    /* before the first push; start: what was pushed last in the earlier run */
    omma_error (*restore)(void *self, const omma_tracker_memory *memory, tracker_start *start);
    omma_error (*locate)(void *self, const omma_frame *frame, const omma_camera *camera,
                         omma_tracker_place *out);
    void (*get_stats)(const void *self, omma_tracker_stats *out); /* out comes zeroed */
    void (*destroy)(void *self);
} tracker_backend;
