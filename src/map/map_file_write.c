/* SPDX-License-Identifier: Apache-2.0 */
/* A map into map.omma: part after part, and an index of them in the last. */
#include "map_depth.h"
#include "map_file.h"
#include "map_inside.h"

#include <string.h>

static void put(part_writer *w, const void *data, size_t n)
{
    if (w->file)
        omma_file_write(w->file, data, n);
    else
        omma_bytes_put(&w->memory, data, n);
    w->at += n;
}

void part_write(part_writer *w, part_type type, uint32_t number, const void *data, size_t n)
{
    static const uint8_t zeros[PART_ALIGN];
    map_part p = {type, number, omma_crc32c(0, data, n), n};
    uint8_t header[PART_HEADER];

    if (type != PART_END) {
        omma_bytes_u32(&w->index, type);
        omma_bytes_u32(&w->index, number);
        omma_bytes_u64(&w->index, w->at);
    }
    part_encode(&p, header);
    put(w, header, sizeof header);
    put(w, data, n);
    put(w, zeros, part_padding(&p));
}

void part_write_begin(part_writer *w)
{
    omma_byte_list b = {0};

    omma_bytes_put(&b, MAP_FILE_MAGIC, MAP_MAGIC_BYTES);
    omma_bytes_u32(&b, MAP_FILE_VERSION);
    omma_bytes_u32(&b, omma_crc32c(0, b.at, b.count));
    put(w, b.at, b.count);
    omma_bytes_finish(&b);
}

void part_writer_finish(part_writer *w)
{
    omma_bytes_finish(&w->memory);
    omma_bytes_finish(&w->index);
}

static void write_head(part_writer *w, const omma_map *m, part_type type)
{
    omma_byte_list b = {0};
    char *writer = omma_text("%s", omma_version()), *unit = omma_text("%s", omma_map_unit(m));
    map_head h = {.writer = writer,
                  .unit = unit,
                  .submap = omma_map_main_submap(m),
                  .frames = omma_map_frame_count(m),
                  .keyframes = omma_map_keyframe_count(m),
                  .points = omma_map_point_count(m),
                  .observations = omma_map_observation_count(m)};

    map_head_encode(&b, &h);
    part_write(w, type, 0, b.at, b.count);
    map_head_finish(&h);
    omma_bytes_finish(&b);
}

/* Closes a list of records when it is long enough, or at the end. */
static void write_list(part_writer *w, part_type type, uint32_t *number, omma_byte_list *b)
{
    if (b->count == 0)
        return;
    part_write(w, type, (*number)++, b->at, b->count);
    b->count = 0;
}

static void write_keyframes(part_writer *w, const omma_map *m, part_type type)
{
    omma_byte_list b = {0};
    uint32_t number = 0;

    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        keyframe_encode(&b, &k);
        if ((i + 1) % KEYFRAMES_IN_PART == 0)
            write_list(w, type, &number, &b);
    }
    write_list(w, type, &number, &b);
    omma_bytes_finish(&b);
}

static void write_frames(part_writer *w, const omma_map *m)
{
    omma_byte_list b = {0};
    uint32_t number = 0;

    for (size_t i = 0; i < omma_map_frame_count(m); i++) {
        omma_view v = map_frame_view(m, i);

        frame_encode(&b, &v);
        if ((i + 1) % FRAMES_IN_PART == 0)
            write_list(w, PART_FRAMES, &number, &b);
    }
    write_list(w, PART_FRAMES, &number, &b);
    omma_bytes_finish(&b);
}

static void put_point(omma_byte_list *b, const omma_map_point *p, size_t sights)
{
    for (int k = 0; k < 3; k++)
        omma_bytes_f64(b, p->world[k]);
    omma_bytes_put(b, p->rgb, 3);
    omma_bytes_u8(b, 0);
    omma_bytes_u32(b, p->submap);
    omma_bytes_f32(b, p->error_px);
    omma_bytes_u32(b, (uint32_t)sights);
}

/* Each point is followed by where it was seen. */
void part_write_points(part_writer *w, const omma_map *m)
{
    const omma_map_point *points = omma_map_get_points(m);
    const omma_map_observation *o = omma_map_get_observations(m);
    size_t at = 0, end = omma_map_observation_count(m);
    omma_byte_list b = {0};
    uint32_t number = 0;

    for (size_t i = 0; i < omma_map_point_count(m); i++) {
        size_t first = at;

        while (at < end && o[at].point == i)
            at++;
        put_point(&b, &points[i], at - first);
        for (size_t k = first; k < at; k++) {
            omma_bytes_u32(&b, o[k].keyframe);
            omma_bytes_f32(&b, o[k].px[0]);
            omma_bytes_f32(&b, o[k].px[1]);
        }
        if ((i + 1) % POINTS_IN_PART == 0)
            write_list(w, PART_POINTS, &number, &b);
    }
    write_list(w, PART_POINTS, &number, &b);
    omma_bytes_finish(&b);
}

/* Without a keyframe's camera and pose its pixels are worth nothing, so what is small and much
 * hangs on stands twice, the second time far from the first but before the pixels. */
static void write_copies(part_writer *w, const omma_map *m)
{
    write_head(w, m, PART_HEAD_AGAIN);
    write_keyframes(w, m, PART_KEYFRAMES_AGAIN);
}

/* Picture and depth of each keyframe. */
omma_error part_write_pixels(part_writer *w, const omma_map *m)
{
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);
        omma_buffer *depth = NULL;
        omma_error err = map_get_depth_blob(m, i, &depth);

        if (err)
            return err;
        if (k.jpeg)
            part_write(w, PART_PICTURE, k.id, k.jpeg->data, k.jpeg->bytes);
        if (depth)
            part_write(w, PART_DEPTH, k.id, depth->data, depth->bytes);
        omma_buffer_unref(&depth);
    }
    return OMMA_OK;
}

void part_write_memory(part_writer *w, const omma_map *m)
{
    const omma_buffer *memory = map_memory_blob(m);

    if (memory)
        part_write(w, PART_MEMORY, 0, memory->data, memory->bytes);
}

void part_write_map(part_writer *w, const omma_map *m)
{
    write_keyframes(w, m, PART_KEYFRAMES);
    write_frames(w, m);
    part_write_points(w, m);
    part_write_memory(w, m);
}

omma_error omma_map_save(const omma_map *m, const char *path, const omma_export_options *o)
{
    part_writer w = {0};
    omma_error err = omma_file_create(&w.file, path, o && o->replace);

    if (err)
        return err;
    part_write_begin(&w);
    write_head(&w, m, PART_HEAD);
    part_write_map(&w, m);
    write_copies(&w, m);
    err = part_write_pixels(&w, m);
    part_write(&w, PART_END, 0, w.index.at, w.index.count);
    part_writer_finish(&w);
    if (err)
        omma_file_abort(&w.file);
    return err ? err : omma_file_commit(&w.file);
}
