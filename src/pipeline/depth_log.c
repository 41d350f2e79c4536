/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct entry {
    uint64_t frame;
    uint32_t keyframe;
    double unit; /* of the keyframe, per unit of the depth */
    int width, height;
    omma_camera camera;
    off_t offset;
} entry;

struct depth_log {
    FILE *file;
    entry *entries; /* by frame */
    size_t count, capacity;
    off_t end;
};

depth_log *depth_log_create(void)
{
    const int fd = omma_file_nameless();
    FILE *file = fd >= 0 ? fdopen(fd, "w+b") : NULL;
    if (!file) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    depth_log *l = omma_new(depth_log);
    l->file = file;
    return l;
}

void depth_log_destroy(depth_log **l)
{
    if (!*l)
        return;
    fclose((*l)->file);
    free((*l)->entries);
    free(*l);
    *l = NULL;
}

/* Frames come nearly in order. */
static entry *entry_of(depth_log *l, uint64_t frame)
{
    size_t i = l->count;

    while (i > 0 && l->entries[i - 1].frame >= frame)
        i--;
    if (i == l->count || l->entries[i].frame != frame) {
        omma_grow((void **)&l->entries, &l->capacity, l->count + 1, sizeof(entry));
        memmove(l->entries + i + 1, l->entries + i, (l->count++ - i) * sizeof(entry));
        l->entries[i] = (entry){.frame = frame};
    }
    return &l->entries[i];
}

static size_t grid_bytes(int width, int height)
{
    return (size_t)width * (size_t)height * sizeof(float);
}

omma_error depth_log_add(depth_log *l, const omma_view *v)
{
    const size_t bytes = grid_bytes(v->depth_width, v->depth_height);
    const void *error = v->depth_error ? v->depth_error->data : NULL;
    const void *const part[] = {v->depth->data, error};

    if (fseeko(l->file, l->end, SEEK_SET) != 0)
        return omma_fail_errno("cannot use the temporary file for depth");
    for (int i = 0; i < 2; i++) {
        float *zeros = part[i] ? NULL : omma_new_array(float, bytes / sizeof(float));
        const size_t written = fwrite(part[i] ? part[i] : zeros, 1, bytes, l->file);
        free(zeros);
        if (written != bytes)
            return omma_fail_errno("cannot keep depth in a temporary file ($TMPDIR)");
    }
    *entry_of(l, v->frame_index) = (entry){.frame = v->frame_index,
                                           .keyframe = v->keyframe,
                                           .unit = 1,
                                           .width = v->depth_width,
                                           .height = v->depth_height,
                                           .camera = v->camera,
                                           .offset = l->end};
    l->end += 2 * (off_t)bytes;
    return OMMA_OK;
}

size_t depth_log_count(const depth_log *l)
{
    return l->count;
}

/* World units per unit of the keyframe; 1 when it is no more. */
static double unit_of(const omma_map *m, uint32_t keyframe)
{
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);
        if (k.id == keyframe)
            return k.world_from_keyframe.s;
    }
    return 1;
}

void depth_log_rehang(depth_log *l, const omma_map *m, const omma_view *v)
{
    size_t i = l->count;

    while (i > 0 && l->entries[i - 1].frame > v->frame_index)
        i--;
    entry *e = i > 0 ? &l->entries[i - 1] : NULL;
    if (!e || e->frame != v->frame_index || !v->has_pose || e->keyframe == v->keyframe)
        return;
    e->unit *= unit_of(m, e->keyframe) / v->world_from_keyframe.s;
    e->keyframe = v->keyframe;
}

static omma_error write_entry(const depth_log *l, const entry *e, double unit, const char *folder,
                              omma_depth_format format, const omma_export_options *o)
{
    const size_t bytes = grid_bytes(e->width, e->height);
    omma_depth_map d = {.width = e->width,
                        .height = e->height,
                        .depth = omma_new_array(float, bytes / sizeof(float)),
                        .error = omma_new_array(float, bytes / sizeof(float))};
    omma_error err = OMMA_OK;

    if (fseeko(l->file, e->offset, SEEK_SET) != 0 || fread(d.depth, 1, bytes, l->file) != bytes ||
        fread(d.error, 1, bytes, l->file) != bytes)
        err = omma_fail_errno("cannot read depth back from the temporary file");
    for (size_t i = 0; !err && i < bytes / sizeof(float); i++)
        d.depth[i] *= (float)unit;
    omma_depth_map_keep_sure(&d);
    if (!err)
        err = omma_depth_write(&d, &e->camera, folder, e->frame, format, o);
    omma_depth_map_finish(&d);
    return err;
}

omma_error depth_log_write(const depth_log *l, const omma_map *m, const char *folder,
                           omma_depth_format format, const omma_export_options *o)
{
    omma_error err = omma_make_folder(folder);

    for (size_t i = 0; !err && i < l->count; i++)
        err =
            write_entry(l, &l->entries[i], l->entries[i].unit * unit_of(m, l->entries[i].keyframe),
                        folder, format, o);
    return err;
}
