/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the folder see of a trajectory memory. */
#pragma once

#include <omma/index.h>

#include "recall.h"
#include "words.h"

/** A keyframe, its vector in eight bits, and what that was made of. */
typedef struct recall_memory {
    recall_place place;
    float scale;          /* the vector is scale * code */
    int8_t *code;         /* dim; NULL when there is none */
    uint8_t *descriptors; /* kept until the last lesson */
    size_t n;             /* descriptors */
} recall_memory;

struct recall {
    recall_options options;
    uint32_t dim;
    descriptor_kernels kernels;
    words *words;          /* NULL until the first lesson */
    recall_memory *places; /* sorted by keyframe */
    size_t count, capacity;
    size_t added;  /* ever */
    size_t renew;  /* at so many added all is learnt or centred anew */
    float *mean;   /* dim */
    float *vector; /* dim, scratch */
    bool settled;  /* no lesson will come */
    omma_index *index;
    omma_index_reader *reader;
};

/** Keeps a vector, at length 1, in eight bits; none of one that is all zero. */
void recall_encode(recall_memory *m, const float *vector, uint32_t dim);
/** The code's vector less the mean. false: there is none, or nothing is left. */
bool recall_centred(const recall *r, const recall_memory *m, float *out);
/** Into the index, if it has a vector. */
omma_error recall_index(recall *r, omma_index *index, const recall_memory *m);
/** An index of all there is, in place of the one there was, if any. */
omma_error recall_fill_index(recall *r);
/** The lesson that is due, if any, and the mean. */
omma_error recall_renew(recall *r);
/** When it is due next, after so many keyframes. */
size_t recall_next_renewal(size_t added);
