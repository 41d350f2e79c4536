/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index that lives in a folder: what its journal does, and how it comes back. A change is a
 * record of the log: an entry and, when it is added, its vector; or an id that is removed. Links
 * are not logged: a checkpoint has them, and what was added since is linked again when it is
 * opened.
 */
#define OMMA_MODULE "index"
#include "index_folder.h"
#include "index_inside.h"
#include "index_snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define SYNC_NS 100000000 /* when the options say 0 */

/* A checkpoint is written by itself when so many changes wait for it, and one in so many of what is
 * there: all checkpoints together then cost a small part of what adding costs. */
enum { CHECKPOINT_CHANGES = 8192, CHECKPOINT_SHARE = 2 };
/* Closing leaves a log of so many changes: replaying them takes a few milliseconds. */
enum { CLOSE_CHANGES = 64 };

enum { RECORD_ADD = 1, RECORD_UPDATE = 2, RECORD_REMOVE = 3 };

typedef struct durable {
    index_folder *folder;
    omma_index *index;
    const omma_log *log;
    uint64_t next_attempt; /* at so many changes */
} durable;

/* ------------------------------------------------------------------------------------ the journal
 */

static void write_sections(void *user, checkpoint_writer *w)
{
    const durable *d = user;
    index_snapshot_write(index_store(d->index), w);
}

static omma_error write_checkpoint(void *user, const omma_index *x)
{
    durable *d = user;

    assert(x == d->index);
    d->next_attempt = 0;
    return index_folder_compact(d->folder, write_sections, d);
}

/* Before a change: the log is long. That it cannot be done now is no reason to refuse the change.
 */
static void checkpoint_when_due(durable *d)
{
    uint64_t changes = index_folder_changes(d->folder);

    if (changes < CHECKPOINT_CHANGES || changes < d->next_attempt ||
        changes < store_count(index_store(d->index)) / CHECKPOINT_SHARE)
        return;
    if (write_checkpoint(d, d->index)) {
        omma_warn(d->log, "no checkpoint: %s", omma_why());
        d->next_attempt = 2 * changes;
    }
}

static omma_error append_add(durable *d, const float *vector, uint32_t dim,
                             const omma_index_entry *entry)
{
    struct iovec parts[] = {{(void *)entry, sizeof(*entry)}, {(void *)vector, dim * sizeof(float)}};

    return index_folder_append(d->folder, RECORD_ADD, parts, 2);
}

static omma_error log_add(void *user, const float *vector, uint32_t dim,
                          const omma_index_entry *entry)
{
    durable *d = user;

    checkpoint_when_due(d);
    return append_add(d, vector, dim, entry);
}

static omma_error log_import(void *user, const float *vectors, size_t n, uint32_t dim,
                             const omma_index_entry *entries)
{
    durable *d = user;
    log_mark before;
    omma_error err = index_folder_mark(d->folder, &before);

    for (size_t i = 0; i < n && !err; i++) {
        err = append_add(d, vectors + i * dim, dim, &entries[i]);
        if (err) {
            char *why = omma_text("%s", omma_why());
            if (index_folder_rewind(d->folder, before))
                omma_log_error(d->log, "%s", omma_why());
            omma_fail(err, "%s", why);
            free(why);
        }
    }
    return err;
}

static omma_error log_update(void *user, const omma_index_entry *entry)
{
    durable *d = user;
    struct iovec part = {(void *)entry, sizeof(*entry)};

    checkpoint_when_due(d);
    return index_folder_append(d->folder, RECORD_UPDATE, &part, 1);
}

static omma_error log_remove(void *user, uint64_t id)
{
    durable *d = user;
    struct iovec part = {&id, sizeof(id)};

    checkpoint_when_due(d);
    return index_folder_append(d->folder, RECORD_REMOVE, &part, 1);
}

static omma_error sync_folder(void *user)
{
    const durable *d = user;
    return index_folder_sync(d->folder);
}

static void add_stats(void *user, omma_index_stats *out)
{
    const durable *d = user;

    out->log_bytes = index_folder_log_bytes(d->folder);
    out->unsynced = index_folder_unsynced(d->folder);
    out->checkpoint_bytes = index_folder_checkpoint_bytes(d->folder);
}

static void close_folder(void *user)
{
    durable *d = user;

    if (index_folder_changes(d->folder) > CLOSE_CHANGES && write_checkpoint(d, d->index))
        omma_warn(d->log, "no checkpoint: %s", omma_why());
    index_folder_close(&d->folder);
    free(d);
}

/* ---------------------------------------------------------------------------------------- opening
 */

/* A record is whole, so what is in it was written by an index; or by somebody who is no friend. */
static omma_error apply(void *user, const log_record *r)
{
    omma_index *x = user;
    uint32_t dim = index_store(x)->dim;
    const omma_index_entry *entry = r->content;
    const uint64_t *id = r->content;
    omma_error err = OMMA_FORMAT;

    if (r->kind == RECORD_ADD && r->bytes == sizeof(*entry) + dim * sizeof(float))
        err = omma_index_add(x, (const float *)(entry + 1), dim, entry);
    else if (r->kind == RECORD_UPDATE && r->bytes == sizeof(*entry))
        err = omma_index_update(x, entry);
    else if (r->kind == RECORD_REMOVE && r->bytes == sizeof(*id))
        err = omma_index_remove(x, *id);
    else
        omma_fail(err, "kind %" PRIu32 " of %" PRIu32 " bytes is not known", r->kind, r->bytes);
    if (err && err != OMMA_NO_MEMORY)
        err = omma_fail(OMMA_FORMAT, "change %" PRIu64 " cannot be made: %s", r->seq, omma_why());
    return err;
}

/* The folder's own shape, or what the options say where it has none. */
static omma_error choose_shape(const index_folder *f, const checkpoint *c,
                               const omma_index_options *o, disk_shape *shape)
{
    disk_shape has = {0};
    omma_error err = OMMA_OK;

    if (c)
        has = checkpoint_shape(c);
    else
        err = index_folder_shape(f, &has);
    if (err)
        return err;
    if (has.dim == 0) {
        *shape = (disk_shape){o->dim, (uint32_t)o->metric, o->codes_only};
        return index_check_options(o);
    }
    disk_shape want = {o->dim ? o->dim : has.dim, o->metric ? (uint32_t)o->metric : has.metric,
                       o->codes_only ? 1 : has.codes_only};
    *shape = has;
    return disk_check_shape("index", &has, &want);
}

/* The index of the checkpoint, or an empty one. */
static omma_error begin_index(omma_index **out, const checkpoint *c, const omma_index_options *o,
                              const disk_shape *shape)
{
    omma_index_options all = *o;
    store *s = NULL;

    all.dim = shape->dim;
    all.metric = (omma_index_metric)shape->metric;
    all.codes_only = shape->codes_only;
    omma_error err = index_check_options(&all);
    if (err || !c)
        return err ? err : omma_index_create(out, &all);
    err = index_snapshot_open(&s, c);
    return err ? err : index_create_from(out, &all, s);
}

/* All that the folder has. */
static omma_error load(omma_index **out, index_folder *f, const omma_index_options *o,
                       folder_logs *found)
{
    checkpoint *c = NULL;
    disk_shape shape = {0};
    omma_error err = index_folder_checkpoint(f, &c);

    if (!err)
        err = choose_shape(f, c, o, &shape);
    if (!err)
        err = begin_index(out, c, o, &shape);
    if (!err)
        err = index_folder_replay(f, c ? checkpoint_seq(c) : 0, &shape, apply, *out, found);
    if (err)
        omma_index_close(out);
    else
        index_folder_begin(f, &shape, o->sync_ns ? o->sync_ns : SYNC_NS);
    checkpoint_close(&c);
    return err;
}

static omma_error refuse(void)
{
    return omma_fail(OMMA_DENIED, "the index was opened to be read only");
}

static omma_error refuse_add(void *user, const float *vector, uint32_t dim,
                             const omma_index_entry *entry)
{
    (void)user, (void)vector, (void)dim, (void)entry;
    return refuse();
}

static omma_error refuse_import(void *user, const float *vectors, size_t n, uint32_t dim,
                                const omma_index_entry *entries)
{
    (void)user, (void)vectors, (void)n, (void)dim, (void)entries;
    return refuse();
}

static omma_error refuse_update(void *user, const omma_index_entry *entry)
{
    (void)user, (void)entry;
    return refuse();
}

static omma_error refuse_remove(void *user, uint64_t id)
{
    (void)user, (void)id;
    return refuse();
}

static omma_error refuse_checkpoint(void *user, const omma_index *x)
{
    (void)user, (void)x;
    return refuse();
}

static void leave_folder(void *user)
{
    durable *d = user;

    index_folder_close(&d->folder);
    free(d);
}

static void attach(omma_index *x, index_folder *f, const omma_index_options *o)
{
    durable *d = omma_new(durable);

    *d = (durable){.folder = f, .index = x, .log = o->log};
    if (o->read_only) {
        x->journal = (index_journal){.user = d,
                                     .add = refuse_add,
                                     .import = refuse_import,
                                     .update = refuse_update,
                                     .remove = refuse_remove,
                                     .checkpoint = refuse_checkpoint,
                                     .stats = add_stats,
                                     .close = leave_folder};
        return;
    }
    x->journal = (index_journal){.user = d,
                                 .add = log_add,
                                 .import = log_import,
                                 .update = log_update,
                                 .remove = log_remove,
                                 .sync = sync_folder,
                                 .checkpoint = write_checkpoint,
                                 .stats = add_stats,
                                 .close = close_folder};
}

static omma_error open_folder(omma_index **out, const char *folder, const omma_index_options *o,
                              folder_logs *found)
{
    index_folder *f = NULL;
    omma_index *x = NULL;
    omma_error err = index_folder_open(&f, folder, o->dim > 0, o->read_only, o->log);

    if (!err)
        err = load(&x, f, o, found);
    if (err) {
        index_folder_close(&f);
        return err;
    }
    attach(x, f, o);
    *out = x;
    return OMMA_OK;
}

omma_error omma_index_open(omma_index **out, const char *folder, const omma_index_options *options)
{
    static const omma_index_options none;
    folder_logs found;

    return open_folder(out, folder, options ? options : &none, &found);
}

/* What opening does not look at: the sections of vectors, and those that are of no use to it. */
static omma_error check_sections(const char *folder)
{
    index_folder *f = NULL;
    checkpoint *c = NULL;
    omma_error err = index_folder_open(&f, folder, false, true, NULL);

    if (!err)
        err = index_folder_checkpoint(f, &c);
    for (size_t i = 0; !err && c && i < checkpoint_sections(c); i++)
        err = checkpoint_check(c, checkpoint_name(c, i));
    checkpoint_close(&c);
    index_folder_close(&f);
    return err;
}

omma_error omma_index_verify(const char *folder, const omma_log *log, omma_index_check *out)
{
    const omma_index_options o = {.read_only = true, .log = log};
    omma_index *x = NULL;
    omma_index_stats stats;
    folder_logs found;
    omma_error err = check_sections(folder);

    if (!err)
        err = open_folder(&x, folder, &o, &found);
    if (err)
        return err;
    omma_index_get_stats(x, &stats);
    *out = (omma_index_check){.vectors = stats.vectors,
                              .checkpoint_bytes = stats.checkpoint_bytes,
                              .logs = found.logs,
                              .log_bytes = found.bytes,
                              .changes = found.records,
                              .torn_bytes = found.cut_bytes,
                              .unused = found.cut_records};
    omma_index_close(&x);
    return OMMA_OK;
}
