/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where the index (moov) of an MP4 or MOV file stands among its top boxes (ISO/IEC 14496-12, 4.2):
 * without it no picture can be found, and behind the pictures (mdat) it is of no use to a reader
 * that cannot go back.
 */
#pragma once

#include <omma/base.h>

/* A stream as it comes by. Zeroed at its beginning. */
typedef struct mp4_scan {
    uint8_t head[16];
    size_t have;        /* bytes of head */
    uint64_t skip;      /* bytes until the next box */
    bool begun;         /* the first box was one of an MP4's */
    bool ended;         /* all is known */
    bool index_is_last; /* for certain: more pictures than least_bytes come before any index */
} mp4_scan;

/** Looks at the next n bytes of the stream. @param least_bytes a reader can go back that far. */
void mp4_scan_feed(mp4_scan *s, const uint8_t *bytes, size_t n, uint64_t least_bytes);

/** Whether a file is an MP4 or MOV without an index: its end is missing. */
bool mp4_lacks_index(const char *path);
