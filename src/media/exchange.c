/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <libswscale/swscale.h>

static enum AVPixelFormat pixel_format(const exchange_target *target)
{
    switch (target->format) {
    case OMMA_FORMAT_GRAY8:
        return AV_PIX_FMT_GRAY8;
    case OMMA_FORMAT_I420:
        /* The mjpeg encoder wants its own name for full range. */
        return target->limited_range ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUVJ420P;
    case OMMA_FORMAT_NV12:
        return AV_PIX_FMT_NV12;
    case OMMA_FORMAT_RGB24:
        return AV_PIX_FMT_RGB24;
    case OMMA_FORMAT_RGBA32:
        return AV_PIX_FMT_RGBA;
    default:
        return AV_PIX_FMT_NONE;
    }
}

static bool is_yuv(omma_format format)
{
    return format == OMMA_FORMAT_I420 || format == OMMA_FORMAT_NV12;
}

static omma_error convert(omma_frame **out, const omma_frame *from, omma_format format)
{
    omma_error err = omma_frame_create(out, format, from->width, from->height);
    if (!err)
        err = omma_frame_convert(*out, from);
    if (err)
        omma_frame_unref(out);
    return err;
}

/* RGB24 to I420 in any range and matrix: omma_frame_convert knows one of them only. */
static omma_error from_rgb(omma_frame **out, const omma_frame *rgb, bool limited_range,
                           omma_matrix matrix)
{
    omma_error err = omma_frame_create(out, OMMA_FORMAT_I420, rgb->width, rgb->height);
    if (err)
        return err;
    struct SwsContext *scale =
        sws_getContext(rgb->width, rgb->height, AV_PIX_FMT_RGB24, rgb->width, rgb->height,
                       AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!scale) {
        omma_frame_unref(out);
        return omma_fail(OMMA_NO_MEMORY, "no memory for a picture");
    }
    const int *table =
        sws_getCoefficients(matrix == OMMA_MATRIX_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
    sws_setColorspaceDetails(scale, table, 1, table, !limited_range, 0, 1 << 16, 1 << 16);
    sws_scale(scale, (const uint8_t *const[]){rgb->plane[0], NULL, NULL, NULL},
              (const int[]){rgb->stride[0], 0, 0, 0}, 0, rgb->height, (*out)->plane,
              (*out)->stride);
    sws_freeContext(scale);
    return OMMA_OK;
}

/* f in the wanted format and colours; through RGB where YUV has another range or matrix. */
static omma_error adapt(omma_frame **out, const omma_frame *f, const exchange_target *to)
{
    bool to_yuv = is_yuv(to->format), from_yuv = is_yuv(f->format);
    bool is_default = !to->limited_range && to->matrix == OMMA_MATRIX_BT601;
    bool same = from_yuv ? f->limited_range == to->limited_range && f->matrix == to->matrix
                         : is_default || !to_yuv;
    if (f->format == to->format && (same || !to_yuv)) {
        *out = omma_frame_ref((omma_frame *)f); /* a reference changes only the count */
        return OMMA_OK;
    }
    if (same || !to_yuv)
        return convert(out, f, to->format);
    omma_frame *rgb = NULL;
    omma_error err = convert(&rgb, f, OMMA_FORMAT_RGB24);
    if (!err && is_default)
        err = convert(out, rgb, to->format);
    else if (!err)
        err = from_rgb(out, rgb, to->limited_range, to->matrix);
    omma_frame_unref(&rgb);
    return err;
}

static void release_frame(void *user, uint8_t *data)
{
    (void)data;
    omma_frame *frame = user;
    omma_frame_unref(&frame);
}

/* frame is taken. */
static omma_error wrap(AVFrame **out, omma_frame *frame, const exchange_target *target)
{
    AVFrame *to = av_frame_alloc();
    if (to)
        to->buf[0] =
            av_buffer_create(frame->plane[0], 1, release_frame, frame, AV_BUFFER_FLAG_READONLY);
    if (!to || !to->buf[0]) {
        av_frame_free(&to);
        omma_frame_unref(&frame);
        return omma_fail(OMMA_NO_MEMORY, "no memory for a picture");
    }
    to->format = pixel_format(target);
    to->width = frame->width;
    to->height = frame->height;
    for (int i = 0; i < omma_format_planes(target->format); i++) {
        to->data[i] = frame->plane[i];
        to->linesize[i] = frame->stride[i];
    }
    to->extended_data = to->data;
    if (is_yuv(target->format)) {
        to->color_range = target->limited_range ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
        to->colorspace =
            target->matrix == OMMA_MATRIX_BT709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
    *out = to;
    return OMMA_OK;
}

omma_error exchange_to_avframe(AVFrame **out, const omma_frame *f, const exchange_target *to)
{
    omma_frame *frame = NULL;
    if (!f || f->format == OMMA_FORMAT_NONE || !f->plane[0])
        return omma_fail(OMMA_INVALID, "a frame without pixels cannot be encoded");
    omma_error err = adapt(&frame, f, to);
    return err ? err : wrap(out, frame, to);
}
