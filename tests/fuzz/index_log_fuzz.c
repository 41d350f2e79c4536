/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of an index come from anywhere: records come in order and lie in the file, and what is whole
 * is found again when the file is cut behind it. */
#include "index_log_private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

typedef struct bounds {
    const uint8_t *begin, *end;
    uint64_t seq; /* of the last record */
} bounds;

static omma_error check_record(void *user, const log_record *r)
{
    bounds *b = user;
    const uint8_t *content = r->content;

    require(content >= b->begin && content <= b->end);
    require(r->bytes <= (size_t)(b->end - content));
    require(b->seq == 0 || r->seq == b->seq + 1);
    b->seq = r->seq;
    return OMMA_OK;
}

static void try_bytes(const uint8_t *data, size_t size)
{
    bounds b = {data, data + size, 0}, again = b;
    log_end end, cut;

    if (index_log_parse(data, size, NULL, check_record, &b, &end) != OMMA_OK)
        return;
    require(end.bytes == size && end.whole_bytes <= size && end.next_seq >= end.first_seq);
    require(end.behind <= (size - end.whole_bytes) / LOG_RECORD_BYTES);
    require(index_log_parse(data, end.whole_bytes, NULL, check_record, &again, &cut) == OMMA_OK);
    require(cut.next_seq == end.next_seq && cut.whole_bytes == cut.bytes && cut.behind == 0);
}

/* Checksums keep a fuzzer out, so they are made right, and lengths fitting. */
static void repair(uint8_t *data, size_t size)
{
    log_header head;

    if (size < sizeof(head))
        return;
    memcpy(&head, data, sizeof(head));
    memcpy(head.magic, DISK_LOG_MAGIC, DISK_MAGIC_BYTES);
    head.version = DISK_VERSION;
    head.checksum = omma_crc32c(0, &head, offsetof(log_header, checksum));
    memcpy(data, &head, sizeof(head));
    for (size_t at = sizeof(head); size - at >= sizeof(record_header);) {
        size_t left = size - at - sizeof(record_header);
        record_header h;

        memcpy(&h, data + at, sizeof(h));
        h.bytes %= 64;
        if (h.bytes + log_padding(h.bytes) > left)
            return;
        size_t bytes = sizeof(h) + h.bytes + log_padding(h.bytes);
        memcpy(data + at, &h, sizeof(h));
        h.checksum = omma_crc32c(0, data + at + 4, bytes - 4);
        memcpy(data + at, &h, sizeof(h));
        at += bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(size ? size : 1, 1);

    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    try_bytes(copy, size);
    repair(copy, size);
    try_bytes(copy, size);
    free(copy);
    return 0;
}
