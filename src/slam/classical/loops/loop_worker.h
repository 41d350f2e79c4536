/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Loops are looked for, and closed, on a thread of their own: questions and copies of the world go
 * in, one answer for each comes out in the same order. What is said depends on what went in and on
 * nothing else; when it is taken in is the tracker's affair (loops.h).
 */
#pragma once

#include "loop_close.h"

/** A finding, or what closing one came to. */
typedef struct loop_answer {
    bool closing;
    loop_finding finding;
    loop_result result;
} loop_answer;

void loop_answer_finish(loop_answer *a);

/** push and pop: one thread, the tracker's. */
typedef struct loop_worker loop_worker;

/** @param f borrowed as long as it lives
 *  @return OMMA_OK (*out given: loop_worker_destroy); OMMA_FAILED (no thread). */
omma_error loop_worker_create(loop_worker **out, const follower *f, uint64_t seed,
                              const omma_log *log);
/** What is still to be done is not done. */
void loop_worker_destroy(loop_worker **w);

/** @param q taken */
void loop_worker_ask(loop_worker *w, loop_question *q);
/** @param copy, finding taken */
void loop_worker_close(loop_worker *w, world *copy, loop_finding *finding);

/** @param wait for the next answer @return whether *out was given: loop_answer_finish */
bool loop_worker_pop(loop_worker *w, bool wait, loop_answer *out);

/** CPU time of the thread so far, and the jobs it did. */
void loop_worker_spent(const loop_worker *w, int64_t *cpu_ns, uint64_t *jobs);
