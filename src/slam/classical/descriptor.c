/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptor.h"

#include "descriptor_match.h"
#include "descriptor_table.h"

#include <math.h>
#include <string.h>

void descriptor_kernels_init(descriptor_kernels *k, unsigned cpu)
{
    *k = (descriptor_kernels){.match = descriptor_match_scalar};
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        k->match = descriptor_match_avx2;
#else
    (void)cpu;
#endif
}

void descriptor_match_scalar(const uint8_t *query, size_t m, const uint8_t *candidate,
                             const float *places, size_t n, descriptor_match *out)
{
    match_all(query, m, candidate, places, n, out);
}

void descriptor_pattern_init(descriptor_pattern *p)
{
    for (int turn = 0; turn < DESCRIPTOR_TURNS; turn++) {
        double angle = 2 * 3.14159265358979 * turn / DESCRIPTOR_TURNS;
        double c = cos(angle), s = sin(angle);
        for (int i = 0; i < 256; i++)
            for (int k = 0; k < 4; k += 2) {
                double x = descriptor_table[i][k], y = descriptor_table[i][k + 1];
                p->point[turn][i][k] = (int8_t)lround(c * x - s * y);
                p->point[turn][i][k + 1] = (int8_t)lround(s * x + c * y);
            }
    }
}

/* Gaussian of sigma 2 in both directions, 7 taps of sum 256, reading into the level's border. */
static void smooth_level(omma_level *out, const omma_level *in)
{
    enum { MARGIN = OMMA_PYRAMID_BORDER - 3 };
    uint16_t row[16384 + 2 * OMMA_PYRAMID_BORDER];

    for (int y = -MARGIN; y < in->height + MARGIN; y++) {
        const int s = in->stride, width = in->width + 2 * OMMA_PYRAMID_BORDER;
        const uint8_t *p = in->data + (ptrdiff_t)y * s - OMMA_PYRAMID_BORDER;
        for (int x = 0; x < width; x++)
            row[x] =
                (uint16_t)(18 * (p[x - 3 * s] + p[x + 3 * s]) + 34 * (p[x - 2 * s] + p[x + 2 * s]) +
                           49 * (p[x - s] + p[x + s]) + 54 * p[x]);
        uint8_t *q = out->data + (ptrdiff_t)y * out->stride - OMMA_PYRAMID_BORDER;
        for (int x = 3; x < width - 3; x++)
            q[x] = (uint8_t)((18u * (row[x - 3] + row[x + 3]) + 34u * (row[x - 2] + row[x + 2]) +
                              49u * (row[x - 1] + row[x + 1]) + 54u * row[x] + (1u << 15)) >>
                             16);
    }
}

omma_error descriptor_smooth(omma_pyramid *out, const omma_pyramid *in, int levels)
{
    if (!out->buffer || out->levels != in->levels || out->buffer->bytes != in->buffer->bytes) {
        omma_pyramid_finish(out);
        *out = *in;
        omma_error err = omma_buffer_create(&out->buffer, in->buffer->bytes);
        if (err) {
            *out = (omma_pyramid){0};
            return err;
        }
        for (int l = 0; l < out->levels; l++)
            out->level[l].data = (uint8_t *)out->buffer->data +
                                 (in->level[l].data - (const uint8_t *)in->buffer->data);
    }
    for (int l = 0; l < levels && l < in->levels; l++)
        smooth_level(&out->level[l], &in->level[l]);
    return OMMA_OK;
}

float descriptor_angle(const omma_level *level, float x, float y)
{
    enum { R = 12 };
    int ix = (int)lroundf(x), iy = (int)lroundf(y), mx = 0, my = 0;

    for (int r = -R; r <= R; r++) {
        int reach = (int)sqrtf((float)(R * R - r * r));
        const uint8_t *p = level->data + (ptrdiff_t)(iy + r) * level->stride + ix;
        int sum = 0;
        for (int c = -reach; c <= reach; c++) {
            mx += c * p[c];
            sum += p[c];
        }
        my += r * sum;
    }
    return atan2f((float)my, (float)mx);
}

void descriptor_extract(const descriptor_pattern *p, const omma_level *smooth, float x, float y,
                        float angle, uint8_t out[DESCRIPTOR_BYTES])
{
    const float tau = 6.2831853f;
    int turn = (int)lroundf(angle / tau * DESCRIPTOR_TURNS) & (DESCRIPTOR_TURNS - 1);
    const uint8_t *centre =
        smooth->data + (ptrdiff_t)lroundf(y) * smooth->stride + (ptrdiff_t)lroundf(x);
    const int8_t(*point)[4] = p->point[turn];

    for (int i = 0; i < DESCRIPTOR_BYTES; i++) {
        unsigned bits = 0;
        for (int b = 0; b < 8; b++, point++) {
            int va = centre[(*point)[1] * smooth->stride + (*point)[0]];
            int vb = centre[(*point)[3] * smooth->stride + (*point)[2]];
            bits |= (unsigned)(va < vb) << b;
        }
        out[i] = (uint8_t)bits;
    }
}
