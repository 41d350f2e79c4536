/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "klt.h"

#include <stdlib.h>
#include <string.h>

/* A smooth picture: sums of waves, sampled at any place. */
static double scene(double x, double y)
{
    return 128 + 30 * sin(0.31 * x + 0.2 * y) + 25 * sin(0.23 * y - 0.11 * x) + 20 * cos(0.4 * x) +
           20 * sin(0.37 * y + 1);
}

typedef struct picture {
    omma_frame *frame;
    omma_pyramid pyramid;
} picture;

static picture picture_make(double dx, double dy, double gain, double bias)
{
    picture p = {0};
    CHECK_OK(omma_frame_create(&p.frame, OMMA_FORMAT_GRAY8, 96, 80));
    for (int y = 0; y < 80; y++)
        for (int x = 0; x < 96; x++)
            p.frame->plane[0][y * p.frame->stride[0] + x] =
                (uint8_t)lround(fmin(255, fmax(0, gain * scene(x - dx, y - dy) + bias)));
    CHECK_OK(omma_pyramid_build(&p.pyramid, p.frame, 2));
    return p;
}

static void picture_free(picture *p)
{
    omma_pyramid_finish(&p->pyramid);
    omma_frame_unref(&p->frame);
}

static void finds_a_shift(void)
{
    klt_kernels k;
    klt_kernels_init(&k, omma_cpu_flags());
    picture a = picture_make(0, 0, 1, 0);
    for (int i = 0; i < 20; i++) {
        double dx = -2 + 0.21 * i, dy = 1.7 - 0.17 * i;
        picture b = picture_make(dx, dy, 1, 0);
        klt_template t;
        CHECK(klt_template_from_level(&t, &a.pyramid.level[0], 40.3f, 37.6f));
        klt_result r = klt_align(&k, &t, &b.pyramid.level[0], 40.3f, 37.6f, 20, 5);
        CHECK_CLOSE(r.x, 40.3 + dx, .abs = 0.05); /* worst seen 0.02: rounding to grey levels */
        CHECK_CLOSE(r.y, 37.6 + dy, .abs = 0.05);
        CHECK(r.score > 0.98f);
        picture_free(&b);
    }
    picture_free(&a);
}

static void gain_and_bias_do_not_matter(void)
{
    klt_kernels k;
    klt_kernels_init(&k, omma_cpu_flags());
    picture a = picture_make(0, 0, 1, 0), b = picture_make(1.3, -0.8, 0.6, 40);
    klt_template t;
    CHECK(klt_template_from_level(&t, &a.pyramid.level[0], 40.3f, 37.6f));
    klt_result r = klt_align(&k, &t, &b.pyramid.level[0], 40.3f, 37.6f, 20, 5);
    CHECK_CLOSE(r.x, 41.6, .abs = 0.06);
    CHECK_CLOSE(r.y, 36.8, .abs = 0.06);
    CHECK_CLOSE(r.gain, 0.6, .abs = 0.03);
    picture_free(&a);
    picture_free(&b);
}

static void a_flat_patch_is_refused(void)
{
    picture p = {0};
    klt_template t;
    CHECK_OK(omma_frame_create(&p.frame, OMMA_FORMAT_GRAY8, 64, 64));
    for (int y = 0; y < 64; y++)
        memset(p.frame->plane[0] + y * p.frame->stride[0], 90, 64);
    CHECK_OK(omma_pyramid_build(&p.pyramid, p.frame, 1));
    CHECK(!klt_template_from_level(&t, &p.pyramid.level[0], 30, 30));
    picture_free(&p);
}

static void every_kernel_sums_alike(void)
{
    klt_kernels k;
    klt_kernels_init(&k, omma_cpu_flags());
    picture p = picture_make(0, 0, 1, 0);
    klt_template t;
    CHECK(klt_template_from_level(&t, &p.pyramid.level[0], 33, 44));
    for (int i = 0; i < 200; i++) {
        const omma_level *l = &p.pyramid.level[0];
        const uint8_t *corner = l->data + (i / 4) * l->stride + i % 80;
        float fx = (float)(i % 7) / 7, fy = (float)(i % 5) / 5;
        klt_sums a, b;
        klt_sums_scalar(&t, corner, l->stride, fx, fy, &a);
        k.sums(&t, corner, l->stride, fx, fy, &b);
        /* 64 products of at most 255 * 128 in f32: n u sum|ab| is about 2; seen 0.05 */
        CHECK_CLOSE(b.value, a.value, .abs = 0.5);
        CHECK_CLOSE(b.gradient_x, a.gradient_x, .abs = 0.5);
        CHECK_CLOSE(b.gradient_y, a.gradient_y, .abs = 0.5);
        CHECK_CLOSE(b.sum, a.sum, .abs = 0.05);
        CHECK_CLOSE(b.sum_squares, a.sum_squares, .rel = 1e-5);
    }
    picture_free(&p);
}

int main(void)
{
    TEST(finds_a_shift);
    TEST(gain_and_bias_do_not_matter);
    TEST(a_flat_patch_is_refused);
    TEST(every_kernel_sums_alike);
    return check_done();
}
