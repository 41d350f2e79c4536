/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The log of an index: every change, in the order in which it was made. A change counts once its
 * record is in the file; it survives the end of the process from then on, and a loss of power once
 * it was synced, which a thread of the log's own does for all records of the last sync_ns together
 * (group commit).
 *
 * A log that is open for writing is always a new file: what a crash left at the end of an older one
 * is read up to the first record that is not whole, and never written to again.
 */
#pragma once

#include "disk_format.h"

#include <sys/uio.h>

enum {
    LOG_HEADER_BYTES = 64,
    LOG_RECORD_BYTES = 24, /* before its content */
    LOG_ALIGN = 8,         /* of records in the file, and of their content */
};

typedef struct log_record {
    uint64_t seq;  /* one more than that of the record before it */
    uint32_t kind; /* the log does not look at it */
    uint32_t bytes;
    const void *content; /* aligned for 8 bytes; borrowed */
} log_record;

/* ---------------------------------------------------------------------------------- writing */

typedef struct index_log index_log;

/**
 * @param path      where there is no file
 * @param first_seq at least 1
 * @param sync_ns   < 0: only index_log_sync does it
 * @return OMMA_OK (*out given: index_log_close); OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO.
 */
omma_error index_log_create(index_log **out, const char *path, const disk_shape *shape,
                            uint64_t first_seq, int64_t sync_ns);

/** Syncs and releases. @return as index_log_sync. NULL is harmless. */
omma_error index_log_close(index_log **l);

/**
 * Appends a record with the content of all parts. Thread-safe: one thread at a time.
 *
 * @return OMMA_OK; OMMA_FULL, OMMA_IO: nothing was appended, and what is there is as it was. When
 * a sync failed nobody knows what is on the disk: from then on all changes fail.
 */
omma_error index_log_append(index_log *l, uint32_t kind, const struct iovec *parts, int n);

/** All that was appended is on the disk. Thread-safe: yes. */
omma_error index_log_sync(index_log *l);

/** A place to come back to, and back: what was appended meanwhile is no more. */
typedef struct log_mark {
    uint64_t bytes, next_seq;
} log_mark;
log_mark index_log_mark(const index_log *l);
omma_error index_log_rewind(index_log *l, log_mark mark);

uint64_t index_log_bytes(const index_log *l);
uint64_t index_log_next_seq(const index_log *l);
uint64_t index_log_unsynced(index_log *l); /* records */

/* ---------------------------------------------------------------------------------- reading */

/** Where reading came to. */
typedef struct log_end {
    disk_shape shape;
    uint64_t first_seq, next_seq; /* of the records that are whole */
    uint64_t bytes, whole_bytes;  /* of the file; up to the first record that is not whole */
    uint64_t behind;              /* whole records behind that one: then it is no torn end */
} log_end;

/** Takes a record; anything but OMMA_OK ends reading and is returned. */
typedef omma_error log_visit(void *user, const log_record *record);

/**
 * Reads the records of a log up to the first that is not whole.
 *
 * @param data  aligned for 8 bytes; borrowed
 * @param want  NULL or dim 0: any shape
 * @param visit or NULL
 * @param end   filled in when OMMA_OK is returned
 * @return OMMA_OK, also with a torn end; OMMA_FORMAT, OMMA_UNSUPPORTED, OMMA_INVALID (the header).
 */
omma_error index_log_parse(const void *data, size_t bytes, const disk_shape *want, log_visit *visit,
                           void *user, log_end *end);
/** The same for a file. Also OMMA_NOT_FOUND, OMMA_DENIED, OMMA_IO; the reason names it. */
omma_error index_log_read(const char *path, const disk_shape *want, log_visit *visit, void *user,
                          log_end *end);
/** Only its header: end says shape and first_seq. */
omma_error index_log_peek(const char *path, log_end *end);
