/* SPDX-License-Identifier: Apache-2.0 */
/** Little-endian numbers into growing memory, and out of memory that nobody vouches for. */
#pragma once

#include <omma/base.h>

/** Zeroed: empty. */
typedef struct byte_list {
    uint8_t *at;
    size_t count, capacity;
} byte_list;

void bytes_put(byte_list *b, const void *data, size_t n);
void bytes_u8(byte_list *b, unsigned value);
void bytes_u16(byte_list *b, unsigned value);
void bytes_u32(byte_list *b, uint32_t value);
void bytes_u32_big(byte_list *b, uint32_t value); /* most significant byte first */
void bytes_u64(byte_list *b, uint64_t value);
void bytes_f32(byte_list *b, float value);
void bytes_f64(byte_list *b, double value);
/** u16 length, then the text; NULL is an empty one. Longer ones are cut at 65535 bytes. */
void bytes_text(byte_list *b, const char *text);
/** Zeros up to a multiple of n. */
void bytes_pad(byte_list *b, size_t n);
void bytes_finish(byte_list *b);

/** Reading past the end gives zeros and sets bad, so that one look at the end is enough. */
typedef struct byte_reader {
    const uint8_t *at;
    size_t left;
    bool bad;
} byte_reader;

uint8_t read_u8(byte_reader *r);
uint16_t read_u16(byte_reader *r);
uint32_t read_u32(byte_reader *r);
uint64_t read_u64(byte_reader *r);
float read_f32(byte_reader *r);
double read_f64(byte_reader *r);
/** As bytes_text wrote it; a 0 byte inside is bad. Given: free(), never NULL. */
char *read_text(byte_reader *r);
