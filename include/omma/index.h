/* SPDX-License-Identifier: Apache-2.0 */
/**
 * index: a memory of places. Vectors go in as they come, in time order, each with an entry that
 * says what it is of; the nearest come out in microseconds, however long ago they were seen.
 *
 *     omma_index_open(&index, "places", &(omma_index_options){ .dim = 256 });
 *     omma_index_add(index, vector, 256, &(omma_index_entry){ .id = frame, .time_ns = t });
 *     omma_index_reader_create(&reader, index);
 *     omma_index_query(reader, vector, 256, &(omma_index_search){ .k = 10 }, matches, &found);
 *
 * Few vectors are scanned, many are found by a graph; both look at eight-bit codes first and then
 * at the vectors themselves. One thread writes; any number read beside it and never wait, each by a
 * reader of its own.
 */
#pragma once

#include <omma/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------- what */

/** What is near. A score is always larger for what is nearer. */
typedef enum omma_index_metric {
    OMMA_INDEX_COSINE,        /* the score is the cosine; lengths are forgotten when added */
    OMMA_INDEX_INNER_PRODUCT, /* the score is the product */
    OMMA_INDEX_L2,            /* the score is minus the squared distance */
} omma_index_metric;

/** How queries are answered. */
typedef enum omma_index_mode {
    OMMA_INDEX_AUTO,  /* a scan up to scan_below vectors, or ten times as many where audits say that
                         the graph finds less than nine in ten; the graph above */
    OMMA_INDEX_SCAN,  /* every code is looked at */
    OMMA_INDEX_GRAPH, /* the graph is walked */
} omma_index_mode;

/** A vector has at most so many components; the shortest has one. */
#define OMMA_INDEX_MAX_DIM 65536

/** What a vector is of: 64 bytes that are kept as they are. The index reads only id. */
typedef struct omma_index_entry {
    uint64_t id; /* chosen by the caller; no two in the index have the same */
    uint64_t frame;
    int64_t time_ns;
    float pose[8]; /* for the caller, as quaternion, translation, scale */
    uint32_t flags;
    uint32_t user;
} omma_index_entry;

/** Zeroed is the default. What a folder was made with stays: there dim 0 and metric 0 stand for
 *  what it has, and something else is refused. */
typedef struct omma_index_options {
    uint32_t dim; /* components of a vector, 1 to OMMA_INDEX_MAX_DIM */
    omma_index_metric metric;
    bool codes_only; /* no vectors beside the codes: a third of the memory, less recall */
    omma_index_mode mode;
    uint32_t scan_below; /* AUTO: so many are scanned; 0 = 2000 */
    uint32_t ef_insert;  /* candidates looked at when one is added; 0 = 128 */
    int64_t sync_ns; /* open: changes are on the disk at most so long after they were made, or as
                        soon as the disk can; 0 = 100 ms, < 0: only omma_index_sync does it */
    bool read_only;  /* open: beside whoever writes, as it is at this moment; changes are refused
                        with OMMA_DENIED */
    const omma_log *log; /* outlives the index; NULL is silence */
} omma_index_options;

typedef struct omma_index omma_index;

/* ----------------------------------------------------------------------------------- writer */

/**
 * An empty index in memory.
 *
 * @return OMMA_OK (*out given: omma_index_close); OMMA_INVALID (dim, an unknown metric or mode);
 * OMMA_NO_MEMORY.
 */
omma_error omma_index_create(omma_index **out, const omma_index_options *options);

/**
 * The index that lives in folder; a new one where the folder is missing or empty. While it is open
 * nobody else can open it to write.
 *
 * Changes survive the end of the process, however it comes, as soon as the function has returned;
 * those that were synced survive a loss of power, too. A record that a crash has torn is left out.
 *
 * @param options NULL or dim 0: the folder must have one
 * @return OMMA_OK (*out given: omma_index_close); OMMA_BUSY (another writer has it);
 * OMMA_NOT_FOUND (no index there and no dim); OMMA_INVALID (dim, metric or codes_only are not the
 * folder's; it is a file); OMMA_FORMAT (damaged: the reason says where); OMMA_UNSUPPORTED (a
 * version to come); OMMA_DENIED, OMMA_FULL, OMMA_IO, OMMA_NO_MEMORY.
 */
omma_error omma_index_open(omma_index **out, const char *folder, const omma_index_options *options);

/** Syncs what a folder has and releases; readers must be gone. NULL and *x == NULL are harmless. */
void omma_index_close(omma_index **x);

/* These change the index. Thread-safe: one thread at a time, beside any readers. When they fail,
 * nothing has changed. With a folder also: OMMA_FULL, OMMA_IO. */

/**
 * @param vector dim components; borrowed
 * @param entry  borrowed
 * @return OMMA_OK; OMMA_INVALID (dim is not the index's; a component is not finite; a cosine of
 * nothing but zeros); OMMA_EXISTS (the id); OMMA_NO_MEMORY; OMMA_FULL.
 */
omma_error omma_index_add(omma_index *x, const float *vector, uint32_t dim,
                          const omma_index_entry *entry);

/**
 * Adds n at once, on several threads. The result does not depend on how many; it is not the same
 * graph as that of n times omma_index_add, and as good.
 *
 * @param vectors n x dim; borrowed
 * @param entries n; borrowed
 * @param threads 0 = as many as cores
 * @return as omma_index_add, of the first that is refused: then none is added.
 */
omma_error omma_index_import(omma_index *x, const float *vectors, size_t n, uint32_t dim,
                             const omma_index_entry *entries, unsigned threads);

/** Replaces the entry with the same id: a pose was corrected. @return OMMA_OK; OMMA_NOT_FOUND. */
omma_error omma_index_update(omma_index *x, const omma_index_entry *entry);

/** Takes it out of all answers; omma_index_compact gives its room back.
 *  @return OMMA_OK; OMMA_NOT_FOUND. */
omma_error omma_index_remove(omma_index *x, uint64_t id);

/** Gives back the room of what was removed, beside the readers; add does so by itself when
 *  more than three in ten are removed. @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error omma_index_compact(omma_index *x);

/** On the disk is all that was done before. Without a folder there is nothing to do. */
omma_error omma_index_sync(omma_index *x);

/** Writes the whole index beside the old one and begins a new log: the next open is quick. Adding
 *  does so by itself when the log is long, and closing does. Without a folder there is nothing to
 *  do. @return OMMA_OK; OMMA_DENIED, OMMA_FULL, OMMA_IO: the folder is as it was. */
omma_error omma_index_checkpoint(omma_index *x);

/** What omma_index_verify has found in a folder that is sound. */
typedef struct omma_index_check {
    uint64_t vectors;          /* that can be found */
    uint64_t checkpoint_bytes; /* 0 without one */
    uint64_t logs, log_bytes;
    uint64_t changes;    /* in them, after the checkpoint */
    uint64_t torn_bytes; /* at the end: of a change that a crash has torn */
    uint64_t unused;     /* whole changes behind such a place: something has damaged it */
} omma_index_check;

/**
 * Reads all that a folder has, compares every checksum and makes every change, beside whoever
 * writes.
 *
 * @param log or NULL
 * @return OMMA_OK; OMMA_FORMAT (damaged: the reason says where); as omma_index_open with read_only.
 * Thread-safe: yes.
 */
omma_error omma_index_verify(const char *folder, const omma_log *log, omma_index_check *out);

/**
 * The writer's own look at one; beside readers, not beside changes.
 *
 * @param vector dim components, as it was added or, by cosine, at length one, from the codes if
 *               there is nothing better; or NULL
 * @param entry  or NULL
 * @return OMMA_OK; OMMA_NOT_FOUND.
 */
omma_error omma_index_get(const omma_index *x, uint64_t id, float *vector, omma_index_entry *entry);

/* ---------------------------------------------------------------------------------- readers */

/** Asks; it belongs to one thread at a time and is gone before the index is closed. */
typedef struct omma_index_reader omma_index_reader;

/** @return OMMA_OK (*out given: omma_index_reader_destroy). Thread-safe: yes. */
omma_error omma_index_reader_create(omma_index_reader **out, omma_index *x);
void omma_index_reader_destroy(omma_index_reader **r);

/** Zeroed is the default. */
typedef struct omma_index_search {
    uint32_t k;  /* answers wanted; 0 = 10 */
    uint32_t ef; /* candidates kept on the way: more find more, and take longer; 0 = 32, and never
                    less than k */
    bool exact;  /* look at all of them */
    /** What counts, or NULL: for instance what is not of the last ten seconds. It is called on the
     *  reader's thread and must not use the index. */
    bool (*keep)(void *user, const omma_index_entry *entry);
    void *user;
} omma_index_search;

typedef struct omma_index_match {
    omma_index_entry entry;
    float score; /* of the vectors; of the codes with codes_only */
} omma_index_match;

/**
 * The nearest, the nearest first, of equal ones the earlier. Never waits for the writer. What is
 * added meanwhile may be among them.
 *
 * @param vector  dim components; borrowed
 * @param search  NULL is all defaults
 * @param matches room for k
 * @param found   k, or as many as there are that count
 * @return OMMA_OK; OMMA_INVALID (as omma_index_add); OMMA_NO_MEMORY.
 */
omma_error omma_index_query(omma_index_reader *r, const float *vector, uint32_t dim,
                            const omma_index_search *search, omma_index_match *matches,
                            uint32_t *found);

/**
 * Asks for the ten nearest of some of the index's own vectors, both ways, and adds what the graph
 * found of what is there to the stats: for idle times. A query costs as much as an exact one.
 *
 * @return OMMA_OK; OMMA_NO_MEMORY. Thread-safe: as omma_index_query.
 */
omma_error omma_index_audit(omma_index_reader *r, uint32_t queries);

/* ------------------------------------------------------------------------------------ stats */

typedef struct omma_index_stats {
    uint32_t dim;
    omma_index_metric metric;
    omma_index_mode mode; /* SCAN or GRAPH: what a query does now */
    uint64_t vectors;     /* that can be found */
    uint64_t removed;     /* whose room is not given back yet */
    uint64_t bytes;       /* of memory in use; each reader has a bit per vector besides */
    double bytes_each;    /* of them, for one vector more */
    double links;         /* mean number per vector, in the graph */
    uint64_t audited;     /* queries of omma_index_audit so far */
    double recall;        /* share of the ten nearest, or of as near ones to a thousandth, that
                             the graph found in them; 1 of none */
    double missed;        /* share of them that found none of the ten */
    /* of a folder; 0 without */
    uint64_t log_bytes; /* since the last checkpoint */
    uint64_t unsynced;  /* changes that a crash would lose now */
    uint64_t checkpoint_bytes;
} omma_index_stats;

/** Thread-safe: the writer's thread. */
void omma_index_get_stats(const omma_index *x, omma_index_stats *out);

#ifdef __cplusplus
}
#endif
