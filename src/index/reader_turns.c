/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_turns.h"

void reader_list_init(reader_list *l)
{
    pthread_mutex_init(&l->lock, NULL);
    l->first = NULL;
}

void reader_list_finish(reader_list *l)
{
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

bool reader_list_gone(reader_list *l)
{
    bool gone = true;

    pthread_mutex_lock(&l->lock);
    for (reader_turn *r = l->first; r && gone; r = r->next)
        gone =
            !r->waited_for || atomic_load_explicit(&r->turn, memory_order_acquire) != r->waited_for;
    pthread_mutex_unlock(&l->lock);
    return gone;
}

void reader_list_wait(reader_list *l)
{
    pthread_mutex_lock(&l->lock);
    for (reader_turn *r = l->first; r; r = r->next) {
        uint64_t turn = atomic_fetch_add_explicit(&r->turn, 0, memory_order_acq_rel);
        r->waited_for = turn & 1 ? turn : 0;
    }
    pthread_mutex_unlock(&l->lock);
}
