/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse_workers.h"

#include <omma/base.h>

#include <stdatomic.h>

#define MAX_WORKERS 64

typedef struct loop {
    atomic_size_t next;
    size_t n;
    void (*run)(void *user, size_t i);
    void *user;
} loop;

static void work(void *user)
{
    loop *l = user;

    for (size_t i; (i = atomic_fetch_add(&l->next, 1)) < l->n;)
        l->run(l->user, i);
}

void fuse_workers_run(unsigned threads, size_t n, void (*run)(void *user, size_t i), void *user)
{
    loop l = {.n = n, .run = run, .user = user};
    omma_thread *helpers[MAX_WORKERS] = {NULL};
    unsigned wanted = threads ? threads : omma_cpu_count(), started = 0;

    if (wanted > MAX_WORKERS)
        wanted = MAX_WORKERS;
    while (started + 1 < wanted && started + 1 < n &&
           omma_thread_start(&helpers[started], "fuse", work, &l) == OMMA_OK)
        started++;
    work(&l);
    for (unsigned i = 0; i < started; i++)
        omma_thread_join(&helpers[i]);
}
