/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of an index come from anywhere: sections lie in the file and do not overlap. */
#include "checkpoint_private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_bytes(const uint8_t *data, size_t size)
{
    checkpoint *c = NULL;

    if (checkpoint_parse(&c, data, size, NULL) != OMMA_OK) {
        require(!c);
        return;
    }
    require(checkpoint_bytes(c) == size);
    for (size_t i = 0; i < checkpoint_sections(c); i++) {
        const void *section;

        checkpoint_check(c, checkpoint_name(c, i));
        for (size_t n = 0; n < 64; n++)
            if (checkpoint_find(c, checkpoint_name(c, i), n, &section) == OMMA_OK)
                require((const uint8_t *)section >= data &&
                        (const uint8_t *)section + n <= data + size);
    }
    checkpoint_close(&c);
}

/* Checksums keep a fuzzer out, so they are made right, and the end fitting. */
static void repair(uint8_t *data, size_t size)
{
    checkpoint_head head;
    checkpoint_tail tail;

    if (size < sizeof(head) + sizeof(tail))
        return;
    memcpy(&head, data, sizeof(head));
    memcpy(head.magic, DISK_CHECKPOINT_MAGIC, DISK_MAGIC_BYTES);
    head.version = DISK_VERSION;
    head.checksum = omma_crc32c(0, &head, offsetof(checkpoint_head, checksum));
    memcpy(data, &head, sizeof(head));
    memcpy(&tail, data + size - sizeof(tail), sizeof(tail));
    memcpy(tail.magic, DISK_CHECKPOINT_MAGIC, DISK_MAGIC_BYTES);
    tail.file_bytes = size;
    tail.seq = head.seq;
    tail.sections %= CHECKPOINT_SECTIONS + 2;
    size_t table_bytes = tail.sections * sizeof(checkpoint_section);
    if (table_bytes <= size - sizeof(tail))
        tail.checksum = omma_crc32c(0, data + size - sizeof(tail) - table_bytes, table_bytes);
    tail.checksum = omma_crc32c(tail.checksum, &tail, offsetof(checkpoint_tail, checksum));
    memcpy(data + size - sizeof(tail), &tail, sizeof(tail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(size ? size : 1, 1);

    require(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    try_bytes(copy, size);
    repair(copy, size);
    try_bytes(copy, size);
    free(copy);
    return 0;
}
