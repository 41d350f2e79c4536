/* SPDX-License-Identifier: Apache-2.0 */
#include "map_changes.h"

#include "map_depth.h"
#include "map_file.h"
#include "map_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct omma_map_changes {
    part_writer parts;
    omma_byte_list records; /* not yet a part */
    uint32_t groups;
    omma_error err; /* the first */
};

/* ------------------------------------------------------------------------------------- writing */

static void close_records(omma_map_changes *c)
{
    if (c->records.count)
        part_write(&c->parts, PART_CHANGES, c->groups, c->records.at, c->records.count);
    c->records.count = 0;
}

/* The writer and the unit, as in the head of a map. */
static void write_head(omma_map_changes *c, const omma_map *m)
{
    omma_byte_list b = {0};

    omma_bytes_text(&b, omma_version());
    omma_bytes_text(&b, omma_map_unit(m));
    part_write(&c->parts, PART_JOURNAL, 0, b.at, b.count);
    omma_bytes_finish(&b);
}

omma_map_changes *omma_map_changes_create(const omma_map *m)
{
    omma_map_changes *c = omma_new(omma_map_changes);

    part_write_begin(&c->parts);
    write_head(c, m);
    part_write_map(&c->parts, m);
    c->err = part_write_pixels(&c->parts, m);
    return c;
}

void omma_map_changes_destroy(omma_map_changes **c)
{
    if (!c || !*c)
        return;
    part_writer_finish(&(*c)->parts);
    omma_bytes_finish(&(*c)->records);
    free(*c);
    *c = NULL;
}

void omma_map_changes_view(omma_map_changes *c, const omma_map *m, const omma_view *v)
{
    const bool is_keyframe = v->is_keyframe && v->has_pose;
    omma_buffer *depth = NULL;

    omma_bytes_u8(&c->records, CHANGE_VIEW);
    frame_encode(&c->records, v);
    omma_bytes_u8(&c->records, is_keyframe);
    if (!is_keyframe)
        return;
    omma_camera_put(&c->records, &v->camera);
    if (!v->depth)
        return;
    omma_error err = map_find_depth_blob(m, v->keyframe, &depth);
    if (depth) {
        close_records(c);
        part_write(&c->parts, PART_DEPTH, v->keyframe, depth->data, depth->bytes);
    }
    c->err = c->err ? c->err : err;
    omma_buffer_unref(&depth);
}

void omma_map_changes_correct(omma_map_changes *c, const omma_correction *correction)
{
    omma_bytes_u8(&c->records, CHANGE_CORRECTION);
    omma_bytes_u32(&c->records, correction->keyframe);
    omma_bytes_u32(&c->records, correction->submap);
    omma_sim3_put(&c->records, &correction->world_from_keyframe);
}

void omma_map_changes_remove(omma_map_changes *c, uint32_t keyframe)
{
    omma_bytes_u8(&c->records, CHANGE_REMOVAL);
    omma_bytes_u32(&c->records, keyframe);
}

void omma_map_changes_picture(omma_map_changes *c, uint32_t keyframe, const omma_buffer *jpeg,
                              const char *name)
{
    if (name) {
        omma_bytes_u8(&c->records, CHANGE_NAME);
        omma_bytes_u32(&c->records, keyframe);
        omma_bytes_text(&c->records, name);
    }
    if (!jpeg)
        return;
    close_records(c);
    part_write(&c->parts, PART_PICTURE, keyframe, jpeg->data, jpeg->bytes);
}

void omma_map_changes_checkpoint(omma_map_changes *c, const omma_map *m)
{
    close_records(c);
    part_write_points(&c->parts, m);
    part_write_memory(&c->parts, m);
}

size_t omma_map_changes_bytes(const omma_map_changes *c)
{
    return c->parts.memory.count + c->records.count;
}

omma_error omma_map_changes_take(omma_map_changes *c, omma_buffer **out)
{
    omma_buffer *b = NULL;

    close_records(c);
    part_write(&c->parts, PART_COMMIT, c->groups++, NULL, 0);
    omma_error err = c->err ? c->err : omma_buffer_create(&b, c->parts.memory.count);
    if (err)
        return err;
    memcpy(b->data, c->parts.memory.at, b->bytes);
    omma_bytes_finish(&c->parts.memory); /* a map it began with may have been large */
    c->parts.index.count = 0;
    *out = b;
    return OMMA_OK;
}

/* ------------------------------------------------------------------------------------- reading */

static omma_error apply_view(omma_map *m, omma_byte_reader *r)
{
    omma_view v;
    omma_error err = frame_decode(&v, r);

    if (err)
        return err;
    uint8_t is_keyframe = omma_read_u8(r);
    if (r->bad || is_keyframe > 1 || (is_keyframe && !v.has_pose))
        return omma_fail(OMMA_FORMAT, "frame %" PRIu64 " is no keyframe", v.frame_index);
    v.is_keyframe = is_keyframe;
    if (is_keyframe)
        err = omma_camera_take(&v.camera, r);
    if (!err && !map_may_add(m, &v))
        err = omma_fail(OMMA_FORMAT, "frame %" PRIu64 " is not in the order of frames",
                        v.frame_index);
    if (!err)
        omma_map_add_view(m, &v);
    return err;
}

static omma_error apply_correction(omma_map *m, omma_byte_reader *r)
{
    omma_correction c = {.keyframe = omma_read_u32(r), .submap = omma_read_u32(r)};

    if (!omma_sim3_take(&c.world_from_keyframe, r))
        return omma_fail(OMMA_FORMAT, "the pose of keyframe %" PRIu32 " is none", c.keyframe);
    omma_map_correct(m, &c);
    return OMMA_OK;
}

static omma_error apply_removal(omma_map *m, omma_byte_reader *r)
{
    uint32_t keyframe = omma_read_u32(r);

    if (r->bad)
        return omma_fail(OMMA_FORMAT, "it ends within a removal");
    omma_map_remove_keyframe(m, keyframe);
    return OMMA_OK;
}

static omma_error apply_name(omma_map *m, omma_byte_reader *r)
{
    uint32_t keyframe = omma_read_u32(r);
    char *name = omma_read_text(r);
    omma_error err = r->bad ? omma_fail(OMMA_FORMAT, "it ends within a name") : OMMA_OK;

    if (!err)
        omma_map_set_picture(m, keyframe, NULL, name);
    free(name);
    return err;
}

omma_error changes_apply(omma_map *m, omma_byte_reader *r)
{
    omma_error err = OMMA_OK;

    while (!err && r->left > 0) {
        uint8_t kind = omma_read_u8(r);
        switch (kind) {
        case CHANGE_VIEW:
            err = apply_view(m, r);
            break;
        case CHANGE_CORRECTION:
            err = apply_correction(m, r);
            break;
        case CHANGE_REMOVAL:
            err = apply_removal(m, r);
            break;
        case CHANGE_NAME:
            err = apply_name(m, r);
            break;
        default:
            err = omma_fail(OMMA_FORMAT, "a change of the kind %d", kind);
        }
    }
    return err;
}
