/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <stdatomic.h>

static atomic_int released;

static void count_release(void *item)
{
    (void)item;
    atomic_fetch_add(&released, 1);
}

static void *item_of(uintptr_t number)
{
    return (void *)number; /* the queue does not look inside */
}

static void first_in_is_first_out(void)
{
    omma_queue *q = omma_queue_create(3, OMMA_QUEUE_WAIT, NULL);
    void *item = NULL;

    for (uintptr_t i = 1; i < 100; i += 2) { /* round the ring many times */
        CHECK_OK(omma_queue_push(q, item_of(i)));
        CHECK_OK(omma_queue_push(q, item_of(i + 1)));
        CHECK(omma_queue_length(q) == 2);
        CHECK_OK(omma_queue_pop(q, &item, -1));
        CHECK(item == item_of(i));
        CHECK_OK(omma_queue_pop(q, &item, 0));
        CHECK(item == item_of(i + 1));
    }
    omma_queue_destroy(&q);
    CHECK(q == NULL);
    omma_queue_destroy(&q);
}

static void an_empty_queue_says_so(void)
{
    omma_queue *q = omma_queue_create(1, OMMA_QUEUE_WAIT, NULL);
    void *item = NULL;

    CHECK(omma_queue_pop(q, &item, 0) == OMMA_AGAIN);
    int64_t begin = omma_clock_now_ns();
    CHECK(omma_queue_pop(q, &item, 20000000) == OMMA_AGAIN);
    CHECK(omma_clock_now_ns() - begin >= 20000000);
    omma_queue_destroy(&q);
}

static void a_live_queue_keeps_the_newest(void)
{
    omma_queue *q = omma_queue_create(2, OMMA_QUEUE_DROP_OLDEST, count_release);
    void *item = NULL;

    atomic_store(&released, 0);
    for (uintptr_t i = 1; i <= 5; i++)
        CHECK_OK(omma_queue_push(q, item_of(i)));
    CHECK(atomic_load(&released) == 3);
    CHECK(omma_queue_dropped(q) == 3);
    CHECK_OK(omma_queue_pop(q, &item, 0));
    CHECK(item == item_of(4));
    omma_queue_destroy(&q);
    CHECK(atomic_load(&released) == 4);
}

static void a_closed_queue_drains(void)
{
    omma_queue *q = omma_queue_create(4, OMMA_QUEUE_WAIT, count_release);
    void *item = NULL;

    atomic_store(&released, 0);
    CHECK_OK(omma_queue_push(q, item_of(1)));
    omma_queue_close(q);
    CHECK(omma_queue_push(q, item_of(2)) == OMMA_CLOSED);
    CHECK(atomic_load(&released) == 1); /* taken, even so */
    CHECK_OK(omma_queue_pop(q, &item, -1));
    CHECK(item == item_of(1));
    CHECK(omma_queue_pop(q, &item, -1) == OMMA_CLOSED);
    CHECK(omma_queue_pop(q, &item, 0) == OMMA_CLOSED);
    omma_queue_destroy(&q);
}

typedef struct end {
    omma_queue *q;
    omma_thread *thread;
    uint64_t sum, count;
    omma_error err;
} end;

#define ITEMS 5000

static void produce(void *user)
{
    end *e = user;
    for (uintptr_t i = 1; i <= ITEMS; i++)
        if (omma_queue_push(e->q, item_of(i)) == OMMA_OK) {
            e->sum += i;
            e->count++;
        }
}

static void consume(void *user)
{
    end *e = user;
    void *item = NULL;
    while ((e->err = omma_queue_pop(e->q, &item, -1)) == OMMA_OK) {
        e->sum += (uintptr_t)item;
        e->count++;
    }
}

static void nothing_is_lost_between_threads(void)
{
    omma_queue *q = omma_queue_create(3, OMMA_QUEUE_WAIT, NULL);
    end in[3] = {{q}, {q}, {q}}, out[3] = {{q}, {q}, {q}};
    uint64_t pushed = 0, popped = 0, count = 0;

    for (int i = 0; i < 3; i++) {
        CHECK_OK(omma_thread_start(&out[i].thread, "consume", consume, &out[i]));
        CHECK_OK(omma_thread_start(&in[i].thread, "produce", produce, &in[i]));
    }
    for (int i = 0; i < 3; i++)
        omma_thread_join(&in[i].thread);
    omma_queue_close(q);
    for (int i = 0; i < 3; i++) {
        omma_thread_join(&out[i].thread);
        pushed += in[i].sum;
        popped += out[i].sum;
        count += out[i].count;
        CHECK(out[i].err == OMMA_CLOSED);
    }
    CHECK(count == 3 * ITEMS);
    CHECK(pushed == popped);
    CHECK(omma_queue_dropped(q) == 0);
    omma_queue_destroy(&q);
}

static void dropped_and_popped_make_the_whole(void)
{
    omma_queue *q = omma_queue_create(2, OMMA_QUEUE_DROP_OLDEST, count_release);
    end in[2] = {{q}, {q}}, out = {q};

    atomic_store(&released, 0);
    CHECK_OK(omma_thread_start(&out.thread, "consume", consume, &out));
    for (int i = 0; i < 2; i++)
        CHECK_OK(omma_thread_start(&in[i].thread, "produce", produce, &in[i]));
    for (int i = 0; i < 2; i++)
        omma_thread_join(&in[i].thread);
    omma_queue_close(q);
    omma_thread_join(&out.thread);
    CHECK(out.count + omma_queue_dropped(q) == 2 * ITEMS);
    CHECK(omma_queue_dropped(q) == (uint64_t)atomic_load(&released));
    omma_queue_destroy(&q);
}

static void close_wakes_everybody(void)
{
    omma_queue *full = omma_queue_create(1, OMMA_QUEUE_WAIT, NULL);
    omma_queue *empty = omma_queue_create(1, OMMA_QUEUE_WAIT, NULL);
    end in[2] = {{full}, {full}}, out[2] = {{empty}, {empty}};

    for (int i = 0; i < 2; i++) {
        CHECK_OK(omma_thread_start(&in[i].thread, "full", produce, &in[i]));
        CHECK_OK(omma_thread_start(&out[i].thread, "empty", consume, &out[i]));
    }
    while (omma_queue_length(full) < 1)
        omma_sleep_until_ns(omma_clock_now_ns() + 1000000);
    omma_queue_close(full);
    omma_queue_close(empty);
    for (int i = 0; i < 2; i++) {
        omma_thread_join(&in[i].thread);
        omma_thread_join(&out[i].thread);
        CHECK(out[i].err == OMMA_CLOSED);
    }
    CHECK(in[0].count + in[1].count == 1);
    omma_queue_destroy(&full);
    omma_queue_destroy(&empty);
}

int main(void)
{
    TEST(first_in_is_first_out);
    TEST(an_empty_queue_says_so);
    TEST(a_live_queue_keeps_the_newest);
    TEST(a_closed_queue_drains);
    TEST(nothing_is_lost_between_threads);
    TEST(dropped_and_popped_make_the_whole);
    TEST(close_wakes_everybody);
    return check_done();
}
