/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading end of a log. A record is whole when its length fits into what is left of the file,
 * its checksum is right, and its number is the next one. The first that is not ends the log: after
 * a loss of power the blocks of a last group can be missing in any order, so what lies behind it
 * may be whole and must not be used. It is counted, though, for behind a synced record it is
 * damage.
 */
#include "index_log.h"
#include "index_log_private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that looking for records behind the end may sum up: hostile lengths would make it square.
 */
#define MOST_SUMMED (64u << 20)

static omma_error parse_header(const void *data, size_t bytes, const disk_shape *want, log_end *end)
{
    log_header h;

    if (bytes < sizeof(h))
        return omma_fail(OMMA_FORMAT, "a log of %zu bytes is cut within its header", bytes);
    memcpy(&h, data, sizeof(h));
    omma_error err = disk_check_magic("log", h.magic, DISK_LOG_MAGIC, h.version);
    if (err)
        return err;
    if (h.checksum != omma_crc32c(0, &h, offsetof(log_header, checksum)) || h.first_seq == 0)
        return omma_fail(OMMA_FORMAT, "the header of the log is damaged");
    *end = (log_end){.shape = h.shape,
                     .first_seq = h.first_seq,
                     .next_seq = h.first_seq,
                     .bytes = bytes,
                     .whole_bytes = sizeof(h)};
    return disk_check_shape("log", &h.shape, want);
}

/* The bytes of a record by its header, or 0 when that cannot be. */
static size_t take_header(record_header *h, const uint8_t *at, size_t left)
{
    if (left < sizeof(*h))
        return 0;
    memcpy(h, at, sizeof(*h));
    size_t room = left - sizeof(*h);
    if (h->bytes > room || log_padding(h->bytes) > room - h->bytes)
        return 0;
    return sizeof(*h) + h->bytes + log_padding(h->bytes);
}

static bool is_intact(const uint8_t *at, const record_header *h, size_t bytes)
{
    size_t skipped = sizeof(h->checksum);
    return omma_crc32c(0, at + skipped, bytes - skipped) == h->checksum;
}

/* Records behind the first that is not whole. */
static uint64_t count_behind(const uint8_t *data, const log_end *end)
{
    uint64_t count = 0, after = end->next_seq;
    size_t summed = 0;

    for (size_t at = end->whole_bytes + LOG_ALIGN; at < end->bytes && summed < MOST_SUMMED;) {
        record_header h;
        size_t bytes = take_header(&h, data + at, end->bytes - at);
        bool likely = bytes && h.zero == 0 && h.seq >= after && h.seq - end->next_seq < UINT32_MAX;

        if (likely)
            summed += bytes;
        if (likely && is_intact(data + at, &h, bytes)) {
            after = h.seq + 1;
            count++;
            at += bytes;
        } else {
            at += LOG_ALIGN;
        }
    }
    return count;
}

omma_error index_log_parse(const void *data, size_t bytes, const disk_shape *want, log_visit *visit,
                           void *user, log_end *end)
{
    omma_error err = parse_header(data, bytes, want, end);

    while (!err) {
        const uint8_t *at = (const uint8_t *)data + end->whole_bytes;
        record_header h;
        size_t n = take_header(&h, at, bytes - end->whole_bytes);

        if (n == 0 || h.seq != end->next_seq || !is_intact(at, &h, n))
            break;
        if (visit)
            err = visit(user, &(log_record){h.seq, h.kind, h.bytes, at + sizeof(h)});
        end->whole_bytes += n;
        end->next_seq++;
    }
    if (!err && end->whole_bytes < bytes)
        end->behind = count_behind(data, end);
    return err;
}

static omma_error map_file(const char *path, const void **data, size_t *bytes)
{
    struct stat there;
    omma_error err = OMMA_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *data = "";
    *bytes = 0;
    if (fd < 0)
        return omma_fail_errno("cannot read %s", path);
    if (fstat(fd, &there))
        err = omma_fail_errno("cannot read %s", path);
    else if (!S_ISREG(there.st_mode))
        err = omma_fail(OMMA_FORMAT, "%s is no file", path);
    else if (there.st_size > 0) {
        void *map = mmap(NULL, (size_t)there.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            err = omma_fail_errno("cannot read %s", path);
        } else {
            *data = map;
            *bytes = (size_t)there.st_size;
        }
    }
    close(fd);
    return err;
}

/* Whole files are mapped: writers lengthen or remove them, and never shorten what was synced. */
static omma_error with_file(const char *path, const disk_shape *want, bool whole, log_visit *visit,
                            void *user, log_end *end)
{
    const void *data;
    size_t bytes;
    omma_error err = map_file(path, &data, &bytes);

    if (err)
        return err;
    err = whole ? index_log_parse(data, bytes, want, visit, user, end)
                : parse_header(data, bytes, want, end);
    if (bytes)
        munmap((void *)data, bytes);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}

omma_error index_log_read(const char *path, const disk_shape *want, log_visit *visit, void *user,
                          log_end *end)
{
    return with_file(path, want, true, visit, user, end);
}

omma_error index_log_peek(const char *path, log_end *end)
{
    return with_file(path, NULL, false, NULL, NULL, end);
}
