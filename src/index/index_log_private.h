/* SPDX-License-Identifier: Apache-2.0 */
/** The bytes of a log, for its writer and its reader. */
#pragma once

#include "index_log.h"

/** At the beginning of the file. */
typedef struct log_header {
    char magic[DISK_MAGIC_BYTES];
    uint32_t version;
    disk_shape shape;
    uint64_t first_seq;
    uint32_t zero[7];
    uint32_t checksum; /* of all before it */
} log_header;
_Static_assert(sizeof(log_header) == LOG_HEADER_BYTES, "no padding");

/** Before the content of a record; zeros follow the content up to a multiple of LOG_ALIGN. */
typedef struct record_header {
    uint32_t checksum; /* of all behind it: this header, the content and the zeros */
    uint32_t bytes;    /* of the content */
    uint64_t seq;
    uint32_t kind;
    uint32_t zero;
} record_header;
_Static_assert(sizeof(record_header) == LOG_RECORD_BYTES, "no padding");

static inline size_t log_padding(size_t bytes)
{
    return -bytes % LOG_ALIGN;
}
