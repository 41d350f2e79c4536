/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of frame share. */
#pragma once

#include <omma/frame.h>

#define FRAME_MAX_SIZE 16384 /* px; every row fits the row buffers on the stack */

/* OMMA_INVALID unless f has a known format, a size in 1..FRAME_MAX_SIZE and all its planes. */
omma_error frame_check(const omma_frame *f, const char *what);

/* Clears time, index, name and truth. */
void frame_clear_side_data(omma_frame *f);
/* Releases all, whoever counts references. */
void frame_free(omma_frame *f);

/* Taken: recycles f, or frees it when the pool is gone. */
void pool_take_back(omma_pool *p, omma_frame *f);

/* Copies rows of bytes between planes of any stride. */
void frame_copy_rows(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int bytes,
                     int rows);

static inline uint8_t *frame_row(const omma_frame *f, int plane, int y)
{
    return f->plane[plane] + (ptrdiff_t)f->stride[plane] * y;
}

/* Without a branch, for noise and edges are not predictable: ~(x >> 31) is 0 below 0. */
static inline uint8_t clamp_u8(int x)
{
    x &= ~(x >> 31);
    return (uint8_t)(x | ((255 - x) >> 31));
}
