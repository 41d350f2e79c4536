/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

omma_frame *omma_frame_create_empty(void)
{
    omma_frame *f = omma_new(omma_frame);
    f->references = 1;
    return f;
}

omma_error omma_frame_create(omma_frame **out, omma_format format, int width, int height)
{
    size_t offset[OMMA_MAX_PLANES], bytes = 0;
    int planes = omma_format_planes(format);

    if (planes == 0)
        return omma_fail(OMMA_INVALID, "a frame needs a format, not %d", (int)format);
    if (width < 1 || height < 1 || width > FRAME_MAX_SIZE || height > FRAME_MAX_SIZE)
        return omma_fail(OMMA_INVALID, "a frame of %d x %d px: sizes are 1 to %d", width, height,
                         FRAME_MAX_SIZE);
    omma_frame *f = omma_frame_create_empty();
    f->format = format;
    f->width = width;
    f->height = height;
    for (int i = 0; i < planes; i++) {
        int row = omma_format_plane_width(format, i, width) * omma_format_sample_bytes(format, i);
        f->stride[i] = (row + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        offset[i] = bytes;
        bytes += (size_t)f->stride[i] * (size_t)omma_format_plane_height(format, i, height);
    }
    omma_error err = omma_buffer_create(&f->buffer[0], bytes); /* one for all planes */
    if (err) {
        omma_frame_unref(&f);
        return err;
    }
    for (int i = 0; i < planes; i++)
        f->plane[i] = (uint8_t *)f->buffer[0]->data + offset[i];
    *out = f;
    return OMMA_OK;
}

omma_frame *omma_frame_ref(omma_frame *f)
{
    if (f) {
        int before = __atomic_fetch_add(&f->references, 1, __ATOMIC_RELAXED);
        assert(before > 0);
        (void)before;
    }
    return f;
}

void omma_frame_unref(omma_frame **frame)
{
    if (!frame || !*frame)
        return;
    omma_frame *f = *frame;
    *frame = NULL;
    int before = __atomic_fetch_sub(&f->references, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before != 1)
        return;
    if (f->pool)
        pool_take_back(f->pool, f);
    else
        frame_free(f);
}

void omma_frame_set_name(omma_frame *f, const char *name)
{
    char *copy = name ? omma_text("%s", name) : NULL; /* first: name may be f->name */
    free((char *)f->name);
    f->name = copy;
}

void frame_clear_side_data(omma_frame *f)
{
    omma_frame_set_name(f, NULL);
    if (f->truth)
        omma_buffer_unref(&f->truth->depth);
    free(f->truth);
    f->truth = NULL;
    f->time_ns = 0;
    f->index = 0;
}

void frame_free(omma_frame *f)
{
    frame_clear_side_data(f);
    for (int i = 0; i < OMMA_MAX_PLANES; i++)
        omma_buffer_unref(&f->buffer[i]);
    free(f);
}

omma_error frame_check(const omma_frame *f, const char *what)
{
    int planes = f ? omma_format_planes(f->format) : 0;

    if (planes == 0)
        return omma_fail(OMMA_INVALID, "%s: a frame without a format", what);
    if (f->width < 1 || f->height < 1 || f->width > FRAME_MAX_SIZE || f->height > FRAME_MAX_SIZE)
        return omma_fail(OMMA_INVALID, "%s: a frame of %d x %d px", what, f->width, f->height);
    for (int i = 0; i < planes; i++) {
        int row = omma_format_plane_width(f->format, i, f->width) *
                  omma_format_sample_bytes(f->format, i);
        if (!f->plane[i] || abs(f->stride[i]) < row)
            return omma_fail(OMMA_INVALID, "%s: a frame without pixels", what);
    }
    return OMMA_OK;
}

void frame_copy_rows(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int bytes,
                     int rows)
{
    for (int y = 0; y < rows; y++)
        memcpy(to + (ptrdiff_t)to_stride * y, from + (ptrdiff_t)from_stride * y, (size_t)bytes);
}
