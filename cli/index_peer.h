/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Another library to measure an index beside. It is not linked: it is a module
 * (tests/bench/peer_NAME.cpp) with one symbol, omma_index_peer_table, that is loaded when it is
 * asked for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct index_peer {
    const char *name; /* with its version and its settings */
    void *(*create)(uint32_t dim, size_t capacity);
    void (*add)(void *peer, const float *vector, uint64_t id);
    /* ids has room for k; returns how many there are */
    uint32_t (*query)(void *peer, const float *vector, uint32_t k, uint32_t ef, uint64_t *ids);
    size_t (*bytes)(void *peer); /* of memory */
    void (*destroy)(void *peer);
} index_peer;

/** @return NULL, with omma_why() saying where it was looked for. Stays loaded. */
const index_peer *index_peer_load(const char *name);

#ifdef __cplusplus
}
#endif
