/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the parts of map.omma, into a map. Contents were told by their checksums to be
 * what somebody wrote; who that was, nobody knows. */
#include "map_file_take.h"

#include "map_changes.h"
#include "map_depth.h"
#include "map_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static omma_error take_head(map_taker *t, omma_byte_reader *r, bool is_copy)
{
    if (t->has_head || t->is_journal)
        return is_copy ? OMMA_OK : omma_fail(OMMA_FORMAT, "there is a second head");
    omma_error err = map_head_decode(&t->head, r);
    if (err)
        return err;
    t->has_head = true;
    omma_map_set_unit(t->map, t->head.unit);
    return OMMA_OK;
}

/* The first part of a journal, in the place of a head. */
static omma_error take_journal(map_taker *t, omma_byte_reader *r)
{
    if (t->has_head || t->is_journal)
        return omma_fail(OMMA_FORMAT, "there is a second head");
    omma_error err = map_words_decode(&t->head, r);
    if (err)
        return err;
    t->is_journal = true;
    omma_map_set_unit(t->map, t->head.unit);
    map_set_unfinished(t->map);
    return OMMA_OK;
}

static omma_error check_new(const omma_map *m, const omma_map_keyframe *k)
{
    size_t n = omma_map_keyframe_count(m);

    if (map_has_keyframe(m, k->id))
        return omma_fail(OMMA_FORMAT, "keyframe %" PRIu32 " is there twice", k->id);
    if (n > 0) {
        omma_map_keyframe last = omma_map_get_keyframe(m, n - 1);

        if (k->time_ns < last.time_ns)
            return omma_fail(OMMA_FORMAT, "keyframe %" PRIu32 " is not in the order of time",
                             k->id);
    }
    return OMMA_OK;
}

static void add_keyframe(omma_map *m, const omma_map_keyframe *k, const char *name)
{
    map_add_keyframe(m, &(omma_view){.frame_index = k->frame_index,
                                     .time_ns = k->time_ns,
                                     .status = OMMA_STATUS_TRACKING,
                                     .has_pose = true,
                                     .is_keyframe = true,
                                     .submap = k->submap,
                                     .keyframe = k->id,
                                     .keyframe_from_camera = omma_se3_identity(),
                                     .world_from_keyframe = k->world_from_keyframe,
                                     .camera = k->camera});
    omma_map_set_picture(m, k->id, NULL, name);
}

/* Of the copies those that were lost the first time, wherever in time they belong. */
static omma_error take_keyframes(map_taker *t, omma_byte_reader *r, bool are_copies)
{
    omma_error err = OMMA_OK;

    while (!err && r->left > 0) {
        omma_map_keyframe k;
        char *name = NULL;

        err = keyframe_decode(&k, &name, r);
        if (!err && !are_copies)
            err = check_new(t->map, &k);
        if (!err && !map_has_keyframe(t->map, k.id))
            add_keyframe(t->map, &k, name);
        free(name);
    }
    return err;
}

static omma_error take_frames(map_taker *t, omma_byte_reader *r)
{
    while (r->left > 0) {
        omma_view v;
        omma_error err = frame_decode(&v, r);

        if (err)
            return err;
        if (t->frames_full || v.frame_index < t->next_frame)
            return omma_fail(OMMA_FORMAT, "frame %" PRIu64 " is not in the order of frames",
                             v.frame_index);
        omma_map_add_view(t->map, &v);
        t->next_frame = v.frame_index + 1;
        t->frames_full = v.frame_index == UINT64_MAX;
    }
    return OMMA_OK;
}

static omma_error take_point(map_taker *t, omma_byte_reader *r)
{
    omma_map_point p;

    if (r->left < POINT_BYTES || t->point_count == UINT32_MAX)
        return omma_fail(OMMA_FORMAT, "it ends within a point");
    for (int k = 0; k < 3; k++)
        p.world[k] = omma_read_f64(r);
    for (int k = 0; k < 3; k++)
        p.rgb[k] = omma_read_u8(r);
    uint8_t zero = omma_read_u8(r);

    p.submap = omma_read_u32(r);
    p.error_px = omma_read_f32(r);
    uint32_t sights = omma_read_u32(r);

    if (zero || sights > r->left / OBSERVATION_BYTES)
        return omma_fail(OMMA_FORMAT, "a point with %" PRIu32 " sights in %zu bytes", sights,
                         r->left);
    omma_grow((void **)&t->points, &t->point_capacity, t->point_count + 1, sizeof p);
    omma_grow((void **)&t->observations, &t->observation_capacity, t->observation_count + sights,
              sizeof *t->observations);
    for (uint32_t i = 0; i < sights; i++) {
        omma_map_observation *o = &t->observations[t->observation_count++];

        o->keyframe = omma_read_u32(r);
        o->point = (uint32_t)t->point_count;
        o->px[0] = omma_read_f32(r);
        o->px[1] = omma_read_f32(r);
    }
    t->points[t->point_count++] = p;
    return OMMA_OK;
}

static omma_error take_points(map_taker *t, omma_byte_reader *r)
{
    omma_error err = OMMA_OK;

    while (!err && r->left > 0)
        err = take_point(t, r);
    return err;
}

/* Pixels of a keyframe that was lost go with it. */
static omma_error take_pixels(map_taker *t, const map_part *p, omma_buffer *content)
{
    if (!map_has_keyframe(t->map, p->number)) {
        t->orphans++;
        return t->salvages ? OMMA_OK : omma_fail(OMMA_FORMAT, "there is no such keyframe");
    }
    if (p->type == PART_DEPTH)
        return map_put_depth_blob(t->map, p->number, omma_buffer_ref(content));
    map_set_jpeg(t->map, p->number, omma_buffer_ref(content));
    return OMMA_OK;
}

static omma_error take_end(map_taker *t, const omma_buffer *content)
{
    if (content->bytes % INDEX_ENTRY)
        return omma_fail(OMMA_FORMAT, "its index is cut");
    t->has_end = true;
    t->indexed = content->bytes / INDEX_ENTRY;
    if (t->salvages ||
        (content->bytes == t->index.count &&
         (content->bytes == 0 || memcmp(content->data, t->index.at, content->bytes) == 0)))
        return OMMA_OK;
    return omma_fail(OMMA_FORMAT, "its index names other parts than there are");
}

omma_error map_taker_take(map_taker *t, const map_part *p, uint64_t at, omma_buffer *content)
{
    omma_byte_reader r = {.at = content->data, .left = content->bytes};
    omma_error err;

    switch (p->type) {
    case PART_HEAD:
    case PART_HEAD_AGAIN:
        err = take_head(t, &r, p->type == PART_HEAD_AGAIN);
        break;
    case PART_KEYFRAMES:
    case PART_KEYFRAMES_AGAIN:
        err = take_keyframes(t, &r, p->type == PART_KEYFRAMES_AGAIN);
        break;
    case PART_FRAMES:
        err = take_frames(t, &r);
        break;
    case PART_JOURNAL:
        err = take_journal(t, &r);
        break;
    case PART_CHANGES:
        err = t->is_journal ? changes_apply(t->map, &r)
                            : omma_fail(OMMA_FORMAT, "it belongs into a journal");
        break;
    case PART_POINTS:
        if (t->is_journal && p->number == 0) /* they take the place of those before */
            t->point_count = t->observation_count = 0;
        err = take_points(t, &r);
        break;
    case PART_PICTURE:
    case PART_DEPTH:
        err = take_pixels(t, p, content);
        break;
    case PART_MEMORY:
        map_set_memory_blob(t->map, omma_buffer_ref(content));
        err = OMMA_OK;
        break;
    case PART_END:
        err = take_end(t, content);
        break;
    default: /* of a later version that thought older ones could do without */
        err = OMMA_OK;
    }
    if (err)
        return err;
    t->taken++;
    if (p->type != PART_END) {
        omma_bytes_u32(&t->index, p->type);
        omma_bytes_u32(&t->index, p->number);
        omma_bytes_u64(&t->index, at);
    }
    return OMMA_OK;
}

omma_map *map_taker_finish(map_taker *t)
{
    omma_map *m = t->map;

    if (m)
        omma_map_set_points(m, t->points, t->point_count, t->observations, t->observation_count);
    map_head_finish(&t->head);
    omma_bytes_finish(&t->index);
    free(t->points);
    free(t->observations);
    *t = (map_taker){0};
    return m;
}
