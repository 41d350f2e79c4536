/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All levels live in one buffer. A level's rows start 64 bytes before pixel 0 (the 16 of the left
 * border, and the rest so that pixel 0 is aligned) and end at the next multiple of 64 behind the
 * right border:
 *
 *     | 48 unused | 16 border | width pixels | 16 border | up to 63 unused |
 */
#include "convert_private.h"
#include "frame_private.h"
#include "pyramid_private.h"

#include <string.h>

#define LEFT     64
#define BORDER   OMMA_PYRAMID_BORDER
#define SMALLEST 16 /* px */

void halve_row_scalar(uint8_t *to, const uint8_t *top, const uint8_t *bottom, int width)
{
    for (int x = 0; x < width; x++)
        to[x] =
            (uint8_t)((top[2 * x] + top[2 * x + 1] + bottom[2 * x] + bottom[2 * x + 1] + 2) >> 2);
}

void pyramid_kernels_init(pyramid_kernels *k, unsigned cpu)
{
    *k = (pyramid_kernels){.halve_row = halve_row_scalar};
    (void)cpu;
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        pyramid_kernels_avx2(k);
    if (cpu & OMMA_CPU_AVX512)
        pyramid_kernels_avx512(k);
#endif
}

static uint8_t *row_of(const omma_level *l, int y)
{
    return l->data + (ptrdiff_t)l->stride * y;
}

/* Fills sizes and strides; data is still an offset. Returns the bytes of all levels. */
static size_t plan(omma_pyramid *p, size_t offset[OMMA_MAX_LEVELS], int width, int height,
                   int levels)
{
    size_t bytes = 0;

    *p = (omma_pyramid){.levels = 0};
    while (p->levels < levels && width >= SMALLEST && height >= SMALLEST) {
        int stride = (LEFT + width + BORDER + 63) / 64 * 64;
        p->level[p->levels] = (omma_level){.width = width, .height = height, .stride = stride};
        offset[p->levels] = bytes + (size_t)stride * BORDER + LEFT;
        bytes += (size_t)stride * (size_t)(height + 2 * BORDER);
        p->levels++;
        width /= 2;
        height /= 2;
    }
    return bytes;
}

/* Keeps the old buffer when it fits and nobody else reads it. */
static omma_error allocate(omma_pyramid *p, int width, int height, int levels)
{
    size_t offset[OMMA_MAX_LEVELS];
    omma_pyramid fresh;
    size_t bytes = plan(&fresh, offset, width, height, levels);

    if (p->buffer && (p->buffer->bytes != bytes || !omma_buffer_is_unique(p->buffer)))
        omma_buffer_unref(&p->buffer);
    fresh.buffer = p->buffer;
    if (!fresh.buffer) {
        omma_error err = omma_buffer_create(&fresh.buffer, bytes);
        if (err) {
            *p = (omma_pyramid){.levels = 0};
            return err;
        }
        memset(fresh.buffer->data, 0, bytes); /* the unused parts of rows may be read by kernels */
    }
    for (int i = 0; i < fresh.levels; i++)
        fresh.level[i].data = (uint8_t *)fresh.buffer->data + offset[i];
    *p = fresh;
    return OMMA_OK;
}

static void fill_first_level(const omma_level *l, const omma_frame *f)
{
    convert_kernels k;

    convert_kernels_init(&k, omma_cpu_flags());
    for (int y = 0; y < l->height; y++) {
        if (f->format == OMMA_FORMAT_RGB24)
            k.gray_from_rgb(row_of(l, y), frame_row(f, 0, y), l->width);
        else if (f->format == OMMA_FORMAT_RGBA32)
            k.gray_from_rgba(row_of(l, y), frame_row(f, 0, y), l->width);
        else
            memcpy(row_of(l, y), frame_row(f, 0, y), (size_t)l->width);
    }
}

static void extend(const omma_level *l)
{
    size_t row = (size_t)l->width + 2 * BORDER;

    for (int y = 0; y < l->height; y++) {
        uint8_t *pixel = row_of(l, y);
        memset(pixel - BORDER, pixel[0], BORDER);
        memset(pixel + l->width, pixel[l->width - 1], BORDER);
    }
    for (int y = 1; y <= BORDER; y++) {
        memcpy(row_of(l, -y) - BORDER, row_of(l, 0) - BORDER, row);
        memcpy(row_of(l, l->height - 1 + y) - BORDER, row_of(l, l->height - 1) - BORDER, row);
    }
}

omma_error omma_pyramid_build(omma_pyramid *p, const omma_frame *f, int levels)
{
    pyramid_kernels k;
    omma_error err = frame_check(f, "pyramid");

    if (err)
        return err;
    if (f->width < SMALLEST || f->height < SMALLEST)
        return omma_fail(OMMA_INVALID, "a pyramid of %d x %d px: at least %d x %d are needed",
                         f->width, f->height, SMALLEST, SMALLEST);
    levels = levels < 1 ? 1 : levels > OMMA_MAX_LEVELS ? OMMA_MAX_LEVELS : levels;
    err = allocate(p, f->width, f->height, levels);
    if (err)
        return err;

    pyramid_kernels_init(&k, omma_cpu_flags());
    fill_first_level(&p->level[0], f);
    extend(&p->level[0]);
    for (int i = 1; i < p->levels; i++) {
        const omma_level *from = &p->level[i - 1], *to = &p->level[i];
        for (int y = 0; y < to->height; y++)
            k.halve_row(row_of(to, y), row_of(from, 2 * y), row_of(from, 2 * y + 1), to->width);
        extend(to);
    }
    return OMMA_OK;
}

void omma_pyramid_finish(omma_pyramid *p)
{
    omma_buffer_unref(&p->buffer);
    *p = (omma_pyramid){.levels = 0};
}
