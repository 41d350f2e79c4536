/* SPDX-License-Identifier: Apache-2.0 */
/**
 * When memory that readers may still look at is free again (quiescent states; Hart, McKenney,
 * Brown, Walpole, "Performance of memory reclamation for lockless synchronization", JPDC 2007).
 *
 * A reader's turn is odd while it is in a query. What the writer takes away it first makes
 * unreachable; then it notes the turns of all readers, and when each has been seen between two
 * queries or in another one, nobody can have it any more. A reader stores twice per query and never
 * waits; the writer looks when it comes by and never waits either.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct reader_turn {
    struct reader_turn *next;
    _Atomic uint64_t turn;
    uint64_t waited_for; /* the turn it had when the wait began, 0 = not waited for */
} reader_turn;

typedef struct reader_list {
    pthread_mutex_t lock; /* of the list, not of the turns */
    reader_turn *first;
} reader_list;

void reader_list_init(reader_list *l);
void reader_list_finish(reader_list *l);
void reader_list_join(reader_list *l, reader_turn *r);
void reader_list_leave(reader_list *l, reader_turn *r);

/** Whether all readers that were inside at the last call of reader_list_wait are gone. */
bool reader_list_gone(reader_list *l);
/** From now on waits for the readers that are inside. */
void reader_list_wait(reader_list *l);

/* Both sides change the turn, so one comes after the other: the writer sees that we are inside, or
 * we see all that it did before it looked. No fence is needed, which ThreadSanitizer would not see.
 */
static inline void reader_enter(reader_turn *r)
{
    atomic_fetch_add_explicit(&r->turn, 1, memory_order_acq_rel);
}

static inline void reader_leave(reader_turn *r)
{
    atomic_fetch_add_explicit(&r->turn, 1, memory_order_release);
}
