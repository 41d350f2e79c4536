/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "pipeline"
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNC_NS       1000000000
#define CHECKPOINT_NS 1000000000
#define COST_SHARE    100
#define GROUPS_BEHIND 1000

struct journal {
    const omma_log *log;
    char *path, *folder; /* folder: made for it, or NULL */
    omma_map_changes *changes;
    int64_t checkpoint_ns, checkpoint_cost_ns;
    uint64_t bytes, checkpoint_bytes; /* told since the last one; what that took */
    atomic_bool failed;
    /* the writer's */
    omma_queue *queue;
    omma_thread *writer;
    int fd;
    int64_t sync_ns;
    bool dirty;
};

/* ------------------------------------------------------------------------------------- writer */

static void release_group(void *item)
{
    omma_buffer *b = item;
    omma_buffer_unref(&b);
}

static omma_error write_group(int fd, const omma_buffer *b, const char *path)
{
    const uint8_t *at = b->data;

    for (size_t left = b->bytes; left > 0;) {
        ssize_t n = write(fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return omma_fail_errno("cannot write %s", path);
        at += n;
        left -= (size_t)n;
    }
    return OMMA_OK;
}

static omma_error sync_file(journal *j)
{
    j->dirty = false;
    j->sync_ns = omma_clock_now_ns();
    return fdatasync(j->fd) ? omma_fail_errno("cannot write %s", j->path) : OMMA_OK;
}

static void give_up(journal *j)
{
    if (!atomic_exchange(&j->failed, true))
        omma_warn(j->log, "%s: a crash from now on would lose the map since then", omma_why());
}

/* After a failure groups are still taken off the queue, so that nobody waits. */
static void write_groups(void *user)
{
    journal *j = user;
    void *item = NULL;

    for (;;) {
        omma_error popped = omma_queue_pop(j->queue, &item, SYNC_NS);
        omma_error err = OMMA_OK;
        if (popped == OMMA_OK) {
            if (!atomic_load(&j->failed))
                err = write_group(j->fd, item, j->path);
            j->dirty = true;
            release_group(item);
        } else if (popped != OMMA_AGAIN) {
            return;
        }
        if (!err && j->dirty && !atomic_load(&j->failed) &&
            omma_clock_now_ns() - j->sync_ns >= SYNC_NS)
            err = sync_file(j);
        if (err)
            give_up(j);
    }
}

/* --------------------------------------------------------------------------------------- file */

static omma_error make_folder_of(journal *j)
{
    const char *slash = strrchr(j->path, '/');
    struct stat st;

    if (!slash || slash == j->path)
        return OMMA_OK;
    char *folder = omma_text("%.*s", (int)(slash - j->path), j->path);
    const bool there = stat(folder, &st) == 0;
    omma_error err = omma_make_folder(folder);
    if (!err && !there)
        j->folder = folder;
    else
        free(folder);
    return err;
}

/* The first group goes into a file beside, which then takes the place: there is a whole journal or
 * what was there before. */
static omma_error open_file(journal *j, bool replace, const omma_buffer *first)
{
    char *part = omma_text("%s.%06x.part", j->path, (unsigned)getpid() & 0xffffff);
    omma_error err = OMMA_OK;

    j->fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (j->fd < 0)
        err = omma_fail_errno("cannot write %s", j->path);
    if (!err)
        err = write_group(j->fd, first, j->path);
    if (!err)
        err = sync_file(j);
    if (!err && !replace && access(j->path, F_OK) == 0)
        err = omma_fail(OMMA_EXISTS, "%s is there already", j->path);
    if (!err && rename(part, j->path) != 0)
        err = omma_fail_errno("cannot write %s", j->path);
    if (err)
        unlink(part);
    free(part);
    return err;
}

static omma_error begin(journal *j, bool replace)
{
    omma_buffer *first = NULL;
    omma_error err = omma_map_changes_take(j->changes, &first);

    if (!err)
        err = make_folder_of(j);
    if (!err)
        err = open_file(j, replace, first);
    omma_buffer_unref(&first);
    if (!err) {
        j->queue = omma_queue_create(GROUPS_BEHIND, OMMA_QUEUE_WAIT, release_group);
        err = omma_thread_start(&j->writer, "omma journal", write_groups, j);
        if (err)
            unlink(j->path);
    }
    return err;
}

static void release(journal *j)
{
    if (j->queue)
        omma_queue_close(j->queue);
    if (j->writer)
        omma_thread_join(&j->writer);
    omma_queue_destroy(&j->queue);
    if (j->fd >= 0)
        close(j->fd);
    omma_map_changes_destroy(&j->changes);
    free(j->path);
    free(j->folder);
    free(j);
}

omma_error journal_create(journal **out, const char *path, bool replace, const omma_map *map,
                          const omma_log *log)
{
    journal *j = omma_new(journal);

    j->log = log;
    j->fd = -1;
    j->path = omma_text("%s", path);
    j->changes = omma_map_changes_create(map);
    j->checkpoint_ns = omma_clock_now_ns();
    omma_error err = begin(j, replace);
    if (err) {
        if (j->folder)
            rmdir(j->folder);
        release(j);
    } else {
        *out = j;
    }
    return err;
}

void journal_remove(journal **journal_out)
{
    journal *j = *journal_out;

    if (!j)
        return;
    *journal_out = NULL;
    unlink(j->path);
    if (j->folder)
        rmdir(j->folder);
    release(j);
}

/* -------------------------------------------------------------------------------------- groups */

omma_map_changes *journal_changes(journal *j)
{
    return j->changes;
}

void journal_hand_on(journal *j)
{
    omma_buffer *group = NULL;

    if (!omma_map_changes_bytes(j->changes))
        return;
    if (omma_map_changes_take(j->changes, &group) != OMMA_OK) {
        give_up(j);
        return;
    }
    j->bytes += group->bytes;
    omma_queue_push(j->queue, group);
}

bool journal_wants_checkpoint(const journal *j)
{
    const int64_t waited = omma_clock_now_ns() - j->checkpoint_ns;

    return !atomic_load(&j->failed) && waited >= CHECKPOINT_NS &&
           waited >= COST_SHARE * j->checkpoint_cost_ns && j->bytes >= j->checkpoint_bytes;
}

void journal_checkpoint(journal *j, const omma_map *map, int64_t since_ns)
{
    journal_hand_on(j);
    omma_map_changes_checkpoint(j->changes, map);
    j->checkpoint_bytes = omma_map_changes_bytes(j->changes);
    journal_hand_on(j);
    j->bytes = 0;
    j->checkpoint_ns = omma_clock_now_ns();
    j->checkpoint_cost_ns = j->checkpoint_ns - since_ns;
}
