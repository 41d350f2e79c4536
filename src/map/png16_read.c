/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grey PNG of 16 bits, not interlaced. Source: W3C, "Portable Network Graphics (PNG) Specification
 * (Second Edition)", 2003.
 */
#include "depth_image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define MOST_RATIO 1100 /* deflate makes nothing smaller than 1032 to 1 */
#define UNKNOWN    65535

typedef struct chunk {
    const uint8_t *data;
    uint32_t bytes;
    char type[5];
} chunk;

typedef struct png_reader {
    omma_byte_reader in;
    uint32_t width, height;
    uint8_t *rows; /* a filter's number and the samples of each */
    size_t row_bytes;
    z_stream zip;
    bool inflating, inflated;
} png_reader;

static uint32_t big_u32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static omma_error next_chunk(omma_byte_reader *r, chunk *c)
{
    if (r->left < 12 || big_u32(r->at) > r->left - 12)
        return omma_fail(OMMA_FORMAT, "PNG: the file is cut short");
    c->bytes = big_u32(r->at);
    c->data = r->at + 8;
    memcpy(c->type, r->at + 4, 4);
    c->type[4] = 0;
    uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), r->at + 4, c->bytes + 4);

    if (crc != big_u32(c->data + c->bytes))
        return omma_fail(OMMA_FORMAT, "PNG: a part \"%.4s\" is damaged", c->type);
    r->at += 12 + (size_t)c->bytes;
    r->left -= 12 + (size_t)c->bytes;
    return OMMA_OK;
}

static omma_error take_head(png_reader *p, const chunk *c, depth_image *out)
{
    if (strcmp(c->type, "IHDR") != 0 || c->bytes != 13)
        return omma_fail(OMMA_FORMAT, "PNG: it does not begin with its size");
    p->width = big_u32(c->data);
    p->height = big_u32(c->data + 4);
    if (c->data[8] != 16 || c->data[9] != 0)
        return omma_fail(OMMA_UNSUPPORTED,
                         "PNG: depth is grey with 16 bits, and this has %u bits%s", c->data[8],
                         c->data[9] ? " and colours" : "");
    if (c->data[10] || c->data[11] || c->data[12])
        return omma_fail(OMMA_UNSUPPORTED, "PNG: it is interlaced");
    if ((uint64_t)p->width * p->height / MOST_RATIO > p->in.left) /* before memory is taken */
        return omma_fail(OMMA_FORMAT, "PNG: %u x %u pixels are said, %zu bytes are there", p->width,
                         p->height, p->in.left);
    omma_error err = depth_image_create(out, p->width, p->height);

    if (err)
        return err;
    p->row_bytes = 2 * (size_t)p->width + 1;
    p->rows = malloc(p->row_bytes * p->height);
    if (!p->rows)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a PNG of %u x %u", p->width, p->height);
    p->zip.next_out = p->rows;
    p->zip.avail_out = (uInt)(p->row_bytes * p->height); /* below 2^30: depth_image_create */
    if (inflateInit(&p->zip) != Z_OK)
        return omma_fail(OMMA_NO_MEMORY, "PNG: no memory to unpack it");
    p->inflating = true;
    return OMMA_OK;
}

static omma_error take_data(png_reader *p, const chunk *c)
{
    p->zip.next_in = c->data;
    p->zip.avail_in = c->bytes;
    int code = p->inflated || c->bytes == 0 ? Z_OK : inflate(&p->zip, Z_NO_FLUSH);

    if (code == Z_STREAM_END || p->zip.avail_out == 0)
        p->inflated = true;
    else if (code != Z_OK)
        return omma_fail(OMMA_FORMAT, "PNG: its pixels are damaged");
    return OMMA_OK;
}

static int paeth(int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* Section 9: each byte was stored as its difference from what is left of it and above. */
static omma_error unfilter(uint8_t *row, const uint8_t *above, size_t n)
{
    unsigned kind = row[0];

    if (kind > 4)
        return omma_fail(OMMA_FORMAT, "PNG: a row's filter %u is not known", kind);
    for (size_t i = 1; i < n; i++) {
        int a = i > 2 ? row[i - 2] : 0, b = above ? above[i] : 0;
        int c = above && i > 2 ? above[i - 2] : 0;
        int guess = kind == 1   ? a
                    : kind == 2 ? b
                    : kind == 3 ? (a + b) / 2
                    : kind == 4 ? paeth(a, b, c)
                                : 0;

        row[i] = (uint8_t)(row[i] + guess);
    }
    return OMMA_OK;
}

static omma_error take_rows(png_reader *p, double unit, float *depth)
{
    for (size_t y = 0; y < p->height; y++) {
        uint8_t *row = p->rows + y * p->row_bytes;
        omma_error err = unfilter(row, y > 0 ? row - p->row_bytes : NULL, p->row_bytes);

        if (err)
            return err;
        for (size_t x = 0; x < p->width; x++) {
            unsigned steps = (unsigned)row[1 + 2 * x] << 8 | row[2 + 2 * x];

            *depth++ = steps == UNKNOWN ? 0 : (float)(steps / unit);
        }
    }
    return OMMA_OK;
}

static omma_error parse(png_reader *p, double unit, depth_image *out)
{
    chunk c;
    omma_error err = next_chunk(&p->in, &c);

    if (!err)
        err = take_head(p, &c, out);
    while (!err && !p->inflated) {
        err = next_chunk(&p->in, &c);
        if (!err && strcmp(c.type, "IDAT") == 0)
            err = take_data(p, &c);
        else if (!err && strcmp(c.type, "IEND") == 0)
            break;
    }
    if (!err && p->zip.avail_out > 0)
        err = omma_fail(OMMA_FORMAT, "PNG: pixels are missing");
    return err ? err : take_rows(p, unit, out->depth);
}

omma_error png16_parse(depth_image *out, const void *data, size_t bytes, double unit)
{
    png_reader p = {.in = {.at = data, .left = bytes}};

    *out = (depth_image){0};
    if (bytes < 8 || memcmp(data, "\x89PNG\r\n\x1a\n", 8) != 0)
        return omma_fail(OMMA_FORMAT, "this is not a PNG file");
    p.in.at += 8;
    p.in.left -= 8;
    omma_error err = parse(&p, unit, out);

    if (p.inflating)
        inflateEnd(&p.zip);
    free(p.rows);
    if (err)
        depth_image_finish(out);
    return err;
}
