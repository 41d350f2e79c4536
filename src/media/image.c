/* SPDX-License-Identifier: Apache-2.0 */
/* PNG and JPEG out, on libavcodec's encoders. */
#include <omma/media.h>

#include "avframe.h"
#include "exchange.h"
#include "still.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include <string.h>
#include <strings.h>

#define DEFAULT_QUALITY 92

/* ITU-T T.81 tables K.1 and K.2, in rows. */
/* clang-format off */
static const uint8_t luma_table[64] = {
    16,  11,  10,  16,  24,  40,  51,  61,
    12,  12,  14,  19,  26,  58,  60,  55,
    14,  13,  16,  24,  40,  57,  69,  56,
    14,  17,  22,  29,  51,  87,  80,  62,
    18,  22,  37,  56,  68, 109, 103,  77,
    24,  35,  55,  64,  81, 104, 113,  92,
    49,  64,  78,  87, 103, 121, 120, 101,
    72,  92,  95,  98, 112, 100, 103,  99,
};
static const uint8_t chroma_table[64] = {
    17,  18,  24,  47,  99,  99,  99,  99,
    18,  21,  26,  66,  99,  99,  99,  99,
    24,  26,  56,  99,  99,  99,  99,  99,
    47,  66,  99,  99,  99,  99,  99,  99,
    99,  99,  99,  99,  99,  99,  99,  99,
    99,  99,  99,  99,  99,  99,  99,  99,
    99,  99,  99,  99,  99,  99,  99,  99,
    99,  99,  99,  99,  99,  99,  99,  99,
};
/* clang-format on */

/* The usual meaning of quality: 50 is the table itself, 100 is all ones. */
static uint16_t *scaled_table(const uint8_t table[64], int quality)
{
    int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    uint16_t *scaled = av_malloc(64 * sizeof(*scaled)); /* libavcodec will free it */
    for (int i = 0; scaled && i < 64; i++) {
        int value = (table[i] * percent + 50) / 100;
        scaled[i] = (uint16_t)(value < 1 ? 1 : value > 255 ? 255 : value);
    }
    return scaled;
}

static void release_packet(omma_buffer *buffer, void *user)
{
    (void)buffer;
    AVPacket *packet = user;
    av_packet_free(&packet);
}

/* One frame in, one packet out. */
static omma_error run_encoder(omma_buffer **out, AVCodecContext *codec, const AVFrame *frame)
{
    AVPacket *packet = av_packet_alloc();
    int status = packet ? avcodec_open2(codec, codec->codec, NULL) : AVERROR(ENOMEM);
    if (status >= 0)
        status = avcodec_send_frame(codec, frame);
    if (status >= 0)
        status = avcodec_receive_packet(codec, packet);
    if (status < 0) {
        av_packet_free(&packet);
        avframe_fail(status, "cannot encode a picture of %d x %d px as %s", codec->width,
                     codec->height, codec->codec->name);
        return status == AVERROR(ENOMEM) ? OMMA_NO_MEMORY : OMMA_FAILED;
    }
    *out = omma_buffer_wrap(packet->data, (size_t)packet->size, OMMA_MEMORY_HOST, release_packet,
                            packet);
    return OMMA_OK;
}

static omma_error create_encoder(AVCodecContext **out, enum AVCodecID id, const AVFrame *frame)
{
    av_log_set_level(AV_LOG_QUIET);
    const AVCodec *encoder = avcodec_find_encoder(id);
    if (!encoder)
        return omma_fail(OMMA_UNSUPPORTED, "this FFmpeg was built without an encoder for %s",
                         avcodec_get_name(id));
    AVCodecContext *codec = avcodec_alloc_context3(encoder);
    if (!codec)
        return omma_fail(OMMA_NO_MEMORY, "no memory for encoding a picture");
    codec->width = frame->width;
    codec->height = frame->height;
    codec->pix_fmt = frame->format;
    codec->color_range = frame->color_range;
    codec->time_base = (AVRational){1, 25};
    codec->thread_count = 1;
    *out = codec;
    return OMMA_OK;
}

static void free_encoder(AVCodecContext **codec)
{
    if (*codec)
        av_freep(&(*codec)->chroma_intra_matrix); /* FFmpeg 5.1 forgets this one of its tables */
    avcodec_free_context(codec);
}

omma_error omma_image_encode_png(omma_buffer **out, const omma_frame *f)
{
    AVFrame *frame = NULL;
    AVCodecContext *codec = NULL;
    omma_format format = f->format == OMMA_FORMAT_GRAY8 || f->format == OMMA_FORMAT_RGBA32
                             ? f->format
                             : OMMA_FORMAT_RGB24;
    omma_error err = exchange_to_avframe(&frame, f, &(exchange_target){.format = format});
    if (!err)
        err = create_encoder(&codec, AV_CODEC_ID_PNG, frame);
    if (!err) {
        av_opt_set(codec->priv_data, "pred", "up",
                   0); /* zlib alone leaves photographs as they are */
        err = run_encoder(out, codec, frame);
    }
    free_encoder(&codec);
    av_frame_free(&frame);
    return err;
}

omma_error omma_image_encode_jpeg(omma_buffer **out, const omma_frame *f, int quality)
{
    AVFrame *frame = NULL;
    AVCodecContext *codec = NULL;
    if (quality == 0)
        quality = DEFAULT_QUALITY;
    if (quality < 1 || quality > 100)
        return omma_fail(OMMA_INVALID, "a JPEG quality of %d: between 1 and 100 are possible",
                         quality);
    /* The default colours are what JPEG has: full-range BT.601 (JFIF 1.02). */
    omma_error err = exchange_to_avframe(&frame, f, &(exchange_target){.format = OMMA_FORMAT_I420});
    if (!err)
        err = create_encoder(&codec, AV_CODEC_ID_MJPEG, frame);
    if (!err) {
        /* With a qscale of 8 libavcodec's encoder takes the tables as they are. */
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = 8 * FF_QP2LAMBDA;
        codec->intra_matrix = scaled_table(luma_table, quality);
        codec->chroma_intra_matrix = scaled_table(chroma_table, quality);
        frame->quality = codec->global_quality;
        err = run_encoder(out, codec, frame);
    }
    free_encoder(&codec);
    av_frame_free(&frame);
    return err;
}

omma_error omma_image_decode(omma_frame **out, const void *data, size_t bytes, const char *name)
{
    still_decoder *d = still_create();
    omma_error err = still_decode_bytes(d, out, data, bytes, name);

    still_destroy(&d);
    return err;
}

static bool ends_with(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot + 1, ending) == 0;
}

omma_error omma_image_write(const char *path, const omma_frame *f, bool replace)
{
    omma_buffer *bytes = NULL;
    omma_file *file = NULL;
    omma_error err;
    if (ends_with(path, "png"))
        err = omma_image_encode_png(&bytes, f);
    else if (ends_with(path, "jpg") || ends_with(path, "jpeg"))
        err = omma_image_encode_jpeg(&bytes, f, 0);
    else
        err = omma_fail(OMMA_UNSUPPORTED, "%s: pictures are written as .png, .jpg or .jpeg", path);
    if (!err)
        err = omma_file_create(&file, path, replace);
    if (!err) {
        omma_file_write(file, bytes->data, bytes->bytes);
        err = omma_file_commit(&file);
    }
    omma_buffer_unref(&bytes);
    return err;
}
