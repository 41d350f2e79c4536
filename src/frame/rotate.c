/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_private.h"

#include <string.h>

#define TILE                                                                                       \
    32 /* samples; a tile of rows in and a tile of columns out stay in the cache together */

typedef struct turn {
    const uint8_t *from; /* sample that goes to (0, 0) */
    ptrdiff_t dx, dy;    /* bytes in from per column and per row of to */
} turn;

static turn turn_of(const omma_frame *from, int plane, int degrees)
{
    int sample = omma_format_sample_bytes(from->format, plane);
    int last_x = omma_format_plane_width(from->format, plane, from->width) - 1;
    int last_y = omma_format_plane_height(from->format, plane, from->height) - 1;
    ptrdiff_t stride = from->stride[plane];
    const uint8_t *left = from->plane[plane], *right = left + (ptrdiff_t)last_x * sample;

    switch (degrees) {
    case 90:
        return (turn){left + last_y * stride, -stride, sample};
    case 180:
        return (turn){right + last_y * stride, -sample, -stride};
    case 270:
        return (turn){right, stride, -sample};
    default:
        return (turn){left, sample, stride};
    }
}

static inline void copy_tile(uint8_t *to, ptrdiff_t stride, const turn *t, const uint8_t *from,
                             int columns, int rows, size_t sample)
{
    for (int y = 0; y < rows; y++) {
        uint8_t *out = to + stride * y;
        const uint8_t *in = from + t->dy * y;
        for (int x = 0; x < columns; x++, out += sample, in += t->dx)
            memcpy(out, in, sample);
    }
}

/* A constant sample size makes each memcpy one move. */
static void turn_tile(uint8_t *to, ptrdiff_t stride, const turn *t, const uint8_t *from,
                      int columns, int rows, int sample)
{
    switch (sample) {
    case 1:
        copy_tile(to, stride, t, from, columns, rows, 1);
        break;
    case 2:
        copy_tile(to, stride, t, from, columns, rows, 2);
        break;
    case 3:
        copy_tile(to, stride, t, from, columns, rows, 3);
        break;
    default:
        copy_tile(to, stride, t, from, columns, rows, 4);
        break;
    }
}

static void rotate_plane(omma_frame *to, const omma_frame *from, int plane, int degrees)
{
    int width = omma_format_plane_width(to->format, plane, to->width);
    int height = omma_format_plane_height(to->format, plane, to->height);
    int sample = omma_format_sample_bytes(to->format, plane);
    turn t = turn_of(from, plane, degrees);

    for (int y = 0; y < height; y += TILE)
        for (int x = 0; x < width; x += TILE)
            turn_tile(frame_row(to, plane, y) + x * sample, to->stride[plane], &t,
                      t.from + x * t.dx + y * t.dy, x + TILE < width ? TILE : width - x,
                      y + TILE < height ? TILE : height - y, sample);
}

omma_error omma_frame_rotate(omma_frame *to, const omma_frame *from, int degrees_clockwise)
{
    omma_error err = frame_check(from, "rotate from");
    bool swaps = degrees_clockwise == 90 || degrees_clockwise == 270;

    if (!err)
        err = frame_check(to, "rotate to");
    if (err)
        return err;
    if (!swaps && degrees_clockwise != 0 && degrees_clockwise != 180)
        return omma_fail(OMMA_INVALID, "rotate by %d degrees: 0, 90, 180 or 270 are possible",
                         degrees_clockwise);
    if (to->format != from->format || to->width != (swaps ? from->height : from->width) ||
        to->height != (swaps ? from->width : from->height))
        return omma_fail(OMMA_INVALID,
                         "rotate %s of %d x %d px by %d degrees into %s of %d x %d px",
                         omma_format_name(from->format), from->width, from->height,
                         degrees_clockwise, omma_format_name(to->format), to->width, to->height);
    to->limited_range = from->limited_range;
    to->matrix = from->matrix;
    for (int plane = 0; plane < omma_format_planes(to->format); plane++)
        rotate_plane(to, from, plane, degrees_clockwise);
    return OMMA_OK;
}
