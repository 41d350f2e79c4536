/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.omma into a map. Strictly, the parts must follow each other without a gap, each whole, and
 * the index at the end must name them all. To salvage, every place where a part's header with the
 * right checksum stands is tried, and what has the right content is taken.
 *
 * No length is believed before it was compared with what is left of the file, so that nothing
 * larger than the file is ever allocated.
 */
#include "map_file_take.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MOST ((uint64_t)8 << 30)
#define WINDOW       65536

/* A file, or memory when fd < 0. */
typedef struct input {
    const char *name;
    int fd;
    const uint8_t *data;
    uint64_t size;
} input;

typedef struct reading {
    input in;
    map_taker take;
    bool has_beginning;
    size_t gaps;     /* places where something is wrong */
    uint64_t wasted; /* bytes of contents that were read for nothing */
} reading;

static omma_error input_read(const input *in, uint64_t at, void *to, size_t n)
{
    uint8_t *out = to;

    assert(at <= in->size && n <= in->size - at);
    if (in->fd < 0) {
        if (n > 0)
            memcpy(out, in->data + at, n);
        return OMMA_OK;
    }
    while (n > 0) {
        ssize_t got = pread(in->fd, out, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return omma_fail_errno("cannot read %s", in->name);
        if (got == 0)
            return omma_fail(OMMA_FORMAT, "%s became shorter while it was read", in->name);
        out += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return OMMA_OK;
}

/* --------------------------------------------------------------------------------- parts */

static bool is_zero(const uint8_t *data, size_t n)
{
    while (n > 0 && data[n - 1] == 0)
        n--;
    return n == 0;
}

/* The header at a place. @return OMMA_OK; OMMA_FORMAT: no part that fits begins there. */
static omma_error read_header(const reading *d, uint64_t at, map_part *p)
{
    uint8_t header[PART_HEADER];
    uint64_t left = d->in.size - at;

    if (left < PART_HEADER)
        return omma_fail(OMMA_FORMAT, "the file is cut off there");
    omma_error err = input_read(&d->in, at, header, sizeof header);
    if (err)
        return err;
    if (!part_decode(p, header))
        return omma_fail(OMMA_FORMAT, "no part begins there");
    left -= PART_HEADER;
    if (p->length > left || part_padding(p) > left - p->length)
        return omma_fail(OMMA_FORMAT, "the file is cut off there: %" PRIu64 " bytes of %" PRIu64,
                         left, p->length);
    return OMMA_OK;
}

/* The content behind the header at a place, given. */
static omma_error read_content(reading *d, uint64_t at, const map_part *p, omma_buffer **out)
{
    uint8_t padding[PART_ALIGN];
    omma_buffer *content = NULL;
    omma_error err = omma_buffer_create(&content, (size_t)p->length);

    if (err)
        return err;
    err = input_read(&d->in, at + PART_HEADER, content->data, (size_t)p->length);
    if (!err)
        err = input_read(&d->in, at + PART_HEADER + p->length, padding, part_padding(p));
    if (!err && (omma_crc32c(0, content->data, content->bytes) != p->checksum ||
                 !is_zero(padding, part_padding(p))))
        err = omma_fail(OMMA_FORMAT, "its checksum does not fit");
    if (err)
        omma_buffer_unref(&content);
    *out = content;
    return err;
}

static omma_error read_part(reading *d, uint64_t at, const map_part *p)
{
    omma_buffer *content = NULL;
    omma_error err = read_content(d, at, p, &content);

    if (!err)
        err = map_taker_take(&d->take, p, at, content);
    omma_buffer_unref(&content);
    if (err)
        d->wasted += p->length;
    return err;
}

static uint64_t behind(uint64_t at, const map_part *p)
{
    return at + PART_HEADER + p->length + part_padding(p);
}

/* -------------------------------------------------------------------------------- strict */

/* A damaged beginning is a reason to salvage, a later version is none. */
static omma_error read_begin(reading *d)
{
    uint8_t begin[MAP_HEADER_BYTES];
    omma_byte_reader r = {.at = begin + MAP_MAGIC_BYTES, .left = sizeof begin - MAP_MAGIC_BYTES};

    if (d->in.size < sizeof begin)
        return omma_fail(OMMA_FORMAT, "%s is no map: it has only %" PRIu64 " bytes", d->in.name,
                         d->in.size);
    omma_error err = input_read(&d->in, 0, begin, sizeof begin);
    if (err)
        return err;
    uint32_t version = omma_read_u32(&r);

    d->has_beginning = memcmp(begin, MAP_FILE_MAGIC, MAP_MAGIC_BYTES) == 0 &&
                       omma_read_u32(&r) == omma_crc32c(0, begin, sizeof begin - 4);
    if (!d->has_beginning && !d->take.salvages)
        return omma_fail(OMMA_FORMAT, "%s is no map, or damaged in its first 16 bytes", d->in.name);
    if (d->has_beginning && version != MAP_FILE_VERSION)
        return omma_fail(OMMA_FORMAT,
                         "%s is of version %" PRIu32 " of the map file, and this omma %s reads "
                         "version %d",
                         d->in.name, version, omma_version(), MAP_FILE_VERSION);
    return OMMA_OK;
}

static omma_error check_counts(const reading *d)
{
    if (!d->take.has_head)
        return omma_fail(OMMA_FORMAT, "%s has no head", d->in.name);
    if (d->take.head.frames != omma_map_frame_count(d->take.map) ||
        d->take.head.keyframes != omma_map_keyframe_count(d->take.map) ||
        d->take.head.points != d->take.point_count ||
        d->take.head.observations != d->take.observation_count)
        return omma_fail(OMMA_FORMAT, "%s holds other numbers of things than its head says",
                         d->in.name);
    return OMMA_OK;
}

/* Adds where it was to the reason, if the bytes are to blame. */
static omma_error place(omma_error err, const reading *d, uint64_t at, const map_part *p)
{
    char text[48];

    if (err != OMMA_FORMAT)
        return err;
    return omma_fail(OMMA_FORMAT,
                     "%s is damaged: part %zu%s%s%s at byte %" PRIu64 ": %s; --salvage takes what "
                     "is intact",
                     d->in.name, d->take.taken + 1, p ? " (" : "", p ? part_name(p, text) : "",
                     p ? ")" : "", at, omma_why());
}

static omma_error read_strictly(reading *d)
{
    uint64_t at = MAP_HEADER_BYTES;

    while (!d->take.has_end) {
        map_part p;
        omma_error err = read_header(d, at, &p);

        if (err)
            return place(err, d, at, NULL);
        err = read_part(d, at, &p);
        if (err)
            return place(err, d, at, &p);
        at = behind(at, &p);
    }
    if (at != d->in.size)
        return omma_fail(OMMA_FORMAT,
                         "%s has %" PRIu64 " bytes behind its end; --salvage takes what is "
                         "intact",
                         d->in.name, d->in.size - at);
    return check_counts(d);
}

/* ------------------------------------------------------------------------------- salvage */

/* The next place from at on where the letters of a part stand, or the size of the file. */
static omma_error find_magic(const reading *d, uint64_t *at)
{
    uint8_t window[WINDOW];

    while (d->in.size - *at >= PART_HEADER) {
        uint64_t left = d->in.size - *at;
        size_t n = left < WINDOW ? (size_t)left : WINDOW;
        omma_error err = input_read(&d->in, *at, window, n);

        if (err)
            return err;
        const uint8_t *found = memmem(window, n, PART_MAGIC, 4);
        if (found) {
            *at += (uint64_t)(found - window);
            return OMMA_OK;
        }
        *at += n - 3;
    }
    *at = d->in.size;
    return OMMA_OK;
}

/* Where to look on behind a header whose content is no good: where the next part should be, if it
 * is; else right behind the header, for bytes may be missing. */
static uint64_t place_after(const reading *d, uint64_t at, const map_part *p)
{
    uint64_t next = behind(at, p);
    map_part other;

    if (next == d->in.size || read_header(d, next, &other) == OMMA_OK)
        return next;
    return at + PART_HEADER;
}

/* Contents made to be read again and again, each longer than the last, end the search. */
static omma_error read_what_is_intact(reading *d)
{
    uint64_t at = MAP_HEADER_BYTES < d->in.size ? MAP_HEADER_BYTES : d->in.size;
    bool in_gap = false;

    while (at < d->in.size && d->wasted <= 4 * d->in.size) {
        map_part p;
        omma_error err = read_header(d, at, &p);
        bool begins = err == OMMA_OK;

        if (begins)
            err = read_part(d, at, &p);
        if (err && err != OMMA_FORMAT)
            return err;
        d->gaps += err && (begins || !in_gap);
        in_gap = err != OMMA_OK;
        if (!err) {
            at = behind(at, &p);
        } else if (begins) {
            at = place_after(d, at, &p);
        } else {
            at++;
            err = find_magic(d, &at);
            if (err)
                return err;
        }
    }
    if (d->take.taken == 0)
        return omma_fail(OMMA_FORMAT, "%s: no intact part of a map is in it", d->in.name);
    return OMMA_OK;
}

static void count_damage(const reading *d, omma_map_salvage *out)
{
    if (d->take.is_journal) { /* it ends where it ends */
        *out = (omma_map_salvage){.parts = d->take.taken};
        memcpy(out->writer, d->take.head.writer, strlen(d->take.head.writer) + 1);
        return;
    }
    size_t seen = d->take.taken + d->gaps, named = d->take.has_end ? d->take.indexed + 1 : seen;

    *out = (omma_map_salvage){.parts = named > d->take.taken ? named : d->take.taken};
    if (!d->take.has_end && d->gaps == 0) /* cut between two parts */
        out->parts++;
    if (d->take.has_end && d->gaps > 0 &&
        out->parts == d->take.taken) /* something where nothing belongs */
        out->parts++;
    out->parts += !d->has_beginning;
    out->damaged = out->parts - d->take.taken;
    out->orphans = d->take.orphans;
    if (d->take.has_head)
        memcpy(out->writer, d->take.head.writer, strlen(d->take.head.writer) + 1);
}

/* ------------------------------------------------------------------------------- journal */

static bool is_journal(const reading *d)
{
    map_part p;

    return d->in.size > MAP_HEADER_BYTES && read_header(d, MAP_HEADER_BYTES, &p) == OMMA_OK &&
           p.type == PART_JOURNAL;
}

/* Where the last group of parts that is whole ends, or, if asked for, the last that brings a
 * memory; 0: there is none. What follows was being written when it was cut off. */
static omma_error find_commit(reading *d, bool with_memory, uint64_t *end)
{
    bool has_memory = false;
    omma_error err = OMMA_OK;

    *end = 0;
    for (uint64_t at = MAP_HEADER_BYTES; !err;) {
        omma_buffer *content = NULL;
        map_part p;

        err = read_header(d, at, &p);
        if (!err)
            err = read_content(d, at, &p, &content);
        omma_buffer_unref(&content);
        if (err)
            break;
        at = behind(at, &p);
        has_memory |= p.type == PART_MEMORY;
        if (p.type == PART_COMMIT && (has_memory || !with_memory)) {
            *end = at;
            has_memory = false;
        }
    }
    return err == OMMA_FORMAT ? OMMA_OK : err;
}

static omma_error read_journal(reading *d, bool with_memory)
{
    uint64_t end;
    omma_error err = find_commit(d, with_memory, &end);

    if (!err && end == 0)
        err = omma_fail(OMMA_FORMAT, "%s was cut off before %s", d->in.name,
                        with_memory ? "the tracker's memory was in it, from which another clip "
                                      "could go on"
                                    : "anything of a map was in it");
    for (uint64_t at = MAP_HEADER_BYTES; !err && at < end;) {
        map_part p;

        err = read_header(d, at, &p);
        if (!err)
            err = place(read_part(d, at, &p), d, at, &p);
        at = err ? end : behind(at, &p);
    }
    return err;
}

/* ---------------------------------------------------------------------------------- both */

static omma_error read_parts(reading *d, bool salvages, bool remembered)
{
    if (d->has_beginning && is_journal(d))
        return read_journal(d, remembered);
    return salvages ? read_what_is_intact(d) : read_strictly(d);
}

static omma_error read_input(omma_map **out, const input *in, uint64_t most, bool remembered,
                             omma_map_salvage *salvage)
{
    if (most == 0)
        most = DEFAULT_MOST;
    if (in->size > most)
        return omma_fail(OMMA_NO_MEMORY,
                         "%s holds %" PRIu64 " bytes, and no more than %" PRIu64 " are allowed",
                         in->name, in->size, most);
    reading d = {.in = *in, .take.salvages = salvage != NULL};
    omma_error err = read_begin(&d);
    if (err)
        return err;
    d.take.map = omma_map_create();
    err = read_parts(&d, salvage != NULL, remembered);
    if (!err && salvage)
        count_damage(&d, salvage);
    omma_map *m = map_taker_finish(&d.take);
    if (err)
        omma_map_destroy(&m);
    else
        *out = m;
    return err;
}

omma_error map_file_parse(omma_map **out, const void *data, size_t size, const char *name,
                          size_t max_bytes, omma_map_salvage *salvage)
{
    return read_input(out, &(input){.name = name, .fd = -1, .data = data, .size = size}, max_bytes,
                      false, salvage);
}

omma_error map_file_parse_remembered(omma_map **out, const void *data, size_t size,
                                     const char *name, size_t max_bytes)
{
    return read_input(out, &(input){.name = name, .fd = -1, .data = data, .size = size}, max_bytes,
                      true, NULL);
}

static omma_error read_path(omma_map **out, const char *path, size_t max_bytes, bool remembered,
                            omma_map_salvage *salvage)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    omma_error err;

    if (fd < 0)
        return omma_fail_errno("cannot read %s", path);
    if (fstat(fd, &st))
        err = omma_fail_errno("cannot read %s", path);
    else if (!S_ISREG(st.st_mode))
        err = omma_fail(OMMA_FORMAT, "%s is not a file", path);
    else
        err = read_input(out, &(input){.name = path, .fd = fd, .size = (uint64_t)st.st_size},
                         max_bytes, remembered, salvage);
    close(fd);
    return err;
}

omma_error omma_map_open(omma_map **out, const char *path, size_t max_bytes,
                         omma_map_salvage *salvage)
{
    return read_path(out, path, max_bytes, false, salvage);
}

omma_error omma_map_open_remembered(omma_map **out, const char *path, size_t max_bytes)
{
    return read_path(out, path, max_bytes, true, NULL);
}
