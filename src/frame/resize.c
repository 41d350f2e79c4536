/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both axes are weighted sums over a few neighbours: along an axis that shrinks, the part of each
 * old pixel that the new one covers (area averaging); along one that grows, the two nearest
 * (bilinear). Weights are integers that add up to exactly 2^16, so grey stays grey. Rows are summed
 * first, for that loop runs along memory; its result keeps 8 bits behind the point (16 in all), and
 * 65280 * 2^16 + 2^23 still fits 32 bits.
 */
#include "frame_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ONE 65536

typedef struct taps {
    int first, count;
    const uint32_t *weight; /* count of them; their sum is ONE */
} taps;

typedef struct axis {
    taps *at;          /* one per new sample */
    uint32_t *weights; /* all of them */
} axis;

static void axis_finish(axis *a)
{
    free(a->at);
    free(a->weights);
}

/* Each weight is the difference of two rounded sums: rounding does not add up along thousands of
 * them, and the last sum is ONE exactly. */
static int area_taps(uint32_t *weight, int *first, int i, int to, int from)
{
    double scale = (double)from / to, begin = i * scale, end = (i + 1) * scale;
    int last = (int)ceil(end) - 1;
    long before = 0;

    *first = (int)begin;
    if (last > from - 1)
        last = from - 1;
    for (int x = *first; x < last; x++) {
        long sum = lrint((x + 1 - begin) / scale * ONE);
        weight[x - *first] = (uint32_t)(sum - before);
        before = sum;
    }
    weight[last - *first] = (uint32_t)(ONE - before);
    return last - *first + 1;
}

static int bilinear_taps(uint32_t *weight, int *first, int i, int to, int from)
{
    double x = (i + 0.5) * from / to - 0.5;
    x = fmin(fmax(x, 0), from - 1);
    *first = (int)x < from - 1 ? (int)x : from > 1 ? from - 2 : 0;
    if (from == 1) {
        weight[0] = ONE;
        return 1;
    }
    weight[1] = (uint32_t)lrint((x - *first) * ONE);
    weight[0] = ONE - weight[1];
    return 2;
}

static void axis_init(axis *a, int to, int from)
{
    size_t most = from > to ? (size_t)(from / to) + 3 : 2;

    a->at = omma_new_array(taps, (size_t)to);
    a->weights = omma_new_array(uint32_t, most * (size_t)to);
    for (int i = 0; i < to; i++) {
        uint32_t *weight = a->weights + most * (size_t)i;
        taps *t = &a->at[i];
        t->weight = weight;
        t->count = from > to ? area_taps(weight, &t->first, i, to, from)
                             : bilinear_taps(weight, &t->first, i, to, from);
        assert(t->first >= 0 && t->first + t->count <= from && (size_t)t->count <= most);
    }
}

static void sum_rows(uint16_t *out, uint32_t *sums, const uint8_t *from, ptrdiff_t stride,
                     const taps *t, int bytes)
{
    memset(sums, 0, (size_t)bytes * sizeof(sums[0]));
    for (int i = 0; i < t->count; i++) {
        const uint8_t *row = from + stride * (t->first + i);
        uint32_t weight = t->weight[i];
        for (int x = 0; x < bytes; x++)
            sums[x] += weight * row[x];
    }
    for (int x = 0; x < bytes; x++)
        out[x] = (uint16_t)((sums[x] + 128) >> 8);
}

static void sum_columns(uint8_t *out, const uint16_t *row, const axis *a, int width, int channels)
{
    for (int x = 0; x < width; x++) {
        const taps *t = &a->at[x];
        for (int c = 0; c < channels; c++) {
            const uint16_t *in = row + t->first * channels + c;
            uint32_t sum = 1u << 23;
            for (int i = 0; i < t->count; i++)
                sum += t->weight[i] * in[i * channels];
            *out++ = (uint8_t)(sum >> 24);
        }
    }
}

static void resize_plane(omma_frame *to, const omma_frame *from, int plane)
{
    int channels = omma_format_sample_bytes(to->format, plane);
    int to_width = omma_format_plane_width(to->format, plane, to->width);
    int to_height = omma_format_plane_height(to->format, plane, to->height);
    int from_width = omma_format_plane_width(from->format, plane, from->width);
    int from_height = omma_format_plane_height(from->format, plane, from->height);
    int bytes = from_width * channels;
    uint32_t *sums = omma_new_array(uint32_t, (size_t)bytes);
    uint16_t *row = omma_new_array(uint16_t, (size_t)bytes);
    axis columns, rows;

    axis_init(&columns, to_width, from_width);
    axis_init(&rows, to_height, from_height);
    for (int y = 0; y < to_height; y++) {
        sum_rows(row, sums, from->plane[plane], from->stride[plane], &rows.at[y], bytes);
        sum_columns(frame_row(to, plane, y), row, &columns, to_width, channels);
    }
    axis_finish(&rows);
    axis_finish(&columns);
    free(row);
    free(sums);
}

omma_error omma_frame_resize(omma_frame *to, const omma_frame *from)
{
    omma_error err = frame_check(from, "resize from");

    if (!err)
        err = frame_check(to, "resize to");
    if (err)
        return err;
    if (to->format != from->format)
        return omma_fail(OMMA_INVALID, "resize from %s to %s: the format must be the same",
                         omma_format_name(from->format), omma_format_name(to->format));
    to->limited_range = from->limited_range;
    to->matrix = from->matrix;
    for (int plane = 0; plane < omma_format_planes(to->format); plane++)
        resize_plane(to, from, plane);
    return OMMA_OK;
}

/* Resized first: a grid has fewer pixels to convert. */
omma_buffer *omma_frame_grid_rgb(const omma_frame *f, int width, int height)
{
    const size_t row = 3 * (size_t)width;
    omma_frame *small = NULL, *rgb = NULL;
    omma_buffer *out = NULL;

    if (omma_frame_create(&small, f->format, width, height) == OMMA_OK &&
        omma_frame_create(&rgb, OMMA_FORMAT_RGB24, width, height) == OMMA_OK &&
        omma_frame_resize(small, f) == OMMA_OK && omma_frame_convert(rgb, small) == OMMA_OK &&
        omma_buffer_create(&out, row * (size_t)height) == OMMA_OK)
        for (int y = 0; y < height; y++)
            memcpy((uint8_t *)out->data + row * (size_t)y, frame_row(rgb, 0, y), row);
    omma_frame_unref(&small);
    omma_frame_unref(&rgb);
    return out;
}
