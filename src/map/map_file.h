/* SPDX-License-Identifier: Apache-2.0 */
/** The layout of map.omma (docs/map-file.md), as its writer and its reader share it. */
#pragma once

#include <omma/map.h>

#define MAP_FILE_VERSION 1
#define MAP_FILE_MAGIC   "\x89OMMA\r\n\x1a"
#define MAP_MAGIC_BYTES  8
#define MAP_HEADER_BYTES 16 /* magic, version, checksum of both */
#define PART_MAGIC       "OmPt"
#define PART_HEADER      32
#define PART_ALIGN       8
#define INDEX_ENTRY      16 /* type, number, offset */

/** Records in one part: what a damaged one costs. */
enum { KEYFRAMES_IN_PART = 32, FRAMES_IN_PART = 512, POINTS_IN_PART = 2048 };

enum { POINT_BYTES = 40, OBSERVATION_BYTES = 12 };

#define PART_TYPE(a, b, c, d)                                                                      \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

typedef enum part_type {
    PART_HEAD = PART_TYPE('h', 'e', 'a', 'd'),
    PART_KEYFRAMES = PART_TYPE('k', 'e', 'y', 'f'),
    PART_FRAMES = PART_TYPE('f', 'r', 'a', 'm'),
    PART_POINTS = PART_TYPE('p', 'o', 'i', 'n'),
    PART_PICTURE = PART_TYPE('p', 'i', 'c', 't'),
    PART_DEPTH = PART_TYPE('d', 'e', 'p', 't'),
    PART_MEMORY = PART_TYPE('t', 'r', 'a', 'k'),
    PART_HEAD_AGAIN = PART_TYPE('h', 'e', 'a', '2'),
    PART_KEYFRAMES_AGAIN = PART_TYPE('k', 'e', 'y', '2'),
    PART_JOURNAL = PART_TYPE('j', 'r', 'n', 'l'),
    PART_CHANGES = PART_TYPE('c', 'h', 'n', 'g'),
    PART_COMMIT = PART_TYPE('c', 'o', 'm', 'm'),
    PART_END = PART_TYPE('e', 'n', 'd', ' '),
} part_type;

typedef struct map_part {
    uint32_t type, number; /* number: of a picture or depth, the keyframe's id */
    uint32_t checksum;     /* of the content */
    uint64_t length;       /* of the content, without the zeros up to the next part */
} map_part;

/** With its own checksum. */
void part_encode(const map_part *p, uint8_t to[PART_HEADER]);
/** @return false: these bytes do not begin a part. */
bool part_decode(map_part *p, const uint8_t from[PART_HEADER]);
/** "picture of keyframe 7", into text. */
const char *part_name(const map_part *p, char text[48]);
/** Zeros behind its content. */
size_t part_padding(const map_part *p);

/** Parts into a file, or into memory when there is none. Zeroed: nothing yet. */
typedef struct part_writer {
    omma_file *file;
    omma_byte_list memory;
    uint64_t at;
    omma_byte_list index; /* of the parts so far, as the last one holds it */
} part_writer;

void part_write_begin(part_writer *w); /* the 16 bytes before the first part */
void part_write(part_writer *w, part_type type, uint32_t number, const void *data, size_t n);
void part_write_points(part_writer *w, const omma_map *m);
void part_write_memory(part_writer *w, const omma_map *m);
/** Keyframes, frames, points and memory; then pictures and depth. */
void part_write_map(part_writer *w, const omma_map *m);
omma_error part_write_pixels(part_writer *w, const omma_map *m);
void part_writer_finish(part_writer *w); /* the file is not its own */

/** What the first part says; texts owned. */
typedef struct map_head {
    char *writer, *unit;
    uint32_t submap;
    uint64_t frames, keyframes, points, observations;
} map_head;

void map_head_encode(omma_byte_list *b, const map_head *h);
/** @return OMMA_OK (given: map_head_finish); OMMA_FORMAT. */
omma_error map_head_decode(map_head *h, omma_byte_reader *r);
/** Its two words alone, as a journal begins with them. */
omma_error map_words_decode(map_head *h, omma_byte_reader *r);
void map_head_finish(map_head *h);

void keyframe_encode(omma_byte_list *b, const omma_map_keyframe *k);
/** name: given, may be NULL. @return OMMA_OK; OMMA_FORMAT (nothing given). */
omma_error keyframe_decode(omma_map_keyframe *k, char **name, omma_byte_reader *r);

void frame_encode(omma_byte_list *b, const omma_view *v);
omma_error frame_decode(omma_view *v, omma_byte_reader *r);

/** The same from memory that omma_map_open does (remembered: omma_map_open_remembered) from a file;
 * name is for messages. */
omma_error map_file_parse(omma_map **out, const void *data, size_t size, const char *name,
                          size_t max_bytes, omma_map_salvage *salvage);
omma_error map_file_parse_remembered(omma_map **out, const void *data, size_t size,
                                     const char *name, size_t max_bytes);
