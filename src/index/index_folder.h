/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The folder that an index lives in:
 *
 *     lock            held (flock) by the one who may write
 *     checkpoint      all of the index at one moment, if there ever was one
 *     log-00000001    what was changed since then, or before, in the order of their numbers:
 *     log-00000002    each time somebody writes again it is to a new one
 *
 * Changes are numbered from 1 on, through all logs. A checkpoint says the last one that it has, so
 * a crash between its writing and the removal of the logs before it does no harm.
 */
#pragma once

#include "checkpoint.h"
#include "index_log.h"

typedef struct index_folder index_folder;

/** What replaying has found. */
typedef struct folder_logs {
    uint64_t logs, records; /* records: of those after the checkpoint */
    uint64_t bytes;         /* of all files */
    uint64_t cut_bytes;     /* of the last log: what a crash left of a record */
    uint64_t cut_records;   /* whole ones behind such a place: it is damaged, not torn */
} folder_logs;

/**
 * @param create    the folder is made when it is missing; otherwise it must have an index
 * @param read_only nothing is locked, and nothing can be written
 * @param log       outlives the folder; or NULL
 * @return OMMA_OK (*out given: index_folder_close); OMMA_BUSY (somebody else writes);
 * OMMA_NOT_FOUND, OMMA_DENIED, OMMA_INVALID, OMMA_IO.
 */
omma_error index_folder_open(index_folder **out, const char *path, bool create, bool read_only,
                             const omma_log *log);
void index_folder_close(index_folder **f);
/** Neither a checkpoint nor a log is there. */
bool index_folder_is_empty(const index_folder *f);

/** @return OMMA_OK, with *out NULL where there is none; else as checkpoint_open. */
omma_error index_folder_checkpoint(index_folder *f, checkpoint **out);
/** What the first log says of its shape; as it was where there is none. @return as index_log_peek.
 */
omma_error index_folder_shape(const index_folder *f, disk_shape *shape);

/**
 * Visits all changes after a number, in order.
 *
 * @param after 0 or that of the checkpoint
 * @param shape what all logs must have
 * @return OMMA_OK; OMMA_FORMAT (changes are missing in the middle; a header is damaged);
 * OMMA_INVALID (another shape); what visit returns.
 */
omma_error index_folder_replay(index_folder *f, uint64_t after, const disk_shape *shape,
                               log_visit *visit, void *user, folder_logs *found);

/* ------------------------------------- writing, after index_folder_replay, one thread at a time */

/** Nothing is written before the first change. */
void index_folder_begin(index_folder *f, const disk_shape *shape, int64_t sync_ns);
/** As index_log_append; also what index_log_create says. */
omma_error index_folder_append(index_folder *f, uint32_t kind, const struct iovec *parts, int n);
/** A place to come back to. */
omma_error index_folder_mark(index_folder *f, log_mark *mark);
omma_error index_folder_rewind(index_folder *f, log_mark mark);
omma_error index_folder_sync(index_folder *f);

/**
 * Puts a checkpoint of all changes so far in the place of the old one and of the logs.
 *
 * @param write writes the sections
 * @return OMMA_OK; what omma_file_create and _commit say: all is as it was.
 */
omma_error index_folder_compact(index_folder *f, void (*write)(void *user, checkpoint_writer *w),
                                void *user);

uint64_t index_folder_changes(const index_folder *f); /* since the checkpoint */
uint64_t index_folder_log_bytes(const index_folder *f);
uint64_t index_folder_checkpoint_bytes(const index_folder *f);
uint64_t index_folder_unsynced(const index_folder *f);
