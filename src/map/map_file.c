/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of map.omma. Poses are written as the doubles they are, so that a map opened again
 * exports the same bytes. What comes back is checked as if somebody had made it up.
 */
#include "map_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- parts */

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

void part_encode(const map_part *p, uint8_t to[PART_HEADER])
{
    memset(to, 0, PART_HEADER);
    memcpy(to, PART_MAGIC, 4);
    put_u32(to + 4, p->type);
    put_u32(to + 8, p->number);
    put_u32(to + 12, p->checksum);
    put_u32(to + 16, (uint32_t)p->length);
    put_u32(to + 20, (uint32_t)(p->length >> 32));
    put_u32(to + 28, omma_crc32c(0, to, 28));
}

bool part_decode(map_part *p, const uint8_t from[PART_HEADER])
{
    omma_byte_reader r = {.at = from + 4, .left = PART_HEADER - 4};

    if (memcmp(from, PART_MAGIC, 4) != 0)
        return false;
    p->type = omma_read_u32(&r);
    p->number = omma_read_u32(&r);
    p->checksum = omma_read_u32(&r);
    p->length = omma_read_u64(&r);
    return omma_read_u32(&r) == 0 && omma_read_u32(&r) == omma_crc32c(0, from, 28);
}

const char *part_name(const map_part *p, char text[48])
{
    char name[5] = {0};

    switch (p->type) {
    case PART_HEAD:
        return "head";
    case PART_END:
        return "end mark";
    case PART_PICTURE:
        snprintf(text, 48, "picture of keyframe %" PRIu32, p->number);
        return text;
    case PART_DEPTH:
        snprintf(text, 48, "depth of keyframe %" PRIu32, p->number);
        return text;
    case PART_MEMORY:
        return "memory of the tracker";
    case PART_JOURNAL:
        return "head of a journal";
    case PART_CHANGES:
        return "changes";
    case PART_COMMIT:
        return "commit";
    case PART_KEYFRAMES:
        return "keyframes";
    case PART_HEAD_AGAIN:
        return "copy of the head";
    case PART_KEYFRAMES_AGAIN:
        return "copy of keyframes";
    case PART_FRAMES:
        return "frames";
    case PART_POINTS:
        return "points";
    default:
        for (int i = 0; i < 4; i++) {
            name[i] = (char)(p->type >> (8 * i) & 0x7f);
            if (name[i] < 32 || name[i] > 126)
                name[i] = '?';
        }
        snprintf(text, 48, "unknown part \"%s\"", name);
        return text;
    }
}

size_t part_padding(const map_part *p)
{
    return (size_t)(-p->length % PART_ALIGN);
}

/* ---------------------------------------------------------------------------- the head */

void map_head_encode(omma_byte_list *b, const map_head *h)
{
    omma_bytes_text(b, h->writer);
    omma_bytes_text(b, h->unit);
    omma_bytes_u32(b, h->submap);
    omma_bytes_u64(b, h->frames);
    omma_bytes_u64(b, h->keyframes);
    omma_bytes_u64(b, h->points);
    omma_bytes_u64(b, h->observations);
}

/* Both texts go into the heads of other files. */
static bool is_word(const char *text, size_t least)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_");

    return text[n] == 0 && n >= least && n < 24;
}

omma_error map_words_decode(map_head *h, omma_byte_reader *r)
{
    h->writer = omma_read_text(r);
    h->unit = omma_read_text(r);
    if (!r->bad && is_word(h->writer, 0) && is_word(h->unit, 1))
        return OMMA_OK;
    map_head_finish(h);
    return omma_fail(OMMA_FORMAT, "its unit or version is not a word");
}

omma_error map_head_decode(map_head *h, omma_byte_reader *r)
{
    omma_error err = map_words_decode(h, r);

    if (err)
        return err;
    h->submap = omma_read_u32(r);
    h->frames = omma_read_u64(r);
    h->keyframes = omma_read_u64(r);
    h->points = omma_read_u64(r);
    h->observations = omma_read_u64(r);
    if (!r->bad)
        return OMMA_OK;
    map_head_finish(h);
    return omma_fail(OMMA_FORMAT, "it ends within the head");
}

void map_head_finish(map_head *h)
{
    free(h->writer);
    free(h->unit);
    *h = (map_head){0};
}

/* --------------------------------------------------------------------------- keyframes */

void keyframe_encode(omma_byte_list *b, const omma_map_keyframe *k)
{
    omma_bytes_u32(b, k->id);
    omma_bytes_u32(b, k->submap);
    omma_bytes_u64(b, k->frame_index);
    omma_bytes_u64(b, (uint64_t)k->time_ns);
    omma_camera_put(b, &k->camera);
    omma_sim3_put(b, &k->world_from_keyframe);
    omma_bytes_u8(b, k->name != NULL);
    omma_bytes_text(b, k->name);
}

omma_error keyframe_decode(omma_map_keyframe *k, char **name, omma_byte_reader *r)
{
    *k = (omma_map_keyframe){0};
    k->id = omma_read_u32(r);
    k->submap = omma_read_u32(r);
    k->frame_index = omma_read_u64(r);
    k->time_ns = (int64_t)omma_read_u64(r);
    omma_error err = omma_camera_take(&k->camera, r);
    if (err)
        return err;
    const bool posed = omma_sim3_take(&k->world_from_keyframe, r);
    uint8_t named = omma_read_u8(r);
    char *text = omma_read_text(r);

    if (r->bad)
        err = omma_fail(OMMA_FORMAT, "it ends within a keyframe");
    else if (named > 1 || (!named && text[0]))
        err = omma_fail(OMMA_FORMAT, "the name of keyframe %" PRIu32 " is none", k->id);
    else if (!posed)
        err = omma_fail(OMMA_FORMAT, "the pose of keyframe %" PRIu32 " is none", k->id);
    if (err || !named) {
        free(text);
        text = NULL;
    }
    *name = text;
    return err;
}

/* ------------------------------------------------------------------------------ frames */

void frame_encode(omma_byte_list *b, const omma_view *v)
{
    omma_bytes_u64(b, v->frame_index);
    omma_bytes_u64(b, (uint64_t)v->time_ns);
    omma_bytes_u8(b, (unsigned)v->status);
    omma_bytes_u8(b, v->has_pose);
    omma_bytes_u32(b, v->submap);
    omma_bytes_u32(b, v->keyframe);
    if (!v->has_pose)
        return;
    omma_se3_put(b, &v->keyframe_from_camera);
    omma_sim3_put(b, &v->world_from_keyframe);
}

omma_error frame_decode(omma_view *v, omma_byte_reader *r)
{
    *v = (omma_view){0};
    v->frame_index = omma_read_u64(r);
    v->time_ns = (int64_t)omma_read_u64(r);
    uint8_t status = omma_read_u8(r), posed = omma_read_u8(r);

    v->status = (omma_status)status;
    v->has_pose = posed == 1;
    v->submap = omma_read_u32(r);
    v->keyframe = omma_read_u32(r);
    v->keyframe_from_camera = omma_se3_identity();
    v->world_from_keyframe = omma_sim3_identity();
    bool is_pose = true;
    if (v->has_pose) {
        is_pose = omma_se3_take(&v->keyframe_from_camera, r);
        is_pose = omma_sim3_take(&v->world_from_keyframe, r) && is_pose;
    }
    if (r->bad)
        return omma_fail(OMMA_FORMAT, "it ends within a frame");
    if (status > OMMA_STATUS_RELOCALISED || posed > 1)
        return omma_fail(OMMA_FORMAT, "the status of frame %" PRIu64 " is none", v->frame_index);
    if (!is_pose)
        return omma_fail(OMMA_FORMAT, "the pose of frame %" PRIu64 " is none", v->frame_index);
    return OMMA_OK;
}
