/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Alignment of one small patch with a picture, translation only, blind to gain and bias.
 *
 * The template T is made zero-mean, and its gradients are made orthogonal to 1 and to T. A picture
 * that is a*T + b, moved by d, then satisfies  sum g I = a H d  with no trace of b, and a = sum T I
 * / sum T T: each step is three dot products with the picture and a constant 2x2 inverse ("inverse
 * compositional": Baker, Matthews, "Lucas-Kanade 20 years on", IJCV 2004, with their gain and bias
 * projected out).
 */
#pragma once

#include <omma/frame.h>

enum { KLT_SIDE = 8, KLT_AREA = KLT_SIDE * KLT_SIDE };

typedef struct klt_template {
    _Alignas(64) float value[KLT_AREA];      /* zero mean */
    _Alignas(64) float gradient_x[KLT_AREA]; /* orthogonal to 1 and to value */
    _Alignas(64) float gradient_y[KLT_AREA];
    float inverse[3]; /* of the 2x2 normal matrix: xx, xy, yy */
    float energy;     /* sum of value squared */
    float min_eigen;  /* smaller eigenvalue of the normal matrix / area: (grey levels / px)^2 */
} klt_template;

/** Sums of the picture under the patch at (x, y), the patch's centre in level coordinates. */
typedef struct klt_sums {
    float value, gradient_x, gradient_y; /* dot products with the template's rows */
    float sum, sum_squares;              /* of the picture itself */
} klt_sums;

typedef struct klt_kernels {
    void (*sums)(const klt_template *t, const uint8_t *corner, int stride, float fx, float fy,
                 klt_sums *out);
} klt_kernels;

void klt_kernels_init(klt_kernels *k, unsigned cpu);
void klt_sums_scalar(const klt_template *t, const uint8_t *corner, int stride, float fx, float fy,
                     klt_sums *out);
void klt_sums_avx2(const klt_template *t, const uint8_t *corner, int stride, float fx, float fy,
                   klt_sums *out);

/**
 * Makes a template from (KLT_SIDE + 2)^2 samples, the patch with a border of one.
 * @return false when the patch has too little texture to say where it is.
 */
bool klt_template_make(klt_template *t, const float samples[(KLT_SIDE + 2) * (KLT_SIDE + 2)]);

/** Template of the patch whose centre is (x, y) in a level; false near the border or without
 * texture. */
bool klt_template_from_level(klt_template *t, const omma_level *level, float x, float y);

typedef struct klt_result {
    float x, y;  /* where the patch is now, level coordinates */
    float score; /* normalised cross-correlation, -1 .. 1 */
    float gain;  /* contrast now / contrast of the template */
    bool converged;
} klt_result;

/** Aligns t with level from the start (x, y); at most iterations steps, leaving max_shift px is
 * failure. */
klt_result klt_align(const klt_kernels *k, const klt_template *t, const omma_level *level, float x,
                     float y, int iterations, float max_shift);
