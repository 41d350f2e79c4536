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

/** What readers may still look at. */
typedef struct retired {
    struct retired *next;
    void *what;
    void (*release)(void *what);
} retired;

typedef struct reader_list {
    pthread_mutex_t lock; /* of the list, not of the turns */
    reader_turn *first;
    retired *waiting; /* for the readers that were inside when the wait began */
    retired *fresh;   /* since then */
} reader_list;

void reader_list_init(reader_list *l);
void reader_list_finish(reader_list *l);
void reader_list_join(reader_list *l, reader_turn *r);
void reader_list_leave(reader_list *l, reader_turn *r);

/** Released when no reader can have it any more; what is NULL is harmless. */
void reader_list_retire(reader_list *l, void *what, void (*release)(void *what));
/** Looks whether all readers that were inside when it last said so are gone. Then releases what
 *  had waited for them, waits for those who are inside now, and says so. */
bool reader_list_turn(reader_list *l);

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
