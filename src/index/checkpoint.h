/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A checkpoint: all of an index at one moment, as named sections of bytes in one file, together
 * with the number of the last change that is in it. It is written beside the old one and takes its
 * place when it is whole and on the disk. It is read by mapping it: opening costs the same for a
 * thousand vectors and for a million, and pages come when they are looked at.
 */
#pragma once

#include "disk_format.h"

enum {
    CHECKPOINT_NAME_BYTES = 16, /* of a section, with at least one 0 at its end */
    CHECKPOINT_ALIGN = 4096,    /* of sections in the file */
    CHECKPOINT_SECTIONS = 64,   /* at most */
};

/* ---------------------------------------------------------------------------------- writing */

typedef struct checkpoint_writer checkpoint_writer;

/** @param seq the last change that is in it @return as omma_file_create. */
omma_error checkpoint_create(checkpoint_writer **out, const char *path, const disk_shape *shape,
                             uint64_t seq);
/** What is written from here on is of this section. */
void checkpoint_begin(checkpoint_writer *w, const char *name);
/** Errors stick until the commit. */
void checkpoint_write(checkpoint_writer *w, const void *data, size_t bytes);
/** Puts it in the place of the old one, or leaves that as it was; frees *w either way.
 *  @return OMMA_OK; OMMA_FULL, OMMA_IO ... */
omma_error checkpoint_commit(checkpoint_writer **w);

/* ---------------------------------------------------------------------------------- reading */

typedef struct checkpoint checkpoint;

/**
 * Maps a checkpoint. Its head and its table are checked, its sections are not: checkpoint_check.
 *
 * @param want NULL or dim 0: any shape
 * @return OMMA_OK (*out given: checkpoint_close); OMMA_NOT_FOUND, OMMA_DENIED, OMMA_IO;
 * OMMA_FORMAT (cut, damaged, no checkpoint), OMMA_UNSUPPORTED (version), OMMA_INVALID (shape).
 */
omma_error checkpoint_open(checkpoint **out, const char *path, const disk_shape *want);
void checkpoint_close(checkpoint **c);

/** The same for bytes in memory (borrowed until closed); checkpoint_map is not for these. */
omma_error checkpoint_parse(checkpoint **out, const void *data, size_t bytes,
                            const disk_shape *want);

disk_shape checkpoint_shape(const checkpoint *c);
uint64_t checkpoint_seq(const checkpoint *c);
uint64_t checkpoint_bytes(const checkpoint *c);
size_t checkpoint_sections(const checkpoint *c);
const char *checkpoint_name(const checkpoint *c, size_t section);

/** A section's bytes, at an address aligned as the file is; borrowed until closed.
 *  @return OMMA_OK; OMMA_FORMAT (there is none of that name, or not of so many bytes). */
omma_error checkpoint_find(const checkpoint *c, const char *name, uint64_t bytes,
                           const void **data);

/** Compares a section with its checksum. @return OMMA_OK; OMMA_FORMAT (none, or damaged). */
omma_error checkpoint_check(const checkpoint *c, const char *name);

/**
 * Puts part of a section into memory that was mapped before, private and to be changed: what is not
 * changed stays a page of the file. Behind the part, up to the next page, there are zeros.
 *
 * @param from  a multiple of CHECKPOINT_ALIGN, within the section
 * @param bytes the part ends within the section
 * @param at    aligned to pages; the mapping outlives the checkpoint
 * @return OMMA_OK; OMMA_FORMAT (as checkpoint_find); OMMA_NO_MEMORY.
 */
omma_error checkpoint_map(const checkpoint *c, const char *name, uint64_t from, uint64_t bytes,
                          void *at);
