/* SPDX-License-Identifier: Apache-2.0 */
#include "avframe.h"
#include "check.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include <errno.h>

static uint8_t value_at(int plane, int x, int y)
{
    return (uint8_t)(40 + 50 * plane + (3 * x + 5 * y) % 100);
}

/* Planar 8-bit formats: every plane with a ramp of its own. */
static AVFrame *make_planar(enum AVPixelFormat format, int width, int height)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    AVFrame *f = av_frame_alloc();
    f->format = format;
    f->width = width;
    f->height = height;
    CHECK(av_frame_get_buffer(f, 0) == 0);
    for (int p = 0; p < d->nb_components; p++) {
        int w = p ? AV_CEIL_RSHIFT(width, d->log2_chroma_w) : width;
        int h = p ? AV_CEIL_RSHIFT(height, d->log2_chroma_h) : height;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                f->data[p][y * f->linesize[p] + x] = value_at(p, x, y);
    }
    return f;
}

/* The mean, rounded half up, of the chroma samples that one I420 sample covers. */
static int covered_mean(int plane, int x, int y, int step_x, int step_y, int width, int height)
{
    int sum = 0, n = 0;
    for (int dy = 0; dy < step_y; dy++)
        for (int dx = 0; dx < step_x; dx++)
            if (x * step_x + dx < width && y * step_y + dy < height) {
                sum += value_at(plane, x * step_x + dx, y * step_y + dy);
                n++;
            }
    return (2 * sum + n) / (2 * n);
}

static void finer_chroma_is_averaged_and_luma_shared(void)
{
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P,
                                                 AV_PIX_FMT_YUV440P, AV_PIX_FMT_YUVJ444P,
                                                 AV_PIX_FMT_YUV444P};
    avframe_converter c = {0};
    for (size_t k = 0; k < sizeof(formats) / sizeof(*formats); k++) {
        for (int odd = 0; odd < 2; odd++) {
            int width = 38 + odd, height = 22 + odd;
            const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(formats[k]);
            AVFrame *from = make_planar(formats[k], width, height);
            const uint8_t *luma = from->data[0];
            omma_frame *f = NULL;
            CHECK_OK(avframe_to_frame(&c, &f, from));
            CHECK(!from->buf[0]);
            CHECK(f && f->format == OMMA_FORMAT_I420 && f->plane[0] == luma);
            for (int p = 1; f && p < 3; p++)
                for (int y = 0; y < (height + 1) / 2; y++)
                    for (int x = 0; x < (width + 1) / 2; x++)
                        CHECK(f->plane[p][y * f->stride[p] + x] ==
                              covered_mean(p, x, y, d->log2_chroma_w ? 1 : 2,
                                           d->log2_chroma_h ? 1 : 2,
                                           AV_CEIL_RSHIFT(width, d->log2_chroma_w),
                                           AV_CEIL_RSHIFT(height, d->log2_chroma_h)));
            omma_frame_unref(&f);
            av_frame_free(&from);
        }
    }
    CHECK(!c.scale);
    avframe_converter_finish(&c);
}

static void our_formats_are_not_copied(void)
{
    static const struct {
        enum AVPixelFormat from;
        omma_format to;
    } pairs[] = {{AV_PIX_FMT_YUV420P, OMMA_FORMAT_I420}, {AV_PIX_FMT_YUVJ420P, OMMA_FORMAT_I420},
                 {AV_PIX_FMT_NV12, OMMA_FORMAT_NV12},    {AV_PIX_FMT_GRAY8, OMMA_FORMAT_GRAY8},
                 {AV_PIX_FMT_RGB24, OMMA_FORMAT_RGB24},  {AV_PIX_FMT_RGBA, OMMA_FORMAT_RGBA32}};
    avframe_converter c = {0};
    for (size_t k = 0; k < sizeof(pairs) / sizeof(*pairs); k++) {
        AVFrame *from = av_frame_alloc();
        omma_frame *f = NULL;
        from->format = pairs[k].from;
        from->width = 33;
        from->height = 17;
        CHECK(av_frame_get_buffer(from, 0) == 0);
        const uint8_t *planes[3] = {from->data[0], from->data[1], from->data[2]};
        CHECK_OK(avframe_to_frame(&c, &f, from));
        CHECK(f && f->format == pairs[k].to && f->width == 33 && f->height == 17);
        for (int p = 0; f && p < omma_format_planes(f->format); p++)
            CHECK(f->plane[p] == planes[p] && f->stride[p] > 0);
        omma_frame_unref(&f);
        av_frame_free(&from);
    }
    CHECK(!c.scale);
    avframe_converter_finish(&c);
}

/* What a range and matrix of the AVFrame mean for ours. */
static void colours_are_told_apart(void)
{
    static const struct {
        enum AVPixelFormat format;
        enum AVColorRange range;
        enum AVColorSpace space;
        int height;
        bool picture, limited;
        omma_matrix matrix;
    } cases[] = {
        {AV_PIX_FMT_YUV420P, AVCOL_RANGE_UNSPECIFIED, AVCOL_SPC_UNSPECIFIED, 480, false, true,
         OMMA_MATRIX_BT601},
        {AV_PIX_FMT_YUV420P, AVCOL_RANGE_UNSPECIFIED, AVCOL_SPC_UNSPECIFIED, 720, false, true,
         OMMA_MATRIX_BT709},
        {AV_PIX_FMT_YUV420P, AVCOL_RANGE_JPEG, AVCOL_SPC_SMPTE170M, 720, false, false,
         OMMA_MATRIX_BT601},
        {AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_UNSPECIFIED, AVCOL_SPC_UNSPECIFIED, 1080, true, false,
         OMMA_MATRIX_BT601},
        {AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT470BG, 1080, true, true,
         OMMA_MATRIX_BT601},
        {AV_PIX_FMT_GRAY8, AVCOL_RANGE_UNSPECIFIED, AVCOL_SPC_UNSPECIFIED, 480, true, false,
         OMMA_MATRIX_BT601},
        {AV_PIX_FMT_RGB24, AVCOL_RANGE_MPEG, AVCOL_SPC_RGB, 480, false, false, OMMA_MATRIX_BT601},
    };
    for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
        avframe_converter c = {.picture = cases[k].picture};
        omma_frame *f = NULL;
        AVFrame *from = av_frame_alloc();
        from->format = cases[k].format;
        from->width = 16;
        from->height = cases[k].height;
        from->color_range = cases[k].range;
        from->colorspace = cases[k].space;
        CHECK(av_frame_get_buffer(from, 0) == 0);
        CHECK_OK(avframe_to_frame(&c, &f, from));
        CHECK(f && f->limited_range == cases[k].limited && f->matrix == cases[k].matrix);
        omma_frame_unref(&f);
        av_frame_free(&from);
        avframe_converter_finish(&c);
    }
}

static void other_formats_are_converted(void)
{
    avframe_converter c = {.picture = true};
    omma_frame *f = NULL;
    AVFrame *from = av_frame_alloc();
    from->format = AV_PIX_FMT_BGR0;
    from->width = 31;
    from->height = 9;
    CHECK(av_frame_get_buffer(from, 0) == 0);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 31; x++) {
            uint8_t *pixel = from->data[0] + y * from->linesize[0] + 4 * x;
            pixel[0] = (uint8_t)(y * 20);
            pixel[1] = 77;
            pixel[2] = (uint8_t)(x * 8);
        }
    CHECK_OK(avframe_to_frame(&c, &f, from));
    CHECK(f && f->format == OMMA_FORMAT_RGB24);
    for (int y = 0; f && y < 9; y++)
        for (int x = 0; x < 31; x++) {
            const uint8_t *pixel = f->plane[0] + y * f->stride[0] + 3 * x;
            CHECK(pixel[0] == x * 8 && pixel[1] == 77 && pixel[2] == y * 20);
        }
    omma_frame_unref(&f);

    /* 10 bits lose two of them; the range stays as it was. */
    from->format = AV_PIX_FMT_YUV420P10;
    from->width = 64;
    from->height = 32;
    CHECK(av_frame_get_buffer(from, 0) == 0);
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < (p ? 16 : 32); y++)
            for (int x = 0; x < (p ? 32 : 64); x++)
                ((uint16_t *)(from->data[p] + y * from->linesize[p]))[x] =
                    (uint16_t)(4 * value_at(p, x, y));
    CHECK_OK(avframe_to_frame(&c, &f, from));
    CHECK(f && f->format == OMMA_FORMAT_I420 && !f->limited_range);
    for (int p = 0; f && p < 3; p++)
        for (int y = 0; y < (p ? 16 : 32); y++)
            for (int x = 0; x < (p ? 32 : 64); x++)
                CHECK_CLOSE(f->plane[p][y * f->stride[p] + x], value_at(p, x, y), .abs = 1);
    omma_frame_unref(&f);
    av_frame_free(&from);
    avframe_converter_finish(&c);
}

/* Negative strides: the picture is turned upright, not refused. */
static void bottom_up_pictures_are_turned(void)
{
    avframe_converter c = {.picture = true};
    omma_frame *f = NULL;
    AVFrame *from = make_planar(AV_PIX_FMT_GRAY8, 40, 20);
    from->data[0] += 19 * (ptrdiff_t)from->linesize[0];
    from->linesize[0] = -from->linesize[0];
    CHECK_OK(avframe_to_frame(&c, &f, from));
    CHECK(f && f->stride[0] > 0);
    for (int y = 0; f && y < 20; y++)
        for (int x = 0; x < 40; x++)
            CHECK(f->plane[0][y * f->stride[0] + x] == value_at(0, x, 19 - y));
    omma_frame_unref(&f);
    av_frame_free(&from);
    avframe_converter_finish(&c);
}

static void impossible_sizes_are_refused(void)
{
    avframe_converter c = {0};
    omma_frame *f = NULL;
    AVFrame *from = make_planar(AV_PIX_FMT_GRAY8, 64, 2);
    from->width = 16385;
    CHECK(avframe_to_frame(&c, &f, from) == OMMA_FORMAT && !f && !from->buf[0]);
    av_frame_free(&from);
}

static void errors_keep_their_meaning(void)
{
    CHECK(avframe_fail(AVERROR(ENOENT), "x") == OMMA_NOT_FOUND);
    CHECK(avframe_fail(AVERROR(EACCES), "x") == OMMA_DENIED);
    CHECK(avframe_fail(AVERROR_INVALIDDATA, "x") == OMMA_FORMAT);
    CHECK(avframe_fail(AVERROR_EXIT, "x") == OMMA_INTERRUPTED);
    CHECK(avframe_fail(AVERROR(EIO), "clip %d", 7) == OMMA_IO);
    CHECK_TEXT(omma_why(), "clip 7: Input/output error");
}

int main(void)
{
    TEST(finer_chroma_is_averaged_and_luma_shared);
    TEST(our_formats_are_not_copied);
    TEST(colours_are_told_apart);
    TEST(other_formats_are_converted);
    TEST(bottom_up_pictures_are_turned);
    TEST(impossible_sizes_are_refused);
    TEST(errors_keep_their_meaning);
    return check_done();
}
