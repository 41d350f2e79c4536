/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing end of a log. Two threads: the writer appends, with one system call per record, so
 * that a process that is killed loses nothing it was told had succeeded; the syncer sleeps until
 * there is something to sync, waits for sync_ns so that more may come, and syncs it all with one
 * fdatasync. The writer never waits for the disk, except in index_log_sync.
 *
 * What is synced is counted in changes (appends and rewinds), as sequence numbers can go back.
 */
#include "index_log.h"

#include "index_log_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PARTS = 8 };

struct index_log {
    int fd;
    char *path;
    uint64_t bytes, next_seq; /* the writer's */
    int64_t sync_ns;
    omma_thread *syncer; /* NULL when sync_ns < 0 */

    pthread_mutex_t mutex; /* what follows */
    pthread_cond_t wake;   /* the syncer: there is something, or it shall stop */
    uint64_t changes, synced;
    int64_t oldest_ns; /* when the first change came that is not synced */
    bool stop;
    omma_error err; /* of a sync; it stays */
    char why[256];
};

static omma_error failed(index_log *l)
{
    pthread_mutex_lock(&l->mutex);
    omma_error err = l->err;
    if (err)
        omma_fail(err, "%s", l->why);
    pthread_mutex_unlock(&l->mutex);
    return err;
}

/* Without the mutex: it takes milliseconds. */
static omma_error sync_now(index_log *l)
{
    pthread_mutex_lock(&l->mutex);
    uint64_t changes = l->changes;
    bool done = l->err || l->synced == changes;
    pthread_mutex_unlock(&l->mutex);
    if (done)
        return failed(l);

    int64_t began_ns = omma_clock_now_ns();
    omma_error err = fdatasync(l->fd) ? omma_fail_errno("cannot sync %s", l->path) : OMMA_OK;
    pthread_mutex_lock(&l->mutex);
    if (err && !l->err) {
        l->err = err;
        snprintf(l->why, sizeof(l->why), "%s; nothing more can be logged", omma_why());
    } else if (!err && l->synced < changes) {
        l->synced = changes;
        l->oldest_ns = began_ns; /* of what came meanwhile, if anything did */
    }
    pthread_mutex_unlock(&l->mutex);
    return err;
}

/* With the mutex. @return false: time to stop. */
static bool wait_for_changes(index_log *l)
{
    while (!l->stop && (l->err || l->synced == l->changes))
        pthread_cond_wait(&l->wake, &l->mutex);
    int64_t due_ns = l->oldest_ns + l->sync_ns;
    struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};
    while (!l->stop && pthread_cond_timedwait(&l->wake, &l->mutex, &due) != ETIMEDOUT)
        ;
    return !l->stop;
}

static void run_syncer(void *user)
{
    index_log *l = user;

    pthread_mutex_lock(&l->mutex);
    while (wait_for_changes(l)) {
        pthread_mutex_unlock(&l->mutex);
        sync_now(l);
        pthread_mutex_lock(&l->mutex);
    }
    pthread_mutex_unlock(&l->mutex);
}

/* The syncer may sleep: it is woken by the first change after a sync. */
static void count_change(index_log *l)
{
    pthread_mutex_lock(&l->mutex);
    if (l->changes++ == l->synced) {
        l->oldest_ns = omma_clock_now_ns();
        pthread_cond_signal(&l->wake);
    }
    pthread_mutex_unlock(&l->mutex);
}

/* The header comes whole or not at all, so that a log never has half of one. */
static omma_error write_header(const char *path, const disk_shape *shape, uint64_t first_seq)
{
    log_header h = {.version = DISK_VERSION, .shape = *shape, .first_seq = first_seq};
    omma_file *f;

    memcpy(h.magic, DISK_LOG_MAGIC, DISK_MAGIC_BYTES);
    h.checksum = omma_crc32c(0, &h, offsetof(log_header, checksum));
    omma_error err = omma_file_create(&f, path, false);
    if (err)
        return err;
    omma_file_write(f, &h, sizeof(h));
    return omma_file_commit(&f);
}

static void init_wake(index_log *l)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&l->mutex, NULL);
}

static void destroy(index_log *l)
{
    if (l->fd >= 0)
        close(l->fd);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->mutex);
    free(l->path);
    free(l);
}

omma_error index_log_create(index_log **out, const char *path, const disk_shape *shape,
                            uint64_t first_seq, int64_t sync_ns)
{
    assert(first_seq > 0);
    omma_error err = write_header(path, shape, first_seq);
    if (err)
        return err;
    index_log *l = omma_new(index_log);
    *l = (index_log){.path = omma_text("%s", path),
                     .bytes = LOG_HEADER_BYTES,
                     .next_seq = first_seq,
                     .sync_ns = sync_ns};
    init_wake(l);
    l->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (l->fd < 0)
        err = omma_fail_errno("cannot write %s", path);
    if (!err && sync_ns >= 0)
        err = omma_thread_start(&l->syncer, "omma index log", run_syncer, l);
    if (err) {
        destroy(l);
        return err;
    }
    *out = l;
    return OMMA_OK;
}

omma_error index_log_close(index_log **log)
{
    index_log *l = *log;
    *log = NULL;

    if (!l)
        return OMMA_OK;
    pthread_mutex_lock(&l->mutex);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->mutex);
    omma_thread_join(&l->syncer);
    omma_error err = sync_now(l);
    destroy(l);
    return err;
}

/* All of it or nothing: the file ends where it ended before. parts are used up. */
static omma_error write_parts(index_log *l, struct iovec *parts, int n)
{
    uint64_t at = l->bytes;

    while (n > 0) {
        ssize_t written = pwritev(l->fd, parts, n, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            omma_error err = omma_fail_errno("cannot write %s", l->path);
            /* If this fails too, the next record is written over what is left over. */
            (void)!ftruncate(l->fd, (off_t)l->bytes);
            return err;
        }
        at += (uint64_t)written;
        for (; n > 0 && (size_t)written >= parts->iov_len; n--)
            written -= (ssize_t)(parts++)->iov_len;
        if (n > 0) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= (size_t)written;
        }
    }
    l->bytes = at;
    return OMMA_OK;
}

/* The checksum of a record whose bytes lie in parts; the first of them is its header. */
static uint32_t checksum(const struct iovec *parts, int n)
{
    size_t skipped = sizeof(((record_header *)0)->checksum);
    uint32_t crc =
        omma_crc32c(0, (const char *)parts->iov_base + skipped, parts->iov_len - skipped);

    for (int i = 1; i < n; i++)
        crc = omma_crc32c(crc, parts[i].iov_base, parts[i].iov_len);
    return crc;
}

omma_error index_log_append(index_log *l, uint32_t kind, const struct iovec *parts, int n)
{
    struct iovec all[MOST_PARTS + 2];
    char zeros[LOG_ALIGN] = {0};
    size_t bytes = 0;

    assert(n <= MOST_PARTS);
    for (int i = 0; i < n; i++) {
        bytes += parts[i].iov_len;
        all[i + 1] = parts[i];
    }
    if (bytes > INT32_MAX)
        return omma_fail(OMMA_INVALID, "a record of %zu bytes is too long", bytes);
    omma_error err = failed(l);
    if (err)
        return err;
    record_header h = {.bytes = (uint32_t)bytes, .seq = l->next_seq, .kind = kind};
    all[0] = (struct iovec){&h, sizeof(h)};
    all[n + 1] = (struct iovec){zeros, log_padding(bytes)};
    h.checksum = checksum(all, n + 2);
    err = write_parts(l, all, n + 2);
    if (err)
        return err;
    l->next_seq++;
    count_change(l);
    return OMMA_OK;
}

omma_error index_log_sync(index_log *l)
{
    return sync_now(l);
}

log_mark index_log_mark(const index_log *l)
{
    return (log_mark){l->bytes, l->next_seq};
}

omma_error index_log_rewind(index_log *l, log_mark mark)
{
    assert(mark.bytes <= l->bytes && mark.next_seq <= l->next_seq);
    if (ftruncate(l->fd, (off_t)mark.bytes))
        return omma_fail_errno("cannot shorten %s", l->path);
    l->bytes = mark.bytes;
    l->next_seq = mark.next_seq;
    count_change(l);
    return OMMA_OK;
}

uint64_t index_log_bytes(const index_log *l)
{
    return l->bytes;
}

uint64_t index_log_next_seq(const index_log *l)
{
    return l->next_seq;
}

uint64_t index_log_unsynced(index_log *l)
{
    pthread_mutex_lock(&l->mutex);
    uint64_t count = l->changes - l->synced;
    pthread_mutex_unlock(&l->mutex);
    return count;
}
