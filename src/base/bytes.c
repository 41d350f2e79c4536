/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <stdlib.h>
#include <string.h>

void omma_bytes_put(omma_byte_list *b, const void *data, size_t n)
{
    void *at = b->at;

    if (n == 0)
        return;
    omma_grow(&at, &b->capacity, b->count + n, 1);
    b->at = at;
    memcpy(b->at + b->count, data, n);
    b->count += n;
}

static void put_number(omma_byte_list *b, uint64_t value, unsigned n)
{
    uint8_t at[8];

    for (unsigned i = 0; i < n; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    omma_bytes_put(b, at, n);
}

void omma_bytes_u8(omma_byte_list *b, unsigned value)
{
    put_number(b, value, 1);
}

void omma_bytes_u16(omma_byte_list *b, unsigned value)
{
    put_number(b, value, 2);
}

void omma_bytes_u32(omma_byte_list *b, uint32_t value)
{
    put_number(b, value, 4);
}

void omma_bytes_u32_big(omma_byte_list *b, uint32_t value)
{
    put_number(b, value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24, 4);
}

void omma_bytes_u64(omma_byte_list *b, uint64_t value)
{
    put_number(b, value, 8);
}

void omma_bytes_f32(omma_byte_list *b, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_number(b, bits, 4);
}

void omma_bytes_f64(omma_byte_list *b, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_number(b, bits, 8);
}

void omma_bytes_text(omma_byte_list *b, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (n > UINT16_MAX)
        n = UINT16_MAX;
    omma_bytes_u16(b, (unsigned)n);
    omma_bytes_put(b, text, n);
}

void omma_bytes_pad(omma_byte_list *b, size_t n)
{
    while (b->count % n)
        omma_bytes_u8(b, 0);
}

void omma_bytes_finish(omma_byte_list *b)
{
    free(b->at);
    *b = (omma_byte_list){0};
}

/* ----------------------------------------------------------------------------- reading */

static uint64_t read_number(omma_byte_reader *r, unsigned n)
{
    uint64_t value = 0;

    if (r->left < n) {
        r->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < n; i++)
        value |= (uint64_t)r->at[i] << (8 * i);
    r->at += n;
    r->left -= n;
    return value;
}

uint8_t omma_read_u8(omma_byte_reader *r)
{
    return (uint8_t)read_number(r, 1);
}

uint16_t omma_read_u16(omma_byte_reader *r)
{
    return (uint16_t)read_number(r, 2);
}

uint32_t omma_read_u32(omma_byte_reader *r)
{
    return (uint32_t)read_number(r, 4);
}

uint64_t omma_read_u64(omma_byte_reader *r)
{
    return read_number(r, 8);
}

float omma_read_f32(omma_byte_reader *r)
{
    uint32_t bits = omma_read_u32(r);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

double omma_read_f64(omma_byte_reader *r)
{
    uint64_t bits = omma_read_u64(r);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

const void *omma_read_bytes(omma_byte_reader *r, size_t n)
{
    const uint8_t *data = r->at;

    if (r->left < n) {
        r->bad = true;
        return NULL;
    }
    r->at += n;
    r->left -= n;
    return data;
}

char *omma_read_text(omma_byte_reader *r)
{
    size_t n = omma_read_u16(r);

    if (n > r->left || memchr(r->at, 0, n)) {
        r->bad = true;
        n = 0;
    }
    char *text = omma_text("%.*s", (int)n, n ? (const char *)r->at : "");

    r->at += n;
    r->left -= n;
    return text;
}
