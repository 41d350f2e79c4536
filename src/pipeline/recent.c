/* SPDX-License-Identifier: Apache-2.0 */
#include "recent.h"

#include <omma/media.h>

#include <stdlib.h>
#include <string.h>

#define MOST_FRAMES  40
#define LEAST_FRAMES 8
#define MOST_BYTES   (96u << 20) /* of the pixels of whole frames */
#define MOST_ENTRIES 400         /* whole frames and JPEGs together */

typedef struct entry {
    uint64_t index;
    omma_frame *frame; /* NULL: only the JPEG is left */
    omma_buffer *jpeg;
    char *name;
    bool posed;
} entry;

struct recent_frames {
    entry entries[MOST_ENTRIES + 1]; /* oldest first */
    size_t count, whole;             /* whole: how many of the newest still have their frame */
};

recent_frames *recent_create(void)
{
    return omma_new(recent_frames);
}

static void release(entry *e)
{
    omma_frame_unref(&e->frame);
    omma_buffer_unref(&e->jpeg);
    free(e->name);
}

void recent_destroy(recent_frames **r)
{
    if (!r || !*r)
        return;
    for (size_t i = 0; i < (*r)->count; i++)
        release(&(*r)->entries[i]);
    free(*r);
    *r = NULL;
}

static void drop(recent_frames *r, size_t i)
{
    release(&r->entries[i]);
    memmove(&r->entries[i], &r->entries[i + 1], (r->count - i - 1) * sizeof(entry));
    r->count--;
}

static size_t pixel_bytes(const omma_frame *f)
{
    size_t bytes = 1;
    for (int p = 0; p < omma_format_planes(f->format); p++)
        bytes += (size_t)f->stride[p] * (size_t)omma_format_plane_height(f->format, p, f->height);
    return bytes;
}

static size_t whole_frames_allowed(const omma_frame *f)
{
    size_t n = MOST_BYTES / pixel_bytes(f);
    return n > MOST_FRAMES ? MOST_FRAMES : n < LEAST_FRAMES ? LEAST_FRAMES : n;
}

/* The oldest whole frame becomes a JPEG when it has no pose yet, and goes when it has. */
static void age_oldest(recent_frames *r)
{
    size_t i = r->count - r->whole;
    entry *e = &r->entries[i];

    r->whole--;
    if (e->posed || omma_image_encode_jpeg(&e->jpeg, e->frame, 0) != OMMA_OK)
        drop(r, i);
    else
        omma_frame_unref(&e->frame);
}

void recent_add(recent_frames *r, omma_frame *frame)
{
    while (r->whole && r->whole >= whole_frames_allowed(frame))
        age_oldest(r);
    if (r->count >= MOST_ENTRIES)
        drop(r, 0);
    r->entries[r->count++] = (entry){.index = frame->index,
                                     .frame = omma_frame_ref(frame),
                                     .name = frame->name ? strdup(frame->name) : NULL};
    r->whole++;
}

/* Indices grow, so a binary search would do; asked-for frames are nearly always the newest. */
static size_t find(const recent_frames *r, uint64_t index)
{
    for (size_t i = r->count; i-- > 0 && r->entries[i].index >= index;)
        if (r->entries[i].index == index)
            return i;
    return SIZE_MAX;
}

void recent_set_posed(recent_frames *r, uint64_t frame_index)
{
    size_t i = find(r, frame_index);
    if (i == SIZE_MAX)
        return;
    r->entries[i].posed = true;
    if (!r->entries[i].frame)
        drop(r, i);
}

const omma_frame *recent_frame(const recent_frames *r, uint64_t frame_index)
{
    size_t i = find(r, frame_index);
    return i == SIZE_MAX ? NULL : r->entries[i].frame;
}

omma_buffer *recent_jpeg(recent_frames *r, uint64_t frame_index, char **name)
{
    size_t i = find(r, frame_index);
    *name = NULL;
    if (i == SIZE_MAX)
        return NULL;
    entry *e = &r->entries[i];
    if (!e->jpeg && omma_image_encode_jpeg(&e->jpeg, e->frame, 0) != OMMA_OK)
        e->jpeg = NULL;
    *name = e->name ? strdup(e->name) : NULL;
    return omma_buffer_ref(e->jpeg);
}
