/* SPDX-License-Identifier: Apache-2.0 */
/* What a tracker remembers, as one zstd frame. */
#include "map_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL 1
/* Sights compress to about half; a frame that says much more is not believed. */
#define MOST_RATIO 64

omma_error omma_map_set_memory(omma_map *m, const void *data, size_t bytes)
{
    const size_t room = ZSTD_compressBound(bytes);
    omma_buffer *blob = NULL;
    void *packed = malloc(room);
    size_t n = packed ? ZSTD_compress(packed, room, data, bytes, LEVEL) : 0;

    if (!packed || ZSTD_isError(n)) {
        free(packed);
        return omma_fail(OMMA_NO_MEMORY, "no memory for a tracker's memory of %zu bytes", bytes);
    }
    omma_error err = omma_buffer_create(&blob, n);
    if (!err) {
        memcpy(blob->data, packed, n);
        map_set_memory_blob(m, blob);
    }
    free(packed);
    return err;
}

omma_error omma_map_get_memory(const omma_map *m, omma_buffer **out)
{
    const omma_buffer *blob = map_memory_blob(m);

    if (!blob)
        return omma_fail(OMMA_NOT_FOUND, "the map has no memory of its tracker");
    const unsigned long long bytes = ZSTD_getFrameContentSize(blob->data, blob->bytes);
    if (bytes == ZSTD_CONTENTSIZE_UNKNOWN || bytes == ZSTD_CONTENTSIZE_ERROR ||
        bytes / MOST_RATIO > blob->bytes)
        return omma_fail(OMMA_FORMAT, "the memory of the tracker is damaged");
    omma_buffer *b = NULL;
    omma_error err = omma_buffer_create(&b, (size_t)bytes);
    if (!err && ZSTD_decompress(b->data, b->bytes, blob->data, blob->bytes) != bytes)
        err = omma_fail(OMMA_FORMAT, "the memory of the tracker is damaged");
    if (err)
        omma_buffer_unref(&b);
    else
        *out = b;
    return err;
}
