/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats fall into three kinds (grey, YUV, RGB), so the table of all pairs has seven entries:
 * copies within a kind, and six ways between them.
 */
#include "convert_private.h"
#include "frame_private.h"

#include <string.h>

static bool is_yuv(omma_format format)
{
    return format == OMMA_FORMAT_I420 || format == OMMA_FORMAT_NV12;
}

static bool is_rgb(omma_format format)
{
    return format == OMMA_FORMAT_RGB24 || format == OMMA_FORMAT_RGBA32;
}

static void copy_plane(omma_frame *to, const omma_frame *from, int plane)
{
    int bytes = omma_format_plane_width(to->format, plane, to->width) *
                omma_format_sample_bytes(to->format, plane);
    frame_copy_rows(to->plane[plane], to->stride[plane], from->plane[plane], from->stride[plane],
                    bytes, omma_format_plane_height(to->format, plane, to->height));
}

static void split_pairs(uint8_t *u, uint8_t *v, const uint8_t *uv, int width)
{
    for (int x = 0; x < width; x++) {
        u[x] = uv[2 * x];
        v[x] = uv[2 * x + 1];
    }
}

static void join_pairs(uint8_t *uv, const uint8_t *u, const uint8_t *v, int width)
{
    for (int x = 0; x < width; x++) {
        uv[2 * x] = u[x];
        uv[2 * x + 1] = v[x];
    }
}

static void yuv_from_yuv(omma_frame *to, const omma_frame *from)
{
    int width = (to->width + 1) / 2, height = (to->height + 1) / 2;

    copy_plane(to, from, 0);
    for (int y = 0; y < height; y++) {
        if (to->format == OMMA_FORMAT_NV12)
            join_pairs(frame_row(to, 1, y), frame_row(from, 1, y), frame_row(from, 2, y), width);
        else
            split_pairs(frame_row(to, 1, y), frame_row(to, 2, y), frame_row(from, 1, y), width);
    }
}

static void gray_from_yuv(const convert_kernels *k, omma_frame *to, const omma_frame *from)
{
    if (!from->limited_range) {
        copy_plane(to, from, 0);
        return;
    }
    for (int y = 0; y < to->height; y++)
        k->gray_from_limited(frame_row(to, 0, y), frame_row(from, 0, y), to->width);
}

static void gray_from_rgb(const convert_kernels *k, omma_frame *to, const omma_frame *from)
{
    for (int y = 0; y < to->height; y++) {
        if (from->format == OMMA_FORMAT_RGB24)
            k->gray_from_rgb(frame_row(to, 0, y), frame_row(from, 0, y), to->width);
        else
            k->gray_from_rgba(frame_row(to, 0, y), frame_row(from, 0, y), to->width);
    }
}

static void rgb_from_yuv(const convert_kernels *k, omma_frame *to, const omma_frame *from)
{
    yuv_coefficients c = yuv_coefficients_of(from->matrix, from->limited_range);
    uint8_t pair[2][FRAME_MAX_SIZE / 2];

    for (int y = 0; y < to->height; y++) {
        const uint8_t *u = pair[0], *v = pair[1];
        if (from->format == OMMA_FORMAT_I420) {
            u = frame_row(from, 1, y / 2);
            v = frame_row(from, 2, y / 2);
        } else if (y % 2 == 0) {
            split_pairs(pair[0], pair[1], frame_row(from, 1, y / 2), (to->width + 1) / 2);
        }
        if (to->format == OMMA_FORMAT_RGB24)
            k->rgb_from_yuv(frame_row(to, 0, y), frame_row(from, 0, y), u, v, to->width, &c);
        else
            k->rgba_from_yuv(frame_row(to, 0, y), frame_row(from, 0, y), u, v, to->width, &c);
    }
}

static void rgb_from_gray(omma_frame *to, const omma_frame *from)
{
    int step = omma_format_sample_bytes(to->format, 0);

    for (int y = 0; y < to->height; y++) {
        uint8_t *rgb = frame_row(to, 0, y);
        const uint8_t *gray = frame_row(from, 0, y);
        for (int x = 0; x < to->width; x++, rgb += step) {
            rgb[0] = rgb[1] = rgb[2] = gray[x];
            if (step == 4)
                rgb[3] = 255;
        }
    }
}

static void rgb_from_rgb(omma_frame *to, const omma_frame *from)
{
    int to_step = omma_format_sample_bytes(to->format, 0);
    int from_step = omma_format_sample_bytes(from->format, 0);

    for (int y = 0; y < to->height; y++) {
        uint8_t *out = frame_row(to, 0, y);
        const uint8_t *in = frame_row(from, 0, y);
        for (int x = 0; x < to->width; x++, out += to_step, in += from_step) {
            memcpy(out, in, 3);
            if (to_step == 4)
                out[3] = 255;
        }
    }
}

/* A frame is full-range BT.601 from here on. */
static void yuv_from_gray(omma_frame *to, const omma_frame *from)
{
    int planes = omma_format_planes(to->format);

    copy_plane(to, from, 0);
    for (int plane = 1; plane < planes; plane++) {
        size_t bytes = (size_t)((to->width + 1) / 2 * omma_format_sample_bytes(to->format, plane));
        for (int y = 0; y < (to->height + 1) / 2; y++)
            memset(frame_row(to, plane, y), 128, bytes);
    }
}

/* Chroma of the sum of four pixels: BT.601 times 2^15, so 2^17 with the four. */
static void put_chroma(uint8_t *u, uint8_t *v, const int sum[3])
{
    const int bias = (128 << 17) + (1 << 16);
    *u = clamp_u8((-5529 * sum[0] - 10855 * sum[1] + 16384 * sum[2] + bias) >> 17);
    *v = clamp_u8((16384 * sum[0] - 13720 * sum[1] - 2664 * sum[2] + bias) >> 17);
}

static void chroma_row_from_rgb(omma_frame *to, const omma_frame *from, int y)
{
    int step = omma_format_sample_bytes(from->format, 0);
    int below = 2 * y + 1 < from->height ? 2 * y + 1 : 2 * y;
    const uint8_t *top = frame_row(from, 0, 2 * y), *bottom = frame_row(from, 0, below);
    bool nv12 = to->format == OMMA_FORMAT_NV12;
    uint8_t *u = frame_row(to, 1, y), *v = nv12 ? u + 1 : frame_row(to, 2, y);

    for (int x = 0; x < from->width; x += 2, u += nv12 ? 2 : 1, v += nv12 ? 2 : 1) {
        int left = x * step, right = x + 1 < from->width ? left + step : left, sum[3];
        for (int i = 0; i < 3; i++)
            sum[i] = top[left + i] + top[right + i] + bottom[left + i] + bottom[right + i];
        put_chroma(u, v, sum);
    }
}

static void yuv_from_rgb(const convert_kernels *k, omma_frame *to, const omma_frame *from)
{
    gray_from_rgb(k, to, from);
    for (int y = 0; y < (to->height + 1) / 2; y++)
        chroma_row_from_rgb(to, from, y);
}

static void copy_planes(omma_frame *to, const omma_frame *from)
{
    for (int plane = 0; plane < omma_format_planes(to->format); plane++)
        copy_plane(to, from, plane);
}

omma_error omma_frame_convert(omma_frame *to, const omma_frame *from)
{
    convert_kernels k;
    omma_error err = frame_check(from, "convert from");

    if (!err)
        err = frame_check(to, "convert to");
    if (err)
        return err;
    if (to->width != from->width || to->height != from->height)
        return omma_fail(OMMA_INVALID, "convert %d x %d px to %d x %d px: sizes differ",
                         from->width, from->height, to->width, to->height);

    convert_kernels_init(&k, omma_cpu_flags());
    bool keeps_yuv = is_yuv(to->format) && is_yuv(from->format);
    to->limited_range = keeps_yuv && from->limited_range;
    to->matrix = keeps_yuv ? from->matrix : OMMA_MATRIX_BT601;
    if (to->format == from->format)
        copy_planes(to, from);
    else if (is_yuv(to->format) && is_yuv(from->format))
        yuv_from_yuv(to, from);
    else if (is_yuv(to->format) && is_rgb(from->format))
        yuv_from_rgb(&k, to, from);
    else if (is_yuv(to->format))
        yuv_from_gray(to, from);
    else if (is_rgb(to->format) && is_yuv(from->format))
        rgb_from_yuv(&k, to, from);
    else if (is_rgb(to->format) && is_rgb(from->format))
        rgb_from_rgb(to, from);
    else if (is_rgb(to->format))
        rgb_from_gray(to, from);
    else if (is_yuv(from->format))
        gray_from_yuv(&k, to, from);
    else
        gray_from_rgb(&k, to, from);
    return OMMA_OK;
}

void omma_frame_rgb_at(const omma_frame *f, int x, int y, uint8_t rgb[3])
{
    x = x < 0 ? 0 : x >= f->width ? f->width - 1 : x;
    y = y < 0 ? 0 : y >= f->height ? f->height - 1 : y;
    if (is_rgb(f->format)) {
        memcpy(rgb, frame_row(f, 0, y) + x * omma_format_sample_bytes(f->format, 0), 3);
    } else if (is_yuv(f->format)) {
        const uint8_t *u = frame_row(f, 1, y / 2), *v;
        if (f->format == OMMA_FORMAT_NV12) {
            u += x / 2 * 2;
            v = u + 1;
        } else {
            u += x / 2;
            v = frame_row(f, 2, y / 2) + x / 2;
        }
        yuv_coefficients c = yuv_coefficients_of(f->matrix, f->limited_range);
        rgb_of_yuv(rgb, frame_row(f, 0, y)[x], *u, *v, &c);
    } else {
        rgb[0] = rgb[1] = rgb[2] = frame_row(f, 0, y)[x];
    }
}
