/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring under one mutex with two conditions. Nothing is called while the mutex is held: an item
 * that must go (dropped, or pushed after close) is carried out of the lock and released there, for
 * its release may itself push or log.
 */
#include <omma/base.h>

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct omma_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty, not_full;
    void **items;
    size_t capacity, head, length; /* head: index of the oldest */
    omma_queue_policy policy;
    void (*release)(void *item);
    uint64_t dropped;
    bool closed;
};

omma_queue *omma_queue_create(size_t capacity, omma_queue_policy policy,
                              void (*release)(void *item))
{
    omma_queue *q = omma_new(omma_queue);
    pthread_condattr_t monotonic; /* a clock that is set must not wake or stall anybody */

    assert(capacity > 0);
    q->capacity = capacity;
    q->items = omma_new_array(void *, q->capacity);
    q->policy = policy;
    q->release = release;
    pthread_mutex_init(&q->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->not_empty, &monotonic);
    pthread_cond_init(&q->not_full, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return q;
}

static void release_item(omma_queue *q, void *item)
{
    if (q->release && item)
        q->release(item);
}

static void *take_oldest(omma_queue *q)
{
    void *item = q->items[q->head];
    q->head = (q->head + 1) % q->capacity;
    q->length--;
    return item;
}

void omma_queue_destroy(omma_queue **queue)
{
    if (!queue || !*queue)
        return;
    omma_queue *q = *queue;
    *queue = NULL;
    while (q->length > 0)
        release_item(q, take_oldest(q));
    pthread_cond_destroy(&q->not_full);
    pthread_cond_destroy(&q->not_empty);
    pthread_mutex_destroy(&q->mutex);
    free(q->items);
    free(q);
}

omma_error omma_queue_push(omma_queue *q, void *item)
{
    void *unwanted = NULL;
    omma_error err = OMMA_OK;

    pthread_mutex_lock(&q->mutex);
    while (q->policy == OMMA_QUEUE_WAIT && q->length == q->capacity && !q->closed)
        pthread_cond_wait(&q->not_full, &q->mutex);
    if (q->closed) {
        unwanted = item;
        err = OMMA_CLOSED;
    } else {
        if (q->length == q->capacity) {
            unwanted = take_oldest(q);
            q->dropped++;
        }
        q->items[(q->head + q->length) % q->capacity] = item;
        q->length++;
        pthread_cond_signal(&q->not_empty);
    }
    pthread_mutex_unlock(&q->mutex);
    release_item(q, unwanted);
    return err;
}

/* The moment timeout_ns from now, or as late as a timespec can say. */
static struct timespec deadline_after(int64_t timeout_ns)
{
    int64_t now = omma_clock_now_ns();
    int64_t end = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    return (struct timespec){.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
}

omma_error omma_queue_pop(omma_queue *q, void **item, int64_t timeout_ns)
{
    struct timespec deadline = timeout_ns > 0 ? deadline_after(timeout_ns) : (struct timespec){0};
    omma_error err = OMMA_OK;

    pthread_mutex_lock(&q->mutex);
    bool late = timeout_ns == 0;
    while (q->length == 0 && !q->closed && !late) {
        if (timeout_ns < 0)
            pthread_cond_wait(&q->not_empty, &q->mutex);
        else
            late = pthread_cond_timedwait(&q->not_empty, &q->mutex, &deadline) == ETIMEDOUT;
    }
    if (q->length > 0) {
        *item = take_oldest(q);
        pthread_cond_signal(&q->not_full);
    } else {
        err = q->closed ? OMMA_CLOSED : OMMA_AGAIN;
    }
    pthread_mutex_unlock(&q->mutex);
    return err;
}

void omma_queue_close(omma_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_cond_broadcast(&q->not_full);
    pthread_mutex_unlock(&q->mutex);
}

size_t omma_queue_length(omma_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    size_t length = q->length;
    pthread_mutex_unlock(&q->mutex);
    return length;
}

uint64_t omma_queue_dropped(omma_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    uint64_t dropped = q->dropped;
    pthread_mutex_unlock(&q->mutex);
    return dropped;
}
