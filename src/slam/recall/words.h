/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Visual words over binary descriptors, and the vector of a picture: for every word the sum of how
 * its descriptors differ from the word's mean, along the few directions in which descriptors differ
 * most (VLAD).
 *
 * Sources: Jegou et al., "Aggregating local descriptors into a compact image representation", CVPR
 * 2010; normalised word by word as in Arandjelovic, Zisserman, "All about VLAD", CVPR 2013; words
 * by k-majority, Grana et al., "A fast approach for integrating ORB descriptors in the bag of words
 * model", SPIE 2013.
 */
#pragma once

#include "descriptor.h"

enum { WORDS = 128, WORD_AXES = 16, WORDS_DIM = WORDS * WORD_AXES };

typedef struct words {
    uint8_t centre[WORDS][DESCRIPTOR_BYTES];
    float mean[WORDS][DESCRIPTOR_BYTES * 8];     /* of bits as -1 and 1 */
    float axis[DESCRIPTOR_BYTES * 8][WORD_AXES]; /* orthonormal columns */
} words;

/** Learns the words from n descriptors, of which a part is enough. false: too few, w untouched. */
bool words_learn(words *w, const descriptor_kernels *k, const uint8_t *descriptors, size_t n,
                 uint64_t seed);

/** The vector of a picture, WORDS_DIM long and of length 1; all zero without descriptors. */
void words_encode(const words *w, const descriptor_kernels *k, const uint8_t *descriptors, size_t n,
                  float *out);
