/* SPDX-License-Identifier: Apache-2.0 */
/* pthreads, for ThreadSanitizer does not see <threads.h> on Debian 12. */
#include <omma/base.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct omma_thread {
    pthread_t thread;
    char name[16]; /* what Linux shows */
    void (*run)(void *user);
    void *user;
};

static void *enter(void *argument)
{
    omma_thread *t = argument;
    pthread_setname_np(pthread_self(), t->name);
    t->run(t->user);
    return NULL;
}

omma_error omma_thread_start(omma_thread **out, const char *name, void (*run)(void *user),
                             void *user)
{
    omma_thread *t = omma_new(omma_thread);

    snprintf(t->name, sizeof(t->name), "%.15s", name ? name : "omma");
    t->run = run;
    t->user = user;
    errno = pthread_create(&t->thread, NULL, enter, t);
    if (errno) {
        omma_error err = omma_fail_errno("cannot start thread %s", t->name);
        free(t);
        return err;
    }
    *out = t;
    return OMMA_OK;
}

void omma_thread_join(omma_thread **t)
{
    if (!t || !*t)
        return;
    pthread_join((*t)->thread, NULL);
    free(*t);
    *t = NULL;
}
