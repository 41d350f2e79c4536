/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grey PNG of 16 bits. Source: W3C, "Portable Network Graphics (PNG) Specification (Second
 * Edition)", 2003. Rows are filtered by "Sub", the difference to the left: of depth it is small.
 */
#include "depth_files.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FILTER_SUB 1

static void write_chunk(omma_file *f, const char type[5], const uint8_t *data, size_t n)
{
    omma_byte_list b = {0};
    uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);

    if (n > 0)
        crc = crc32(crc, data, (uInt)n);
    omma_bytes_u32_big(&b, (uint32_t)n);
    omma_bytes_put(&b, type, 4);
    omma_bytes_put(&b, data, n);
    omma_bytes_u32_big(&b, (uint32_t)crc);
    omma_file_write(f, b.at, b.count);
    omma_bytes_finish(&b);
}

static void write_head(omma_file *f, int width, int height, const char *text)
{
    omma_byte_list b = {0};

    omma_file_write(f, "\x89PNG\r\n\x1a\n", 8);
    omma_bytes_u32_big(&b, (uint32_t)width);
    omma_bytes_u32_big(&b, (uint32_t)height);
    omma_bytes_put(&b, "\x10\0\0\0\0",
                   5); /* 16 bits, grey, deflate, five filters, not interlaced */
    write_chunk(f, "IHDR", b.at, b.count);
    b.count = 0;
    if (text) {
        omma_bytes_put(&b, "Comment", 8);
        omma_bytes_put(&b, text, strlen(text));
        write_chunk(f, "tEXt", b.at, b.count);
    }
    omma_bytes_finish(&b);
}

/* Each row a filter's number and big-endian samples. */
static void filter(const uint16_t *pixels, int width, int height, uint8_t *out)
{
    for (int y = 0; y < height; y++) {
        uint8_t before[2] = {0, 0};

        *out++ = FILTER_SUB;
        for (int x = 0; x < width; x++) {
            uint16_t value = pixels[(size_t)y * (size_t)width + (size_t)x];
            uint8_t sample[2] = {(uint8_t)(value >> 8), (uint8_t)value};

            for (int k = 0; k < 2; k++) {
                *out++ = (uint8_t)(sample[k] - before[k]);
                before[k] = sample[k];
            }
        }
    }
}

omma_error png16_write(const uint16_t *pixels, int width, int height, const char *text,
                       const char *path, bool replace)
{
    size_t rows = (size_t)height * (2 * (size_t)width + 1);
    uLongf packed = compressBound(rows);
    uint8_t *raw = malloc(rows), *data = malloc(packed);
    omma_file *f = NULL;
    omma_error err = OMMA_OK;

    if (!raw || !data || rows > INT32_MAX)
        err = omma_fail(OMMA_NO_MEMORY, "no memory for a PNG of %d x %d", width, height);
    if (!err)
        err = omma_file_create(&f, path, replace);
    if (!err) {
        filter(pixels, width, height, raw);
        compress2(data, &packed, raw, rows, 6); /* into compressBound it fits */
        write_head(f, width, height, text);
        write_chunk(f, "IDAT", data, packed);
        write_chunk(f, "IEND", NULL, 0);
        err = omma_file_commit(&f);
    }
    free(raw);
    free(data);
    return err;
}
