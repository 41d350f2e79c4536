/* SPDX-License-Identifier: Apache-2.0 */
#include "klt.h"

#include <omma/base.h>

#include <math.h>

void klt_kernels_init(klt_kernels *k, unsigned cpu)
{
    *k = (klt_kernels){.sums = klt_sums_scalar};
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        k->sums = klt_sums_avx2;
#else
    (void)cpu;
#endif
}

void klt_sums_scalar(const klt_template *t, const uint8_t *corner, int stride, float fx, float fy,
                     klt_sums *out)
{
    const float w00 = (1 - fx) * (1 - fy), w01 = fx * (1 - fy), w10 = (1 - fx) * fy, w11 = fx * fy;
    klt_sums s = {0};

    for (int y = 0; y < KLT_SIDE; y++) {
        const uint8_t *a = corner + y * stride, *b = a + stride;
        for (int x = 0; x < KLT_SIDE; x++) {
            float v = w00 * a[x] + w01 * a[x + 1] + w10 * b[x] + w11 * b[x + 1];
            int i = y * KLT_SIDE + x;
            s.value += t->value[i] * v;
            s.gradient_x += t->gradient_x[i] * v;
            s.gradient_y += t->gradient_y[i] * v;
            s.sum += v;
            s.sum_squares += v * v;
        }
    }
    *out = s;
}

/* Subtracts from g its components along 1 and along the zero-mean value. */
static void orthogonalize(float *g, const float *value, float energy)
{
    float mean = 0, along = 0;
    for (int i = 0; i < KLT_AREA; i++) {
        mean += g[i];
        along += g[i] * value[i];
    }
    mean /= KLT_AREA;
    along /= energy;
    for (int i = 0; i < KLT_AREA; i++)
        g[i] -= mean + along * value[i];
}

bool klt_template_make(klt_template *t, const float samples[(KLT_SIDE + 2) * (KLT_SIDE + 2)])
{
    const int side = KLT_SIDE + 2;
    float mean = 0;

    for (int y = 0; y < KLT_SIDE; y++) {
        const float *row = samples + (y + 1) * side + 1;
        for (int x = 0; x < KLT_SIDE; x++) {
            int i = y * KLT_SIDE + x;
            t->value[i] = row[x];
            t->gradient_x[i] = 0.5f * (row[x + 1] - row[x - 1]);
            t->gradient_y[i] = 0.5f * (row[x + side] - row[x - side]);
            mean += row[x];
        }
    }
    mean /= KLT_AREA;
    t->energy = 0;
    for (int i = 0; i < KLT_AREA; i++) {
        t->value[i] -= mean;
        t->energy += t->value[i] * t->value[i];
    }
    if (t->energy < KLT_AREA * 1.0f) /* less than one grey level of contrast */
        return false;
    orthogonalize(t->gradient_x, t->value, t->energy);
    orthogonalize(t->gradient_y, t->value, t->energy);

    float xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < KLT_AREA; i++) {
        xx += t->gradient_x[i] * t->gradient_x[i];
        xy += t->gradient_x[i] * t->gradient_y[i];
        yy += t->gradient_y[i] * t->gradient_y[i];
    }
    float det = xx * yy - xy * xy;
    float half = 0.5f * (xx + yy), root = sqrtf(fmaxf(half * half - det, 0));
    t->min_eigen = (half - root) / KLT_AREA;
    if (!(t->min_eigen > 0.2f))
        return false;
    t->inverse[0] = yy / det;
    t->inverse[1] = -xy / det;
    t->inverse[2] = xx / det;
    return true;
}

/* The patch spans centre - 3.5 .. centre + 3.5. */
static const float half_side = 0.5f * (KLT_SIDE - 1);

bool klt_template_from_level(klt_template *t, const omma_level *level, float x, float y)
{
    float left = x - half_side - 1, top = y - half_side - 1;
    int ix = (int)floorf(left), iy = (int)floorf(top);

    if (ix < -OMMA_PYRAMID_BORDER || iy < -OMMA_PYRAMID_BORDER ||
        ix + KLT_SIDE + 3 > level->width + OMMA_PYRAMID_BORDER ||
        iy + KLT_SIDE + 3 > level->height + OMMA_PYRAMID_BORDER)
        return false;
    float fx = left - ix, fy = top - iy;
    float samples[(KLT_SIDE + 2) * (KLT_SIDE + 2)];
    const float w00 = (1 - fx) * (1 - fy), w01 = fx * (1 - fy), w10 = (1 - fx) * fy, w11 = fx * fy;
    for (int r = 0; r < KLT_SIDE + 2; r++) {
        const uint8_t *a = level->data + (ptrdiff_t)(iy + r) * level->stride + ix;
        const uint8_t *b = a + level->stride;
        for (int c = 0; c < KLT_SIDE + 2; c++)
            samples[r * (KLT_SIDE + 2) + c] =
                w00 * a[c] + w01 * a[c + 1] + w10 * b[c] + w11 * b[c + 1];
    }
    return klt_template_make(t, samples);
}

klt_result klt_align(const klt_kernels *k, const klt_template *t, const omma_level *level, float x,
                     float y, int iterations, float max_shift)
{
    klt_result r = {.x = x, .y = y, .score = -1};
    const float start_x = x, start_y = y;

    for (int i = 0; i <= iterations; i++) {
        float left = r.x - half_side, top = r.y - half_side;
        int ix = (int)floorf(left), iy = (int)floorf(top);
        if (!(ix >= -4 && iy >= -4 && ix + KLT_SIDE < level->width + 4 &&
              iy + KLT_SIDE < level->height + 4))
            return r;
        klt_sums s;
        k->sums(t, level->data + (ptrdiff_t)iy * level->stride + ix, level->stride, left - ix,
                top - iy, &s);
        float variance = s.sum_squares - s.sum * s.sum / KLT_AREA;
        r.score = s.value / sqrtf(fmaxf(variance * t->energy, 1e-6f));
        r.gain = s.value / t->energy;
        if (r.converged || i == iterations)
            return r;
        /* A patch that looks inverted or flat has no useful gain: step as if it were 1. */
        float a = fmaxf(r.gain, 0.2f);
        float dx = -(t->inverse[0] * s.gradient_x + t->inverse[1] * s.gradient_y) / a;
        float dy = -(t->inverse[1] * s.gradient_x + t->inverse[2] * s.gradient_y) / a;
        float length = sqrtf(dx * dx + dy * dy);
        if (length > 2) { /* the linear model holds for a pixel or two */
            dx *= 2 / length;
            dy *= 2 / length;
        }
        r.x += dx;
        r.y += dy;
        if (fabsf(r.x - start_x) > max_shift || fabsf(r.y - start_y) > max_shift) {
            r.score = -1;
            return r;
        }
        r.converged = length < 0.01f;
        if (r.converged && length < 0.005f)
            return r; /* the score of the last position is good enough */
    }
    return r;
}
