/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_colors.h"

#include <string.h>

/* The rows of a picture without what is between them. */
static omma_buffer *bare_pixels(const omma_frame *rgb)
{
    size_t row = 3 * (size_t)rgb->width;
    omma_buffer *pixels;

    if (omma_buffer_create(&pixels, row * (size_t)rgb->height))
        return NULL;
    for (int y = 0; y < rgb->height; y++)
        memcpy((uint8_t *)pixels->data + (size_t)y * row,
               rgb->plane[0] + (ptrdiff_t)y * rgb->stride[0], row);
    return pixels;
}

omma_buffer *depth_colors(const omma_view *view, const omma_frame *picture)
{
    int width = view->depth_width, height = view->depth_height;
    omma_frame *rgb = NULL, *small = NULL;
    omma_buffer *pixels = NULL;

    if (view->depth && picture &&
        !omma_frame_create(&rgb, OMMA_FORMAT_RGB24, picture->width, picture->height) &&
        !omma_frame_convert(rgb, picture) &&
        !omma_frame_create(&small, OMMA_FORMAT_RGB24, width, height) &&
        !omma_frame_resize(small, rgb))
        pixels = bare_pixels(small);
    omma_frame_unref(&rgb);
    omma_frame_unref(&small);
    return pixels;
}
