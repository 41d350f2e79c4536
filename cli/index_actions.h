/* SPDX-License-Identifier: Apache-2.0 */
/** What omma index does: one function for each of its words. */
#pragma once

#include <omma/index.h>

#include "console.h"
#include "index_data.h"

typedef struct index_values {
    /* build */
    int metric;
    bool codes_only, json, exact, audit;
    uint64_t first_id, threads;
    /* query */
    uint64_t k, ef;
    /* bench */
    uint64_t count, dim, queries, seed;
    int kind, order, mode;
    const char *peer, *folder;
} index_values;

int index_build(console *c, const index_values *v, const char *folder, const char *vectors);
int index_query(console *c, const index_values *v, const char *folder, const char *queries);
int index_verify(console *c, const index_values *v, const char *folder);
int index_bench(console *c, const index_values *v);

/** The exit code for an error of the folder. */
exit_code index_exit_code(omma_error err);
