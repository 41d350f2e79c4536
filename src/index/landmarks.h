/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where searches begin: nodes from all of the past, so that no stretch of the path is far from all
 * of them. Their codes lie side by side in groups about a few of them, and only the groups that are
 * nearest to a query are looked at. A set of landmarks never changes: as the index grows the writer
 * makes another.
 */
#pragma once

#include "key_batch.h"

enum {
    LANDMARKS = 32768, /* at most */
    LANDMARK_EVERY = 20,
    LANDMARK_GROUPS = 256, /* at most */
    LANDMARK_BEST = 16,    /* groups of which any are looked at */
    LANDMARK_LOOKS = 256,  /* at landmarks, before the last group */
};

typedef struct candidate {
    float key;
    uint32_t node;
} candidate;

typedef struct landmarks {
    uint32_t count, groups;
    uint32_t made_at; /* nodes that there were */
    uint32_t first[LANDMARK_GROUPS + 1];
    /* Rows: the centres, then the landmarks, group by group. */
    uint8_t *codes;
    uint32_t *nodes;
    float *scales, *biases;
} landmarks;

/** Which of so many nodes are to be landmarks, count of them in order. @return false without
 * memory. */
bool landmarks_pick(const distance_kernels *k, const store *s, uint32_t nodes, uint32_t count,
                    uint32_t *picked);

/** Of the first n nodes of s. Given: free(). @return NULL without memory. */
landmarks *landmarks_create(const distance_kernels *k, const store *s, uint32_t n);
size_t landmarks_bytes(const landmarks *l, const store *s);

/** Whether there should be others, for so many nodes; l may be NULL. */
bool landmarks_are_old(const landmarks *l, uint32_t nodes);

/** The best, the nearest first. @return how many, up to n. */
uint32_t landmarks_nearest(const landmarks *l, const distance_kernels *k, const store *s,
                           const query *q, candidate *best, uint32_t n);
