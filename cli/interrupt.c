/* SPDX-License-Identifier: Apache-2.0 */
/* The only file-wide state of the program: a signal handler has no other way to reach anything. */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static _Atomic(omma_session *) watched;
static _Atomic(const char *const *) leftovers;
static atomic_int count, first_signal, writing_files;

static void say(const char *text, size_t bytes)
{
    ssize_t written = write(STDERR_FILENO, text, bytes);
    (void)written;
}

/* unlink and rmdir may be called in a signal handler (POSIX, 2.4.3). */
static void take_away_leftovers(void)
{
    const char *const *path = atomic_load(&leftovers);
    for (; path && *path; path++)
        if (unlink(*path) != 0)
            rmdir(*path);
}

static void handle(int number)
{
    static const char stopping[] = "\nomma: stopping, the map so far will be written (Ctrl-C again "
                                   "ends at once, without it)\n";
    int saved = errno;
    omma_session *s = atomic_load(&watched);

    if (atomic_fetch_add(&count, 1) == 0) {
        atomic_store(&first_signal, number);
        if (s && !atomic_load(&writing_files))
            say(stopping, sizeof(stopping) - 1);
    } else if (!atomic_load(&writing_files)) {
        take_away_leftovers();
        _exit(128 + number);
    }
    if (s)
        omma_session_stop(s);
    errno = saved;
}

void interrupt_watch(omma_session *s)
{
    struct sigaction action = {.sa_handler = handle}, before;

    atomic_store(&watched, s);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
}

void interrupt_set_writing(bool writing)
{
    atomic_store(&writing_files, writing);
}

void interrupt_set_leftovers(const char *const *paths)
{
    atomic_store(&leftovers, paths);
}

int interrupt_signal(void)
{
    return atomic_load(&first_signal);
}

bool interrupt_asked(void *unused)
{
    (void)unused;
    return interrupt_signal() != 0;
}

int interrupt_exit_code(void)
{
    return 128 + interrupt_signal();
}
