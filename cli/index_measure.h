/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One measurement of an index, and of a peer beside it in turn. Times are CPU time: of the whole
 * process for additions, with the log's thread; of one thread for queries.
 */
#pragma once

#include <omma/index.h>

#include "index_data.h"
#include "index_peer.h"

enum { MEASURE_K = 10, MEASURE_EFS = 5 };
extern const uint32_t measure_efs[MEASURE_EFS];

typedef struct query_figures {
    double us;       /* median of the rounds */
    double recall;   /* of the ten nearest */
    double zero_hit; /* share of queries that found none of them */
} query_figures;

typedef struct index_figures {
    double inserts_per_s;
    double bytes_each;
    query_figures queries[MEASURE_EFS];
} index_figures;

typedef struct measure {
    const index_data *data; /* borrowed; its extra vectors are added beside a reader */
    uint64_t *truth;        /* query_count x MEASURE_K, by looking at all */
    char *folder;
    omma_index_options options;
    omma_index *index;
    const index_peer *peer; /* or NULL */
    void *peer_index;
    index_figures ours, peers;
    double checkpoint_s, open_s, open_cpu_s;
    uint64_t open_changes; /* replayed by it */
    double reopened_us;    /* a query after it, at the first ef */
    double beside_inserts_per_s, alone_inserts_per_s;
    double beside_p50_us, beside_p99_us; /* of queries, by the clock on the wall */
} measure;

/** @param parent a folder to make the index's folder in
 *  @return OMMA_OK (measure_finish); what omma_index_open says. */
omma_error measure_begin(measure *m, const index_data *data, const omma_index_options *options,
                         const index_peer *peer, const char *parent);
/** Removes the folder. */
void measure_finish(measure *m);

/* In this order. */
void measure_truth(measure *m);
omma_error measure_inserts(measure *m);
omma_error measure_queries(measure *m);
omma_error measure_open(measure *m);
omma_error measure_beside(measure *m);
