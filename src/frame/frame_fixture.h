/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of this module. */
#pragma once

#include <omma/frame.h>

#include "check.h"

static const omma_format all_formats[] = {OMMA_FORMAT_GRAY8, OMMA_FORMAT_I420, OMMA_FORMAT_NV12,
                                          OMMA_FORMAT_RGB24, OMMA_FORMAT_RGBA32};
#define ALL_FORMATS (sizeof(all_formats) / sizeof(all_formats[0]))

static CHECK_UNUSED omma_frame *new_frame(omma_format format, int width, int height)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, format, width, height));
    if (!f)
        exit(1);
    return f;
}

static CHECK_UNUSED int row_bytes(const omma_frame *f, int plane)
{
    return omma_format_plane_width(f->format, plane, f->width) *
           omma_format_sample_bytes(f->format, plane);
}

static CHECK_UNUSED int rows_of(const omma_frame *f, int plane)
{
    return omma_format_plane_height(f->format, plane, f->height);
}

static CHECK_UNUSED uint8_t *row_at(const omma_frame *f, int plane, int y)
{
    return f->plane[plane] + (ptrdiff_t)f->stride[plane] * y;
}

static CHECK_UNUSED omma_frame *random_frame(omma_format format, int width, int height,
                                             uint64_t *seed)
{
    omma_frame *f = new_frame(format, width, height);
    for (int p = 0; p < omma_format_planes(format); p++)
        for (int y = 0; y < rows_of(f, p); y++)
            for (int x = 0; x < row_bytes(f, p); x++)
                row_at(f, p, y)[x] = (uint8_t)omma_random_u64(seed);
    return f;
}

static CHECK_UNUSED bool same_pixels(const omma_frame *a, const omma_frame *b)
{
    if (a->format != b->format || a->width != b->width || a->height != b->height)
        return false;
    for (int p = 0; p < omma_format_planes(a->format); p++)
        for (int y = 0; y < rows_of(a, p); y++)
            if (memcmp(row_at(a, p, y), row_at(b, p, y), (size_t)row_bytes(a, p)) != 0)
                return false;
    return true;
}
