/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Every keyframe as it was seen, and the search for the place of a new one among those of another
 * time. A loop is believed when several keyframes close together in time were recognised, and all
 * want the world corrected in the same way.
 */
#pragma once

#include "loop_tie.h"

enum { LOOP_WITNESSES = 3 /* keyframes that must agree */ };

/** A new keyframe, and what the tracker believes when it asks. */
typedef struct loop_question {
    loop_view view;
    omma_pyramid picture;
    omma_camera camera;
    loop_standing *standing; /* per keyframe; owned */
    loop_points points;      /* owned; empty: as they were last said, but for the view's own */
    float (*own)[3];         /* per place of the view: where it is; owned */
    uint8_t *near;           /* per keyframe: connected with the new one anyhow; owned */
    uint32_t keyframes;
    uint32_t epoch; /* corrections that the world has seen */
    bool looked;    /* it may be asked for: the picture is there */
    bool last;      /* no more will come: two witnesses are enough if they are strong */
} loop_question;

/** A reference to the picture moves on with it. */
void loop_question_finish(loop_question *q);

/** Ties that agree, oldest query first; none when no loop is believed. */
typedef struct loop_finding {
    uint32_t keyframe, epoch; /* of the question */
    loop_tie tie[LOOP_WITNESSES];
    omma_pyramid picture[LOOP_WITNESSES]; /* of the queries; with references */
    uint32_t count;
    uint32_t asked; /* candidates */
} loop_finding;

void loop_finding_finish(loop_finding *f);

/** One thread at a time. */
typedef struct loop_memory loop_memory;

loop_memory *loop_memory_create(const follower *f, uint64_t seed, const omma_log *log);
void loop_memory_destroy(loop_memory **m);

/** The question's keyframe is remembered. @param q taken */
loop_finding loop_memory_ask(loop_memory *m, loop_question *q);

/** How a tie wants the world near the query moved: believed from present. */
omma_sim3 loop_correction(const loop_tie *t, const loop_standing *query,
                          const loop_standing *match);
