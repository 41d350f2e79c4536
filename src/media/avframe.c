/* SPDX-License-Identifier: Apache-2.0 */
#include "avframe.h"

#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include <stdio.h>

#define MAX_SIDE 16384

void avframe_converter_finish(avframe_converter *c)
{
    sws_freeContext(c->scale);
    c->scale = NULL;
}

static omma_error error_of(int averror)
{
    switch (averror) {
    case AVERROR(ENOENT):
    case AVERROR(ENODEV):
    case AVERROR_HTTP_NOT_FOUND:
        return OMMA_NOT_FOUND;
    case AVERROR(EACCES):
    case AVERROR(EPERM):
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
        return OMMA_DENIED;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
        return OMMA_FORMAT;
    case AVERROR(ENOMEM):
        return OMMA_NO_MEMORY;
    case AVERROR(ENOSPC):
        return OMMA_FULL;
    case AVERROR(ENOSYS):
    case AVERROR_PATCHWELCOME:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
        return OMMA_UNSUPPORTED;
    case AVERROR_EXIT:
        return OMMA_INTERRUPTED;
    default:
        return OMMA_IO;
    }
}

omma_error avframe_fail(int averror, const char *format, ...)
{
    char text[512], reason[AV_ERROR_MAX_STRING_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    av_make_error_string(reason, sizeof(reason), averror);
    return omma_fail(error_of(averror), "%s: %s", text, reason);
}

static void release_avframe(omma_buffer *buffer, void *user)
{
    (void)buffer;
    AVFrame *frame = user;
    av_frame_free(&frame);
}

/* Moves the reference of from into a buffer. */
static omma_buffer *wrap_avframe(AVFrame *from)
{
    AVFrame *kept = av_frame_alloc();
    if (!kept)
        return NULL;
    av_frame_move_ref(kept, from);
    size_t bytes = 0;
    for (int i = 0; i < AV_NUM_DATA_POINTERS && kept->buf[i]; i++)
        bytes += kept->buf[i]->size;
    return omma_buffer_wrap(kept->data[0], bytes, OMMA_MEMORY_HOST, release_avframe, kept);
}

/* ---------------------------------------------------------------------------------- colours */

static bool is_full_range(const AVFrame *from, bool picture)
{
    switch (from->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ411P:
        return true;
    default:
        return from->color_range == AVCOL_RANGE_JPEG ||
               (picture && from->color_range == AVCOL_RANGE_UNSPECIFIED);
    }
}

/* What nobody says is guessed as players do: high definition is BT.709. */
static omma_matrix matrix_of(const AVFrame *from, bool picture)
{
    switch (from->colorspace) {
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
        return OMMA_MATRIX_BT601;
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
        return !picture && from->height >= 720 ? OMMA_MATRIX_BT709 : OMMA_MATRIX_BT601;
    default:
        return OMMA_MATRIX_BT709;
    }
}

static omma_format direct_format(int pixel_format)
{
    switch (pixel_format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
        return OMMA_FORMAT_I420;
    case AV_PIX_FMT_NV12:
        return OMMA_FORMAT_NV12;
    case AV_PIX_FMT_GRAY8:
        return OMMA_FORMAT_GRAY8;
    case AV_PIX_FMT_RGB24:
        return OMMA_FORMAT_RGB24;
    case AV_PIX_FMT_RGBA:
        return OMMA_FORMAT_RGBA32;
    default:
        return OMMA_FORMAT_NONE;
    }
}

/* ------------------------------------------------------------------- luma kept, chroma halved */

/* Planar 8-bit YUV with chroma at least as fine as I420's and one size per step of a shift. */
static bool can_halve_chroma(int pixel_format)
{
    switch (pixel_format) {
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUV440P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P:
        return true;
    default:
        return false;
    }
}

static void average_rows(uint8_t *restrict to, const uint8_t *restrict a, const uint8_t *restrict b,
                         int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (uint8_t)((a[i] + b[i] + 1) >> 1);
}

static void average_pairs(uint8_t *restrict to, const uint8_t *restrict a,
                          const uint8_t *restrict b, int n, int n_from)
{
    int pairs = n_from / 2;
    for (int i = 0; i < pairs; i++)
        to[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
    if (pairs < n) /* odd width: the last column stands alone */
        to[n - 1] = (uint8_t)((a[n_from - 1] + b[n_from - 1] + 1) >> 1);
}

/* Box filter to half the size in the directions that are not halved yet. */
static void halve_plane(uint8_t *to, int stride, int width, int height, const uint8_t *from,
                        int from_stride, int from_width, int from_height)
{
    bool twice_high = from_height > height;
    for (int y = 0; y < height; y++) {
        int first = twice_high ? 2 * y : y;
        int second = twice_high && first + 1 < from_height ? first + 1 : first;
        const uint8_t *a = from + (ptrdiff_t)first * from_stride;
        const uint8_t *b = from + (ptrdiff_t)second * from_stride;
        if (from_width > width)
            average_pairs(to + (ptrdiff_t)y * stride, a, b, width, from_width);
        else
            average_rows(to + (ptrdiff_t)y * stride, a, b, width);
    }
}

static omma_error keep_luma(omma_frame *to, AVFrame *from)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(from->format);
    int width = (to->width + 1) / 2, height = (to->height + 1) / 2;
    int stride = (width + 63) & ~63;
    int from_width = AV_CEIL_RSHIFT(to->width, format->log2_chroma_w);
    int from_height = AV_CEIL_RSHIFT(to->height, format->log2_chroma_h);
    omma_error err = omma_buffer_create(&to->buffer[1], 2 * (size_t)stride * (size_t)height);
    if (err)
        return err;
    for (int i = 1; i < 3; i++) {
        to->plane[i] = (uint8_t *)to->buffer[1]->data + (size_t)(i - 1) * stride * height;
        to->stride[i] = stride;
        halve_plane(to->plane[i], stride, width, height, from->data[i], from->linesize[i],
                    from_width, from_height);
    }
    to->format = OMMA_FORMAT_I420;
    to->plane[0] = from->data[0];
    to->stride[0] = from->linesize[0];
    to->buffer[0] = wrap_avframe(from);
    return to->buffer[0] ? OMMA_OK : OMMA_NO_MEMORY;
}

/* ------------------------------------------------------------------------------- the others */

/* libswscale calls its full-range formats by their own, deprecated names; it takes both. */
static int scale_set_colours(struct SwsContext *scale, bool full_range, omma_matrix matrix)
{
    const int *table =
        sws_getCoefficients(matrix == OMMA_MATRIX_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
    /* The same on both sides: YUV keeps its range and matrix. */
    return sws_setColorspaceDetails(scale, table, full_range, table, full_range, 0, 1 << 16,
                                    1 << 16);
}

static omma_error scale(avframe_converter *c, omma_frame **out, const AVFrame *from)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(from->format);
    if (!format || (format->flags & AV_PIX_FMT_FLAG_HWACCEL) || !sws_isSupportedInput(from->format))
        return omma_fail(OMMA_UNSUPPORTED, "pictures of format %s cannot be converted",
                         format ? format->name : "unknown");
    bool rgb = (format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
    bool gray = !rgb && format->nb_components <= 2;
    enum AVPixelFormat target = rgb    ? AV_PIX_FMT_RGB24
                                : gray ? AV_PIX_FMT_GRAY8
                                       : AV_PIX_FMT_YUV420P;
    omma_error err = omma_frame_create(out,
                                       rgb    ? OMMA_FORMAT_RGB24
                                       : gray ? OMMA_FORMAT_GRAY8
                                              : OMMA_FORMAT_I420,
                                       from->width, from->height);
    if (err)
        return err;
    c->scale = sws_getCachedContext(c->scale, from->width, from->height, from->format, from->width,
                                    from->height, target, SWS_BILINEAR, NULL, NULL, NULL);
    if (!c->scale) {
        omma_frame_unref(out);
        return omma_fail(OMMA_UNSUPPORTED, "pictures of format %s cannot be converted",
                         format->name);
    }
    /* Fails harmlessly where there is nothing to set. */
    (void)scale_set_colours(c->scale, is_full_range(from, c->picture), matrix_of(from, c->picture));
    uint8_t *data[4] = {(*out)->plane[0], (*out)->plane[1], (*out)->plane[2], NULL};
    int stride[4] = {(*out)->stride[0], (*out)->stride[1], (*out)->stride[2], 0};
    sws_scale(c->scale, (const uint8_t *const *)from->data, from->linesize, 0, from->height, data,
              stride);
    return OMMA_OK;
}

static omma_error wrap_planes(omma_frame *to, omma_format format, AVFrame *from)
{
    to->format = format;
    for (int i = 0; i < omma_format_planes(format); i++) {
        to->plane[i] = from->data[i];
        to->stride[i] = from->linesize[i];
    }
    to->buffer[0] = wrap_avframe(from);
    return to->buffer[0] ? OMMA_OK : OMMA_NO_MEMORY;
}

/* Some decoders hand out pictures bottom up: strides are positive in our house. */
static bool is_upright(const AVFrame *from)
{
    return from->linesize[0] > 0 && from->linesize[1] >= 0 && from->linesize[2] >= 0;
}

static omma_error convert(avframe_converter *c, omma_frame **out, AVFrame *from)
{
    omma_format format = is_upright(from) ? direct_format(from->format) : OMMA_FORMAT_NONE;
    bool halve = is_upright(from) && can_halve_chroma(from->format);
    if (format == OMMA_FORMAT_NONE && !halve)
        return scale(c, out, from);
    *out = omma_frame_create_empty();
    (*out)->width = from->width;
    (*out)->height = from->height;
    omma_error err = halve ? keep_luma(*out, from) : wrap_planes(*out, format, from);
    if (err)
        omma_frame_unref(out);
    return err;
}

omma_error avframe_to_frame(avframe_converter *c, omma_frame **out, AVFrame *from)
{
    omma_frame *frame = NULL;
    omma_error err = OMMA_OK;
    bool limited = !is_full_range(from, c->picture);
    omma_matrix matrix = matrix_of(from, c->picture);
    if (from->width < 1 || from->height < 1 || from->width > MAX_SIDE || from->height > MAX_SIDE)
        err = omma_fail(OMMA_FORMAT, "a picture of %d x %d px: between 1 and %d are possible",
                        from->width, from->height, MAX_SIDE);
    else
        err = convert(c, &frame, from);
    av_frame_unref(from);
    if (err)
        return err;
    bool rgb = frame->format == OMMA_FORMAT_RGB24 || frame->format == OMMA_FORMAT_RGBA32;
    frame->limited_range = limited && !rgb;
    frame->matrix = rgb ? OMMA_MATRIX_BT601 : matrix;
    *out = frame;
    return OMMA_OK;
}
