/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The bytes of a checkpoint, for its writer and its reader: a head, the sections, each at a
 * multiple of CHECKPOINT_ALIGN with zeros between them, then the table and the tail. The table
 * comes last because its checksums are known last.
 */
#pragma once

#include "checkpoint.h"

typedef struct checkpoint_head {
    char magic[DISK_MAGIC_BYTES];
    uint32_t version;
    disk_shape shape;
    uint64_t seq;
    uint32_t zero[7];
    uint32_t checksum; /* of all before it */
} checkpoint_head;
_Static_assert(sizeof(checkpoint_head) == 64, "no padding");

typedef struct checkpoint_section {
    char name[CHECKPOINT_NAME_BYTES];
    uint64_t at, bytes;
    uint32_t checksum; /* of its bytes */
    uint32_t zero;
} checkpoint_section;
_Static_assert(sizeof(checkpoint_section) == 40, "no padding");

/** The last bytes of the file; the table ends where it begins. */
typedef struct checkpoint_tail {
    uint64_t file_bytes;
    uint64_t seq; /* as in the head: both are of one file */
    uint32_t sections;
    uint32_t checksum; /* of the table and of the tail before this */
    char magic[DISK_MAGIC_BYTES];
} checkpoint_tail;
_Static_assert(sizeof(checkpoint_tail) == 32, "no padding");

static inline uint64_t checkpoint_padding(uint64_t bytes)
{
    return -bytes % CHECKPOINT_ALIGN;
}
