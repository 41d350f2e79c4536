/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "index"
#include "index_folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_NAME "log-%08" PRIu32

struct index_folder {
    char *path, *checkpoint_path;
    int lock; /* -1: to read only */
    const omma_log *talk;
    disk_shape shape;
    int64_t sync_ns;
    index_log *log;    /* NULL before the first change */
    uint32_t *numbers; /* of the logs that are there, ascending */
    size_t count, capacity;
    uint64_t old_bytes; /* of logs that are not written to any more */
    uint64_t checkpoint_seq, next_seq;
    uint64_t checkpoint_bytes;
};

static char *log_path(const index_folder *f, uint32_t number)
{
    return omma_text("%s/" LOG_NAME, f->path, number);
}

/* -------------------------------------------------------------------------------- what is there */

static void add_log(index_folder *f, uint32_t number)
{
    omma_grow((void **)&f->numbers, &f->capacity, f->count + 1, sizeof(*f->numbers));
    f->numbers[f->count++] = number;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool parse_log_name(const char *name, uint32_t *number)
{
    char again[32];

    if (sscanf(name, "log-%" SCNu32, number) != 1)
        return false;
    snprintf(again, sizeof(again), LOG_NAME, *number);
    return strcmp(again, name) == 0;
}

/* What a crash left of a file that was being written. */
static bool is_left_over(const char *name)
{
    size_t n = strlen(name);
    bool ours = strncmp(name, "checkpoint.", 11) == 0 || strncmp(name, "log-", 4) == 0;
    return ours && n > 5 && strcmp(name + n - 5, ".part") == 0;
}

/* Lists the logs; who writes removes what is left over. */
static omma_error look(index_folder *f)
{
    DIR *d = opendir(f->path);
    uint32_t number;

    if (!d)
        return omma_fail_errno("cannot read the folder %s", f->path);
    f->count = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (parse_log_name(e->d_name, &number))
            add_log(f, number);
        else if (f->lock >= 0 && is_left_over(e->d_name))
            unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
    if (f->count)
        qsort(f->numbers, f->count, sizeof(*f->numbers), by_number);
    return OMMA_OK;
}

static bool has_checkpoint(const index_folder *f)
{
    return access(f->checkpoint_path, F_OK) == 0;
}

bool index_folder_is_empty(const index_folder *f)
{
    return f->count == 0 && !has_checkpoint(f);
}

static omma_error take_lock(index_folder *f)
{
    omma_error err = OMMA_OK;
    char *path = omma_text("%s/lock", f->path);

    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f->lock < 0)
        err = omma_fail_errno("cannot write the index in %s", f->path);
    else if (flock(f->lock, LOCK_EX | LOCK_NB))
        err =
            errno == EWOULDBLOCK
                ? omma_fail(OMMA_BUSY, "the index in %s is being written by somebody else", f->path)
                : omma_fail_errno("cannot lock the index in %s", f->path);
    free(path);
    return err;
}

/* A folder that is no index is not made one by a lock. */
static omma_error check_place(index_folder *f, bool create)
{
    struct stat there;

    if (stat(f->path, &there) == 0 && !S_ISDIR(there.st_mode))
        return omma_fail(OMMA_INVALID, "%s is a file: an index is a folder", f->path);
    if (create)
        return omma_make_folder(f->path);
    omma_error err = look(f);
    if (!err && index_folder_is_empty(f))
        err = omma_fail(OMMA_NOT_FOUND, "there is no index in %s", f->path);
    return err;
}

omma_error index_folder_open(index_folder **out, const char *path, bool create, bool read_only,
                             const omma_log *log)
{
    index_folder *f = omma_new(index_folder);

    f->path = omma_text("%s", path);
    f->checkpoint_path = omma_text("%s/checkpoint", path);
    f->lock = -1;
    f->talk = log;
    f->next_seq = 1;
    omma_error err = check_place(f, create && !read_only);
    if (!err && !read_only)
        err = take_lock(f);
    if (!err)
        err = look(f);
    if (err)
        index_folder_close(&f);
    else
        *out = f;
    return err;
}

void index_folder_close(index_folder **folder)
{
    index_folder *f = folder ? *folder : NULL;

    if (!f)
        return;
    if (index_log_close(&f->log))
        omma_log_error(f->talk, "%s", omma_why());
    if (f->lock >= 0)
        close(f->lock); /* and with it the lock */
    free(f->numbers);
    free(f->checkpoint_path);
    free(f->path);
    free(f);
    *folder = NULL;
}

/* -------------------------------------------------------------------------------------- reading */

omma_error index_folder_checkpoint(index_folder *f, checkpoint **out)
{
    *out = NULL;
    if (!has_checkpoint(f))
        return OMMA_OK;
    omma_error err = checkpoint_open(out, f->checkpoint_path, NULL);
    if (!err)
        f->checkpoint_bytes = checkpoint_bytes(*out);
    return err;
}

omma_error index_folder_shape(const index_folder *f, disk_shape *shape)
{
    log_end end;

    if (f->count == 0)
        return OMMA_OK;
    char *path = log_path(f, f->numbers[0]);
    omma_error err = index_log_peek(path, &end);
    if (!err)
        *shape = end.shape;
    free(path);
    return err;
}

typedef struct replay {
    uint64_t next_seq;
    log_visit *visit;
    void *user;
    folder_logs *found;
} replay;

static omma_error check_order(uint64_t seq, uint64_t next_seq)
{
    if (seq <= next_seq)
        return OMMA_OK;
    return omma_fail(OMMA_FORMAT,
                     "begins with change %" PRIu64 ", and those from %" PRIu64
                     " on are missing: a log or a checkpoint before it is damaged",
                     seq, next_seq);
}

static omma_error replay_record(void *user, const log_record *record)
{
    replay *r = user;

    if (record->seq < r->next_seq)
        return OMMA_OK; /* the checkpoint has it */
    omma_error err = check_order(record->seq, r->next_seq);
    if (!err)
        err = r->visit(r->user, record);
    if (err)
        return err;
    r->next_seq++;
    r->found->records++;
    return OMMA_OK;
}

static omma_error replay_log(const char *path, const disk_shape *shape, replay *r)
{
    log_end end;
    omma_error err = index_log_read(path, shape, replay_record, r, &end);

    if (!err && check_order(end.first_seq, r->next_seq))
        err = omma_fail(OMMA_FORMAT, "%s: %s", path, omma_why());
    if (err)
        return err;
    r->found->logs++;
    r->found->bytes += end.bytes;
    r->found->cut_bytes = end.bytes - end.whole_bytes;
    r->found->cut_records = end.behind;
    return OMMA_OK;
}

static void tell_cut(const index_folder *f, const folder_logs *found)
{
    if (found->cut_records)
        omma_warn(f->talk,
                  "the last log in %s is damaged: %" PRIu64 " bytes with %" PRIu64
                  " later changes are not used",
                  f->path, found->cut_bytes, found->cut_records);
    else if (found->cut_bytes)
        omma_info(f->talk,
                  "the last change in %s was not whole: %" PRIu64 " bytes of it are not used",
                  f->path, found->cut_bytes);
}

omma_error index_folder_replay(index_folder *f, uint64_t after, const disk_shape *shape,
                               log_visit *visit, void *user, folder_logs *found)
{
    replay r = {after + 1, visit, user, found};
    omma_error err = OMMA_OK;

    *found = (folder_logs){0};
    for (size_t i = 0; i < f->count && !err; i++) {
        char *path = log_path(f, f->numbers[i]);
        err = replay_log(path, shape, &r);
        free(path);
    }
    if (err)
        return err;
    f->checkpoint_seq = after;
    f->next_seq = r.next_seq;
    f->old_bytes = found->bytes;
    tell_cut(f, found);
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- writing */

void index_folder_begin(index_folder *f, const disk_shape *shape, int64_t sync_ns)
{
    f->shape = *shape;
    f->sync_ns = sync_ns;
}

/* The log that is written to; its first change makes it. */
static omma_error want_log(index_folder *f)
{
    if (f->log)
        return OMMA_OK;
    assert(f->lock >= 0);
    uint32_t number = f->count ? f->numbers[f->count - 1] + 1 : 1;
    char *path = log_path(f, number);
    omma_error err = index_log_create(&f->log, path, &f->shape, f->next_seq, f->sync_ns);
    if (!err)
        add_log(f, number);
    free(path);
    return err;
}

omma_error index_folder_append(index_folder *f, uint32_t kind, const struct iovec *parts, int n)
{
    omma_error err = want_log(f);

    if (!err)
        err = index_log_append(f->log, kind, parts, n);
    if (!err)
        f->next_seq++;
    return err;
}

omma_error index_folder_mark(index_folder *f, log_mark *mark)
{
    omma_error err = want_log(f);

    if (!err)
        *mark = index_log_mark(f->log);
    return err;
}

omma_error index_folder_rewind(index_folder *f, log_mark mark)
{
    omma_error err = index_log_rewind(f->log, mark);

    if (err)
        return err;
    f->next_seq = mark.next_seq;
    return index_log_sync(f->log); /* or a loss of power could bring back what was taken back */
}

omma_error index_folder_sync(index_folder *f)
{
    return f->log ? index_log_sync(f->log) : OMMA_OK;
}

/* What the checkpoint has is needed no more. */
static void remove_logs(index_folder *f)
{
    index_log_close(&f->log);
    for (size_t i = 0; i < f->count; i++) {
        char *path = log_path(f, f->numbers[i]);
        unlink(path);
        free(path);
    }
    f->old_bytes = 0;
}

omma_error index_folder_compact(index_folder *f, void (*write)(void *user, checkpoint_writer *w),
                                void *user)
{
    checkpoint_writer *w = NULL;
    struct stat there;
    omma_error err = checkpoint_create(&w, f->checkpoint_path, &f->shape, f->next_seq - 1);

    if (err)
        return err;
    write(user, w);
    err = checkpoint_commit(&w);
    if (err)
        return err;
    remove_logs(f);
    f->checkpoint_seq = f->next_seq - 1;
    f->checkpoint_bytes = stat(f->checkpoint_path, &there) ? 0 : (uint64_t)there.st_size;
    return OMMA_OK;
}

uint64_t index_folder_changes(const index_folder *f)
{
    return f->next_seq - 1 - f->checkpoint_seq;
}

uint64_t index_folder_log_bytes(const index_folder *f)
{
    return f->old_bytes + (f->log ? index_log_bytes(f->log) : 0);
}

uint64_t index_folder_checkpoint_bytes(const index_folder *f)
{
    return f->checkpoint_bytes;
}

uint64_t index_folder_unsynced(const index_folder *f)
{
    return f->log ? index_log_unsynced(f->log) : 0;
}
