/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file some bytes begin, and what the header of a PLY file says. Both are fuzzed. */
#pragma once

#include <omma/base.h>

typedef enum file_kind {
    FILE_OTHER, /* a video or a picture, or nothing known */
    FILE_PLY,
    FILE_MAP, /* map.omma */
    FILE_JSON,
    FILE_TRAJECTORY, /* lines of eight numbers */
    FILE_CAMERA,     /* what omma_camera_parse takes, or four to twelve numbers in all */
} file_kind;

/* @param text the beginning of a file; whole: all of it */
file_kind identify(const char *text, size_t bytes, bool whole);

typedef struct ply_header {
    char format[32]; /* "binary_little_endian 1.0" */
    uint64_t vertices, faces;
    char properties[256]; /* of a vertex, "x y z red green blue" */
    char comments[512];   /* joined by newlines */
    size_t bytes;         /* of the header */
} ply_header;

/* @return OMMA_OK; OMMA_FORMAT. */
omma_error ply_header_parse(ply_header *out, const char *text, size_t bytes);
