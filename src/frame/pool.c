/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool lives as long as its owner or any frame that came from it: each holds one reference. A
 * frame that comes back is kept only while its bytes are its own; when somebody still reads them
 * (a buffer reference of a plane), they must not be filled again.
 */
#include "frame_private.h"

#include <pthread.h>
#include <stdlib.h>

struct omma_pool {
    pthread_mutex_t mutex;
    omma_format format;
    int width, height;
    omma_frame **idle;
    size_t idle_count, idle_room;
    bool closed;    /* destroyed by its owner */
    int references; /* under the mutex: the owner's, and one per frame that is out */
};

omma_error omma_pool_create(omma_pool **out, omma_format format, int width, int height)
{
    omma_pool *p = omma_new(omma_pool);

    pthread_mutex_init(&p->mutex, NULL);
    p->format = format;
    p->width = width;
    p->height = height;
    p->references = 1;
    omma_frame *first = NULL; /* says now, not at the first get, that the size is wrong */
    omma_error err = omma_pool_get(p, &first);
    if (err)
        omma_pool_destroy(&p);
    else
        *out = p;
    omma_frame_unref(&first);
    return err;
}

/* Gives one reference back, with the mutex held on entry and released on return. */
static void unlock_and_unref(omma_pool *p)
{
    bool last = --p->references == 0;
    pthread_mutex_unlock(&p->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&p->mutex);
    free(p->idle);
    free(p);
}

void omma_pool_destroy(omma_pool **pool)
{
    if (!pool || !*pool)
        return;
    omma_pool *p = *pool;
    *pool = NULL;
    pthread_mutex_lock(&p->mutex);
    p->closed = true;
    while (p->idle_count > 0)
        frame_free(p->idle[--p->idle_count]);
    unlock_and_unref(p);
}

omma_error omma_pool_get(omma_pool *p, omma_frame **out)
{
    omma_frame *f = NULL;

    pthread_mutex_lock(&p->mutex);
    if (p->idle_count > 0)
        f = p->idle[--p->idle_count];
    p->references++;
    pthread_mutex_unlock(&p->mutex);
    if (f) {
        f->references = 1;
    } else {
        omma_error err = omma_frame_create(&f, p->format, p->width, p->height);
        if (err) {
            pthread_mutex_lock(&p->mutex);
            unlock_and_unref(p);
            return err;
        }
        f->pool = p;
    }
    *out = f;
    return OMMA_OK;
}

void pool_take_back(omma_pool *p, omma_frame *f)
{
    bool own = f->buffer[0] && omma_buffer_is_unique(f->buffer[0]) && f->format == p->format &&
               f->width == p->width && f->height == p->height;

    frame_clear_side_data(f);
    f->limited_range = false;
    f->matrix = OMMA_MATRIX_BT601;
    pthread_mutex_lock(&p->mutex);
    if (own && !p->closed) {
        omma_grow((void **)&p->idle, &p->idle_room, p->idle_count + 1, sizeof(p->idle[0]));
        p->idle[p->idle_count++] = f;
        f = NULL;
    }
    unlock_and_unref(p);
    if (f)
        frame_free(f);
}
