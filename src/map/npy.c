/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NumPy's array file, versions 1 to 3: a line of Python that says type, order and shape, then the
 * numbers (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
#include "depth_image.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HEAD 65535
#define MOST_DIMS 8

typedef struct npy_head {
    size_t bytes; /* of a number */
    bool big, by_columns;
    uint64_t rows, columns;
} npy_head;

/* What stands behind 'name': in the dictionary, or NULL. */
static const char *entry(const char *head, const char *name)
{
    const char *at = strstr(head, name);

    if (!at)
        return NULL;
    at += strlen(name);
    at += strspn(at, " ");
    if (*at != ':')
        return NULL;
    at++;
    return at + strspn(at, " ");
}

static omma_error take_type(npy_head *h, const char *at)
{
    if (at && (*at == '\'' || *at == '"') && (at[1] == '<' || at[1] == '>') && at[2] == 'f' &&
        (at[3] == '4' || at[3] == '8') && at[4] == *at) {
        h->big = at[1] == '>';
        h->bytes = (size_t)(at[3] - '0');
        return OMMA_OK;
    }
    return omma_fail(OMMA_UNSUPPORTED, "NPY: its numbers (%.12s) are not float32 or float64",
                     at ? at : "of no known type");
}

static omma_error take_shape(npy_head *h, const char *at)
{
    uint64_t sides[MOST_DIMS], kept[2];
    size_t count = 0, wide = 0;

    if (!at || *at++ != '(')
        return omma_fail(OMMA_FORMAT, "NPY: it says no shape");
    while (at += strspn(at, " ,"), *at >= '0' && *at <= '9' && count < MOST_DIMS) {
        char *end;

        errno = 0;
        sides[count++] = strtoull(at, &end, 10);
        if (errno)
            return omma_fail(OMMA_FORMAT, "NPY: a side of its shape is too long");
        at = end;
    }
    for (size_t i = 0; i < count; i++)
        if (count == 2 || sides[i] != 1) {
            if (wide < 2)
                kept[wide] = sides[i];
            wide++;
        }
    if (*at != ')' || wide != 2)
        return omma_fail(OMMA_FORMAT, "NPY: an array of %zu dimensions is no picture", wide);
    h->rows = kept[0];
    h->columns = kept[1];
    return OMMA_OK;
}

static omma_error parse_head(npy_head *h, omma_byte_reader *r)
{
    char text[MOST_HEAD + 1];

    if (r->left < 12 || memcmp(r->at, "\x93NUMPY", 6) != 0)
        return omma_fail(OMMA_FORMAT, "this is not a NumPy file");
    for (int i = 0; i < 6; i++)
        omma_read_u8(r);
    unsigned version = omma_read_u8(r);

    omma_read_u8(r);
    size_t n = version == 1 ? omma_read_u16(r) : omma_read_u32(r);

    if (version < 1 || version > 3)
        return omma_fail(OMMA_UNSUPPORTED, "NPY: version %u is not known", version);
    if (n > r->left || n > MOST_HEAD)
        return omma_fail(OMMA_FORMAT, "NPY: a header of %zu bytes, of which %zu are there", n,
                         r->left);
    memcpy(text, r->at, n);
    text[n] = 0;
    r->at += n;
    r->left -= n;
    const char *order = entry(text, "'fortran_order'");
    omma_error err = take_type(h, entry(text, "'descr'"));

    h->by_columns = order && strncmp(order, "True", 4) == 0;
    return err ? err : take_shape(h, entry(text, "'shape'"));
}

static uint64_t swap_bytes(uint64_t v, size_t n)
{
    uint64_t out = 0;

    for (size_t i = 0; i < n; i++)
        out |= (v >> 8 * i & 0xff) << 8 * (n - 1 - i);
    return out;
}

static float read_depth(omma_byte_reader *r, const npy_head *h)
{
    uint64_t bits = h->bytes == 4 ? omma_read_u32(r) : omma_read_u64(r);
    double value;
    float single;

    if (h->big)
        bits = swap_bytes(bits, h->bytes);
    if (h->bytes == 4) {
        uint32_t half = (uint32_t)bits;

        memcpy(&single, &half, sizeof single);
    } else {
        memcpy(&value, &bits, sizeof value);
        single = fabs(value) <= 3e38 ? (float)value : 0;
    }
    return isfinite(single) && single > 0 ? single : 0;
}

omma_error npy_parse(depth_image *out, const void *data, size_t bytes)
{
    omma_byte_reader r = {.at = data, .left = bytes};
    npy_head h = {0};
    omma_error err = parse_head(&h, &r);

    *out = (depth_image){0};
    if (err)
        return err;
    if (h.columns > 0 && h.rows > r.left / h.bytes / h.columns)
        return omma_fail(OMMA_FORMAT,
                         "NPY: %" PRIu64 " x %" PRIu64 " numbers are said, %zu bytes are there",
                         h.rows, h.columns, r.left);
    err = depth_image_create(out, h.columns, h.rows);
    for (uint64_t i = 0; !err && i < h.rows * h.columns; i++) {
        uint64_t at = h.by_columns ? i % h.rows * h.columns + i / h.rows : i;

        out->depth[at] = read_depth(&r, &h);
    }
    return err;
}
