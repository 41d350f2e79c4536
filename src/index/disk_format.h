/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of an index folder share (docs/index.md has every byte). Their numbers are
 * little-endian and lie where a little-endian machine has them in memory: a checkpoint is mapped,
 * not read.
 */
#pragma once

#include <omma/base.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "checkpoints are mapped as they are");

enum { DISK_VERSION = 1, DISK_MAGIC_BYTES = 8 };

/* As in map files: a transfer that changes line ends or stops at a control character shows. */
#define DISK_LOG_MAGIC        "\x89OMIL\n\x1a\n"
#define DISK_CHECKPOINT_MAGIC "\x89OMIC\n\x1a\n"

/** What cannot change in the life of an index, at the head of each of its files. */
typedef struct disk_shape {
    uint32_t dim;
    uint32_t metric;
    uint32_t codes_only; /* 0 or 1 */
} disk_shape;

/**
 * Compares the head of a file with what is wanted.
 *
 * @param what "log", "checkpoint": for the reason
 * @param want NULL or dim 0: anything
 * @return OMMA_OK; OMMA_FORMAT (magic), OMMA_UNSUPPORTED (version), OMMA_INVALID (another shape).
 */
omma_error disk_check_magic(const char *what, const void *magic, const char *want_magic,
                            uint32_t version);
omma_error disk_check_shape(const char *what, const disk_shape *has, const disk_shape *want);
