/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include "checkpoint_private.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct checkpoint {
    int fd; /* -1: bytes in memory */
    const uint8_t *data;
    size_t bytes;
    disk_shape shape;
    uint64_t seq;
    size_t count;
    checkpoint_section sections[CHECKPOINT_SECTIONS];
};

static omma_error take_head(checkpoint *c, const disk_shape *want)
{
    checkpoint_head h;

    if (c->bytes < sizeof(h))
        return omma_fail(OMMA_FORMAT, "a checkpoint of %zu bytes is cut within its head", c->bytes);
    memcpy(&h, c->data, sizeof(h));
    omma_error err = disk_check_magic("checkpoint", h.magic, DISK_CHECKPOINT_MAGIC, h.version);
    if (err)
        return err;
    if (h.checksum != omma_crc32c(0, &h, offsetof(checkpoint_head, checksum)))
        return omma_fail(OMMA_FORMAT, "the head of the checkpoint is damaged");
    c->shape = h.shape;
    c->seq = h.seq;
    return disk_check_shape("checkpoint", &h.shape, want);
}

/* The table and the tail are where they should be and say so. */
static omma_error take_table(checkpoint *c)
{
    checkpoint_tail t;
    size_t room = c->bytes - sizeof(checkpoint_head);

    if (room < sizeof(t))
        return omma_fail(OMMA_FORMAT, "the checkpoint is cut after %zu bytes", c->bytes);
    memcpy(&t, c->data + c->bytes - sizeof(t), sizeof(t));
    if (memcmp(t.magic, DISK_CHECKPOINT_MAGIC, DISK_MAGIC_BYTES) != 0 || t.file_bytes != c->bytes)
        return omma_fail(OMMA_FORMAT, "the checkpoint of %zu bytes is cut, or its end is damaged",
                         c->bytes);
    size_t table_bytes = t.sections * sizeof(checkpoint_section);
    if (t.sections > CHECKPOINT_SECTIONS || table_bytes > room - sizeof(t))
        return omma_fail(OMMA_FORMAT, "the checkpoint says that it has %u sections", t.sections);
    const uint8_t *table = c->data + c->bytes - sizeof(t) - table_bytes;
    uint32_t crc = omma_crc32c(0, table, table_bytes);
    if (t.checksum != omma_crc32c(crc, &t, offsetof(checkpoint_tail, checksum)) || t.seq != c->seq)
        return omma_fail(OMMA_FORMAT, "the table of the checkpoint is damaged");
    c->count = t.sections;
    memcpy(c->sections, table, table_bytes);
    return OMMA_OK;
}

static omma_error check_sections(const checkpoint *c)
{
    uint64_t from = sizeof(checkpoint_head);
    uint64_t end = c->bytes - sizeof(checkpoint_tail) - c->count * sizeof(checkpoint_section);

    for (size_t i = 0; i < c->count; i++) {
        const checkpoint_section *s = &c->sections[i];

        if (!memchr(s->name, 0, sizeof(s->name)))
            return omma_fail(OMMA_FORMAT, "section %zu of the checkpoint has no name", i);
        if (s->at % CHECKPOINT_ALIGN || s->at < from || s->at > end || s->bytes > end - s->at)
            return omma_fail(OMMA_FORMAT, "section %.16s of the checkpoint is in a wrong place",
                             s->name);
        from = s->at + s->bytes;
    }
    return OMMA_OK;
}

/* c has its bytes; taken. */
static omma_error take(checkpoint *c, checkpoint **out, const disk_shape *want)
{
    omma_error err = take_head(c, want);

    if (!err)
        err = take_table(c);
    if (!err)
        err = check_sections(c);
    if (err)
        checkpoint_close(&c);
    else
        *out = c;
    return err;
}

omma_error checkpoint_parse(checkpoint **out, const void *data, size_t bytes,
                            const disk_shape *want)
{
    checkpoint *c = omma_new(checkpoint);

    c->fd = -1;
    c->data = data;
    c->bytes = bytes;
    return take(c, out, want);
}

static omma_error map_whole(checkpoint *c, const char *path)
{
    struct stat there;

    c->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0 || fstat(c->fd, &there))
        return omma_fail_errno("cannot read %s", path);
    if (!S_ISREG(there.st_mode))
        return omma_fail(OMMA_FORMAT, "%s is no file", path);
    if (there.st_size == 0)
        return omma_fail(OMMA_FORMAT, "%s is empty", path);
    void *data = mmap(NULL, (size_t)there.st_size, PROT_READ, MAP_PRIVATE, c->fd, 0);
    if (data == MAP_FAILED)
        return omma_fail_errno("cannot read %s", path);
    c->data = data;
    c->bytes = (size_t)there.st_size;
    return OMMA_OK;
}

omma_error checkpoint_open(checkpoint **out, const char *path, const disk_shape *want)
{
    checkpoint *c = omma_new(checkpoint);
    omma_error err = map_whole(c, path);

    if (err) {
        checkpoint_close(&c);
        return err;
    }
    err = take(c, out, want);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}

void checkpoint_close(checkpoint **c)
{
    if (!c || !*c)
        return;
    if ((*c)->fd >= 0) {
        if ((*c)->data)
            munmap((void *)(*c)->data, (*c)->bytes);
        close((*c)->fd);
    }
    free(*c);
    *c = NULL;
}

disk_shape checkpoint_shape(const checkpoint *c)
{
    return c->shape;
}

uint64_t checkpoint_seq(const checkpoint *c)
{
    return c->seq;
}

uint64_t checkpoint_bytes(const checkpoint *c)
{
    return c->bytes;
}

size_t checkpoint_sections(const checkpoint *c)
{
    return c->count;
}

const char *checkpoint_name(const checkpoint *c, size_t section)
{
    return c->sections[section].name;
}

static const checkpoint_section *find(const checkpoint *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->sections[i].name, name) == 0)
            return &c->sections[i];
    omma_fail(OMMA_FORMAT, "the checkpoint has no section %s", name);
    return NULL;
}

omma_error checkpoint_find(const checkpoint *c, const char *name, uint64_t bytes, const void **data)
{
    const checkpoint_section *s = find(c, name);

    if (!s)
        return OMMA_FORMAT;
    if (s->bytes != bytes)
        return omma_fail(OMMA_FORMAT,
                         "section %s of the checkpoint has %" PRIu64 " bytes, not %" PRIu64, name,
                         s->bytes, bytes);
    *data = c->data + s->at;
    return OMMA_OK;
}

omma_error checkpoint_check(const checkpoint *c, const char *name)
{
    const checkpoint_section *s = find(c, name);

    if (!s)
        return OMMA_FORMAT;
    if (s->checksum != omma_crc32c(0, c->data + s->at, s->bytes))
        return omma_fail(OMMA_FORMAT,
                         "section %s of the checkpoint (%" PRIu64 " bytes at %" PRIu64
                         ") is damaged",
                         name, s->bytes, s->at);
    return OMMA_OK;
}

omma_error checkpoint_map(const checkpoint *c, const char *name, uint64_t from, uint64_t bytes,
                          void *at)
{
    const checkpoint_section *s = find(c, name);

    assert(c->fd >= 0 && from % CHECKPOINT_ALIGN == 0);
    if (!s)
        return OMMA_FORMAT;
    if (from > s->bytes || bytes > s->bytes - from)
        return omma_fail(OMMA_FORMAT, "section %s of the checkpoint has only %" PRIu64 " bytes",
                         name, s->bytes);
    if (bytes == 0)
        return OMMA_OK;
    void *mapped = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, c->fd,
                        (off_t)(s->at + from));
    if (mapped == MAP_FAILED)
        return omma_fail_errno("cannot map section %s of the checkpoint", name);
    memset((char *)mapped + bytes, 0, checkpoint_padding(bytes)); /* no checksum looks at that */
    return OMMA_OK;
}
