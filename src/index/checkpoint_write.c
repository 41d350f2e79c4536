/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"
#include "checkpoint_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct checkpoint_writer {
    omma_file *file;
    uint64_t bytes, seq;
    uint32_t count;
    checkpoint_section sections[CHECKPOINT_SECTIONS];
};

static void put(checkpoint_writer *w, const void *data, size_t bytes)
{
    omma_file_write(w->file, data, bytes);
    w->bytes += bytes;
}

static void pad(checkpoint_writer *w)
{
    static const char zeros[CHECKPOINT_ALIGN];
    put(w, zeros, checkpoint_padding(w->bytes));
}

omma_error checkpoint_create(checkpoint_writer **out, const char *path, const disk_shape *shape,
                             uint64_t seq)
{
    checkpoint_head h = {.version = DISK_VERSION, .shape = *shape, .seq = seq};
    omma_file *file;
    omma_error err = omma_file_create(&file, path, true);

    if (err)
        return err;
    checkpoint_writer *w = omma_new(checkpoint_writer);
    w->file = file;
    w->seq = seq;
    memcpy(h.magic, DISK_CHECKPOINT_MAGIC, DISK_MAGIC_BYTES);
    h.checksum = omma_crc32c(0, &h, offsetof(checkpoint_head, checksum));
    put(w, &h, sizeof(h));
    *out = w;
    return OMMA_OK;
}

void checkpoint_begin(checkpoint_writer *w, const char *name)
{
    assert(w->count < CHECKPOINT_SECTIONS && strlen(name) < CHECKPOINT_NAME_BYTES);
    pad(w);
    checkpoint_section *s = &w->sections[w->count++];
    memcpy(s->name, name, strlen(name));
    s->at = w->bytes;
}

void checkpoint_write(checkpoint_writer *w, const void *data, size_t bytes)
{
    assert(w->count > 0);
    checkpoint_section *s = &w->sections[w->count - 1];

    s->checksum = omma_crc32c(s->checksum, data, bytes);
    s->bytes += bytes;
    put(w, data, bytes);
}

omma_error checkpoint_commit(checkpoint_writer **writer)
{
    checkpoint_writer *w = *writer;
    size_t table_bytes = w->count * sizeof(checkpoint_section);
    *writer = NULL;

    pad(w);
    put(w, w->sections, table_bytes);
    checkpoint_tail t = {.file_bytes = w->bytes + sizeof(t), .seq = w->seq, .sections = w->count};
    t.checksum = omma_crc32c(0, w->sections, table_bytes);
    t.checksum = omma_crc32c(t.checksum, &t, offsetof(checkpoint_tail, checksum));
    memcpy(t.magic, DISK_CHECKPOINT_MAGIC, DISK_MAGIC_BYTES);
    put(w, &t, sizeof(t));
    omma_error err = omma_file_commit(&w->file);
    free(w);
    return err;
}
