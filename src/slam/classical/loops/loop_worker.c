/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_worker.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WAITING = 64 /* far more than the tracker ever leaves unanswered */ };

typedef struct job {
    bool closing;
    loop_question question;
    world copy;
    loop_finding finding;
} job;

struct loop_worker {
    const follower *f;
    const omma_log *log;
    uint64_t seed;
    omma_thread *thread;
    omma_queue *jobs, *answers;
    loop_memory *memory;
    _Atomic int64_t cpu_ns;
    _Atomic uint64_t done;
    atomic_bool stops;
};

void loop_answer_finish(loop_answer *a)
{
    loop_finding_finish(&a->finding);
    loop_result_finish(&a->result);
}

static void free_job(void *item)
{
    job *j = item;
    loop_question_finish(&j->question);
    world_finish(&j->copy);
    loop_finding_finish(&j->finding);
    free(j);
}

static void free_answer(void *item)
{
    loop_answer_finish(item);
    free(item);
}

static void work_on(loop_worker *w, job *j)
{
    loop_answer *a = omma_new(loop_answer);

    a->closing = j->closing;
    if (j->closing)
        a->result = loop_close(&j->copy, w->f, &j->finding, w->seed, w->log);
    else
        a->finding = loop_memory_ask(w->memory, &j->question);
    omma_queue_push(w->answers, a);
}

static void work(void *user)
{
    loop_worker *w = user;
    const int64_t start = omma_clock_thread_ns();
    void *item;

    while (omma_queue_pop(w->jobs, &item, -1) == OMMA_OK) {
        if (!atomic_load(&w->stops)) {
            work_on(w, item);
            atomic_store(&w->cpu_ns, omma_clock_thread_ns() - start);
            atomic_fetch_add(&w->done, 1);
        }
        free_job(item);
    }
}

omma_error loop_worker_create(loop_worker **out, const follower *f, uint64_t seed,
                              const omma_log *log)
{
    loop_worker *w = omma_new(loop_worker);

    w->f = f;
    w->log = log;
    w->seed = seed;
    w->memory = loop_memory_create(f, seed, log);
    w->jobs = omma_queue_create(WAITING, OMMA_QUEUE_WAIT, free_job);
    w->answers = omma_queue_create(2 * WAITING, OMMA_QUEUE_WAIT, free_answer);
    omma_error err = omma_thread_start(&w->thread, "omma loops", work, w);
    if (err) {
        loop_worker_destroy(&w);
        return err;
    }
    *out = w;
    return OMMA_OK;
}

void loop_worker_destroy(loop_worker **w)
{
    if (!*w)
        return;
    atomic_store(&(*w)->stops, true);
    omma_queue_close((*w)->jobs);
    if ((*w)->thread)
        omma_thread_join(&(*w)->thread);
    omma_queue_destroy(&(*w)->jobs);
    omma_queue_destroy(&(*w)->answers);
    loop_memory_destroy(&(*w)->memory);
    free(*w);
    *w = NULL;
}

void loop_worker_ask(loop_worker *w, loop_question *q)
{
    job *j = omma_new(job);
    j->question = *q;
    *q = (loop_question){0};
    omma_queue_push(w->jobs, j);
}

void loop_worker_close(loop_worker *w, world *copy, loop_finding *finding)
{
    job *j = omma_new(job);
    j->closing = true;
    j->copy = *copy;
    j->finding = *finding;
    *copy = (world){0};
    *finding = (loop_finding){0};
    omma_queue_push(w->jobs, j);
}

bool loop_worker_pop(loop_worker *w, bool wait, loop_answer *out)
{
    void *item;
    if (omma_queue_pop(w->answers, &item, wait ? -1 : 0) != OMMA_OK)
        return false;
    *out = *(loop_answer *)item;
    free(item);
    return true;
}

void loop_worker_spent(const loop_worker *w, int64_t *cpu_ns, uint64_t *jobs)
{
    *cpu_ns = atomic_load(&w->cpu_ns);
    *jobs = atomic_load(&w->done);
}
