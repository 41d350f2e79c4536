/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NumPy's array file, versions 1 to 3: a line of Python that says type, order and shape, then the
 * numbers (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
#include <omma/base.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HEAD 65535

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

static omma_error take_type(omma_npy *a, const char *at)
{
    if (at && (*at == '\'' || *at == '"') && (at[1] == '<' || at[1] == '>') && at[2] == 'f' &&
        (at[3] == '4' || at[3] == '8') && at[4] == *at) {
        a->big_endian = at[1] == '>';
        a->bytes_each = (size_t)(at[3] - '0');
        return OMMA_OK;
    }
    return omma_fail(OMMA_UNSUPPORTED, "NPY: its numbers (%.12s) are not float32 or float64",
                     at ? at : "of no known type");
}

static omma_error take_side(omma_npy *a, uint64_t side)
{
    if (a->side_count == OMMA_NPY_SIDES)
        return omma_fail(OMMA_UNSUPPORTED, "NPY: an array of more than %d dimensions",
                         OMMA_NPY_SIDES);
    a->side[a->side_count++] = side;
    if (side > 0 && a->count > UINT64_MAX / side)
        return omma_fail(OMMA_FORMAT, "NPY: a side of its shape is too long");
    a->count *= side;
    return OMMA_OK;
}

static omma_error take_shape(omma_npy *a, const char *at)
{
    omma_error err = OMMA_OK;

    if (!at || *at++ != '(')
        return omma_fail(OMMA_FORMAT, "NPY: it says no shape");
    a->count = 1;
    while (at += strspn(at, " ,"), !err && *at >= '0' && *at <= '9') {
        char *end;

        errno = 0;
        uint64_t side = strtoull(at, &end, 10);
        err = errno ? omma_fail(OMMA_FORMAT, "NPY: a side of its shape is too long")
                    : take_side(a, side);
        at = end;
    }
    if (!err && *at != ')')
        err = omma_fail(OMMA_FORMAT, "NPY: its shape does not end");
    return err;
}

static omma_error parse_head(omma_npy *a, omma_byte_reader *r)
{
    char text[MOST_HEAD + 1];

    if (r->left < 12 || memcmp(r->at, "\x93NUMPY", 6) != 0)
        return omma_fail(OMMA_FORMAT, "this is not a NumPy file");
    omma_read_bytes(r, 6);
    unsigned version = omma_read_u8(r);

    omma_read_u8(r);
    size_t n = version == 1 ? omma_read_u16(r) : omma_read_u32(r);

    if (version < 1 || version > 3)
        return omma_fail(OMMA_UNSUPPORTED, "NPY: version %u is not known", version);
    if (n > r->left || n > MOST_HEAD)
        return omma_fail(OMMA_FORMAT, "NPY: a header of %zu bytes, of which %zu are there", n,
                         r->left);
    memcpy(text, omma_read_bytes(r, n), n);
    text[n] = 0;
    const char *order = entry(text, "'fortran_order'");
    omma_error err = take_type(a, entry(text, "'descr'"));

    a->by_columns = order && strncmp(order, "True", 4) == 0;
    return err ? err : take_shape(a, entry(text, "'shape'"));
}

omma_error omma_npy_parse(omma_npy *out, const void *data, size_t bytes)
{
    omma_byte_reader r = {.at = data, .left = bytes};
    omma_npy a = {0};
    omma_error err = parse_head(&a, &r);

    if (!err && a.count > r.left / a.bytes_each)
        err = omma_fail(OMMA_FORMAT,
                        "NPY: %" PRIu64 " numbers of %zu bytes are said, %zu bytes are there",
                        a.count, a.bytes_each, r.left);
    if (err)
        return err;
    a.numbers = r.at;
    *out = a;
    return OMMA_OK;
}

/* Where number i in row-major order lies by columns. */
static uint64_t place_by_columns(const omma_npy *a, uint64_t i)
{
    uint64_t at = 0, stride = a->count;

    for (size_t s = a->side_count; s-- > 0;) { /* the last side has the largest stride */
        stride /= a->side[s];
        at += i % a->side[s] * stride;
        i /= a->side[s];
    }
    return at;
}

static uint64_t swap_bytes(uint64_t v, size_t n)
{
    uint64_t out = 0;

    for (size_t i = 0; i < n; i++)
        out |= (v >> 8 * i & 0xff) << 8 * (n - 1 - i);
    return out;
}

double omma_npy_at(const omma_npy *a, uint64_t i)
{
    uint64_t at = a->by_columns ? place_by_columns(a, i) : i;
    omma_byte_reader r = {.at = (const uint8_t *)a->numbers + at * a->bytes_each,
                          .left = a->bytes_each};
    uint64_t bits = a->bytes_each == 4 ? omma_read_u32(&r) : omma_read_u64(&r);
    double value;
    float single;

    if (a->big_endian)
        bits = swap_bytes(bits, a->bytes_each);
    if (a->bytes_each == 4) {
        uint32_t half = (uint32_t)bits;

        memcpy(&single, &half, sizeof(single));
        return (double)single;
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}
