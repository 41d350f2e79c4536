/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_turns.h"

#include <omma/base.h>

#include <stdlib.h>

void reader_list_init(reader_list *l)
{
    pthread_mutex_init(&l->lock, NULL);
    l->first = NULL;
}

static void release_all(retired **list)
{
    while (*list) {
        retired *now = *list;
        *list = now->next;
        now->release(now->what);
        free(now);
    }
}

void reader_list_finish(reader_list *l)
{
    release_all(&l->waiting);
    release_all(&l->fresh);
    pthread_mutex_destroy(&l->lock);
}

void reader_list_join(reader_list *l, reader_turn *r)
{
    pthread_mutex_lock(&l->lock);
    r->next = l->first;
    l->first = r;
    pthread_mutex_unlock(&l->lock);
}

void reader_list_leave(reader_list *l, reader_turn *r)
{
    pthread_mutex_lock(&l->lock);
    reader_turn **at = &l->first;
    while (*at && *at != r)
        at = &(*at)->next;
    if (*at)
        *at = r->next;
    pthread_mutex_unlock(&l->lock);
}

static bool are_gone(const reader_list *l)
{
    for (const reader_turn *r = l->first; r; r = r->next) {
        if (r->waited_for && atomic_load_explicit(&r->turn, memory_order_acquire) == r->waited_for)
            return false;
    }
    return true;
}

static void wait_for_all(reader_list *l)
{
    for (reader_turn *r = l->first; r; r = r->next) {
        uint64_t turn = atomic_fetch_add_explicit(&r->turn, 0, memory_order_acq_rel);
        r->waited_for = turn & 1 ? turn : 0;
    }
}

void reader_list_retire(reader_list *l, void *what, void (*release)(void *what))
{
    if (!what)
        return;
    retired *r = omma_new(retired);
    *r = (retired){l->fresh, what, release};
    l->fresh = r;
}

bool reader_list_turn(reader_list *l)
{
    pthread_mutex_lock(&l->lock);
    bool gone = are_gone(l);
    if (gone)
        wait_for_all(l);
    pthread_mutex_unlock(&l->lock);
    if (gone) {
        release_all(&l->waiting);
        l->waiting = l->fresh;
        l->fresh = NULL;
    }
    return gone;
}
