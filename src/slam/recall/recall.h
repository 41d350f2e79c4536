/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The trajectory memory: one vector per keyframe, kept for as long as the tracker lives, and the
 * question "have I been here?". It stands on omma_index.
 *
 *     recall_create(&memory, &(recall_options){.seed = 7});
 *     recall_add(memory, &(recall_place){k, time_ns, world_from_keyframe}, descriptors, n);
 *     recall_query_keyframe(memory, k, &(recall_search){.apart_ns = 5000000000, .k = 10}, hits,
 * &n); recall_move(memory, k, &world_from_keyframe);        (a correction) recall_remove(memory,
 * k);                            (culled)
 *
 * What is added are the binary descriptors of a keyframe's corners, the more the better
 * (describe_picture finds them): the vector is made of them. A backend that has a descriptor of its
 * own sets options.dim and brings it as it is (recall_add_vector, recall_query_vector).
 *
 * There is no vocabulary file: the visual words are learnt from the first RECALL_FIRST_LESSON
 * keyframes, and once more, from RECALL_LAST_LESSON; what is already there is then encoded anew.
 * Until the first lesson nothing is found. The same adds give the same answers, on any machine.
 *
 * A hit is a candidate and no proof: pictures that resemble each other are not always of one place.
 */
#pragma once

#include <omma/base.h>
#include <omma/geometry.h>

enum { RECALL_FIRST_LESSON = 20, RECALL_LAST_LESSON = 80 }; /* keyframes */

/** Thread-safe: one thread at a time. */
typedef struct recall recall;

typedef struct recall_options {
    uint32_t dim;  /* of the vectors that are brought; 0 = they are made of binary descriptors */
    uint64_t seed; /* of the words' first guess */
    const omma_log *log;
} recall_options;

/** A keyframe as it is remembered. */
typedef struct recall_place {
    uint32_t keyframe;
    int64_t time_ns;
    omma_sim3 world_from_keyframe;
} recall_place;

typedef struct recall_search {
    uint32_t k; /* hits wanted; 0 = 10 */
    /* Only keyframes at least apart_ns before or after time_ns; 0 = all. recall_query_keyframe
       takes the keyframe's own time. */
    int64_t time_ns, apart_ns;
    float least; /* score of a hit; 0 = any */
    /** Which keyframes count, or NULL; it must not use the memory. */
    bool (*keep)(void *user, const recall_place *place);
    void *user;
} recall_search;

typedef struct recall_hit {
    recall_place place;
    float score; /* cosine of the centred vectors: about 0 for unrelated pictures, 1 for the same */
} recall_hit;

/** @return OMMA_OK (*out given: recall_destroy); OMMA_INVALID (dim); OMMA_NO_MEMORY. */
omma_error recall_create(recall **out, const recall_options *options);
void recall_destroy(recall **r);

/**
 * @param place       borrowed
 * @param descriptors n x 32 bytes; borrowed. n may be 0: such a keyframe is never found
 * @return OMMA_OK; OMMA_EXISTS (the keyframe); OMMA_INVALID (this memory takes vectors);
 * OMMA_NO_MEMORY.
 */
omma_error recall_add(recall *r, const recall_place *place, const uint8_t *descriptors, size_t n);
/** @param vector options.dim components, finite and not all zero; borrowed */
omma_error recall_add_vector(recall *r, const recall_place *place, const float *vector);

/**
 * What resembles a picture, the most alike first.
 *
 * @param hits room for search->k
 * @param count how many were found; 0 as long as nothing was learnt
 */
omma_error recall_query(recall *r, const uint8_t *descriptors, size_t n,
                        const recall_search *search, recall_hit *hits, size_t *count);
omma_error recall_query_vector(recall *r, const float *vector, const recall_search *search,
                               recall_hit *hits, size_t *count);
/** The same for a keyframe that was added, which is not among its hits. OMMA_NOT_FOUND. */
omma_error recall_query_keyframe(recall *r, uint32_t keyframe, const recall_search *search,
                                 recall_hit *hits, size_t *count);

/** A corrected pose. @return OMMA_OK; OMMA_NOT_FOUND. */
omma_error recall_move(recall *r, uint32_t keyframe, const omma_sim3 *world_from_keyframe);
/** @return OMMA_OK; OMMA_NOT_FOUND. */
omma_error recall_remove(recall *r, uint32_t keyframe);

size_t recall_count(const recall *r);
/** Whether queries can be answered already. */
bool recall_is_trained(const recall *r);
