/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of map.omma. Poses are written as the doubles they are, so that a map opened again
 * exports the same bytes. What comes back is checked as if somebody had made it up.
 */
#include "map_file.h"

#include <inttypes.h>
#include <math.h>
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
    case PART_KEYFRAMES:
        return "keyframes";
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

omma_error map_head_decode(map_head *h, omma_byte_reader *r)
{
    h->writer = omma_read_text(r);
    h->unit = omma_read_text(r);
    h->submap = omma_read_u32(r);
    h->frames = omma_read_u64(r);
    h->keyframes = omma_read_u64(r);
    h->points = omma_read_u64(r);
    h->observations = omma_read_u64(r);
    if (!r->bad && is_word(h->writer, 0) && is_word(h->unit, 1))
        return OMMA_OK;
    map_head_finish(h);
    return omma_fail(OMMA_FORMAT, "its unit or version is not a word");
}

void map_head_finish(map_head *h)
{
    free(h->writer);
    free(h->unit);
    *h = (map_head){0};
}

/* ------------------------------------------------------------------------------- poses */

static void put_doubles(omma_byte_list *b, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        omma_bytes_f64(b, values[i]);
}

static void read_doubles(omma_byte_reader *r, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = omma_read_f64(r);
}

static void put_sim3(omma_byte_list *b, const omma_sim3 *S)
{
    put_doubles(b, S->R, 9);
    put_doubles(b, S->t, 3);
    omma_bytes_f64(b, S->s);
}

static omma_sim3 read_sim3(omma_byte_reader *r)
{
    omma_sim3 S;

    read_doubles(r, S.R, 9);
    read_doubles(r, S.t, 3);
    S.s = omma_read_f64(r);
    return S;
}

/* R R^T = 1 with determinant 1, but for rounding; t finite. */
static bool is_rigid(const double R[9], const double t[3])
{
    const double det = R[0] * (R[4] * R[8] - R[5] * R[7]) - R[1] * (R[3] * R[8] - R[5] * R[6]) +
                       R[2] * (R[3] * R[7] - R[4] * R[6]);

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double dot =
                R[3 * i] * R[3 * k] + R[3 * i + 1] * R[3 * k + 1] + R[3 * i + 2] * R[3 * k + 2];

            if (!(fabs(dot - (i == k)) < 1e-6)) /* NaN too */
                return false;
        }
    return det > 0 && isfinite(t[0]) && isfinite(t[1]) && isfinite(t[2]);
}

static bool is_similarity(const omma_sim3 *S)
{
    return is_rigid(S->R, S->t) && isfinite(S->s) && S->s > 0;
}

/* --------------------------------------------------------------------------- keyframes */

void keyframe_encode(omma_byte_list *b, const omma_map_keyframe *k)
{
    const omma_camera *c = &k->camera;

    omma_bytes_u32(b, k->id);
    omma_bytes_u32(b, k->submap);
    omma_bytes_u64(b, k->frame_index);
    omma_bytes_u64(b, (uint64_t)k->time_ns);
    omma_bytes_u32(b, (uint32_t)c->model);
    omma_bytes_u32(b, (uint32_t)c->width);
    omma_bytes_u32(b, (uint32_t)c->height);
    put_doubles(b, (double[]){c->fx, c->fy, c->cx, c->cy}, 4);
    put_doubles(b, c->k, 5);
    put_sim3(b, &k->world_from_keyframe);
    omma_bytes_u8(b, k->name != NULL);
    omma_bytes_text(b, k->name);
}

static omma_error read_camera(omma_camera *c, omma_byte_reader *r)
{
    uint32_t model = omma_read_u32(r), width = omma_read_u32(r), height = omma_read_u32(r);
    double lens[4];

    *c = (omma_camera){.model = model == 0 ? OMMA_CAMERA_PINHOLE : OMMA_CAMERA_FISHEYE};
    c->width = (int)width;
    c->height = (int)height;
    read_doubles(r, lens, 4);
    read_doubles(r, c->k, 5);
    c->fx = lens[0];
    c->fy = lens[1];
    c->cx = lens[2];
    c->cy = lens[3];
    if (r->bad)
        return omma_fail(OMMA_FORMAT, "it ends within a camera");
    if (model > 1 || width > 1 << 20 || height > 1 << 20)
        return omma_fail(OMMA_FORMAT, "camera model %" PRIu32 " of %" PRIu32 " x %" PRIu32 " px",
                         model, width, height);
    return omma_camera_check(c) ? OMMA_FORMAT : OMMA_OK;
}

omma_error keyframe_decode(omma_map_keyframe *k, char **name, omma_byte_reader *r)
{
    *k = (omma_map_keyframe){0};
    k->id = omma_read_u32(r);
    k->submap = omma_read_u32(r);
    k->frame_index = omma_read_u64(r);
    k->time_ns = (int64_t)omma_read_u64(r);
    omma_error err = read_camera(&k->camera, r);
    if (err)
        return err;
    k->world_from_keyframe = read_sim3(r);
    uint8_t named = omma_read_u8(r);
    char *text = omma_read_text(r);

    if (r->bad)
        err = omma_fail(OMMA_FORMAT, "it ends within a keyframe");
    else if (named > 1 || (!named && text[0]))
        err = omma_fail(OMMA_FORMAT, "the name of keyframe %" PRIu32 " is none", k->id);
    else if (!is_similarity(&k->world_from_keyframe))
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
    put_doubles(b, v->keyframe_from_camera.R, 9);
    put_doubles(b, v->keyframe_from_camera.t, 3);
    put_sim3(b, &v->world_from_keyframe);
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
    if (v->has_pose) {
        read_doubles(r, v->keyframe_from_camera.R, 9);
        read_doubles(r, v->keyframe_from_camera.t, 3);
        v->world_from_keyframe = read_sim3(r);
    }
    if (r->bad)
        return omma_fail(OMMA_FORMAT, "it ends within a frame");
    if (status > OMMA_STATUS_RELOCALISED || posed > 1)
        return omma_fail(OMMA_FORMAT, "the status of frame %" PRIu64 " is none", v->frame_index);
    if (!is_rigid(v->keyframe_from_camera.R, v->keyframe_from_camera.t) ||
        !is_similarity(&v->world_from_keyframe))
        return omma_fail(OMMA_FORMAT, "the pose of frame %" PRIu64 " is none", v->frame_index);
    return OMMA_OK;
}
