/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Frames to a video file. The muxer writes beside the wanted place (PATH.XXXXXX.part) and close
 * renames. The codec is opened with the first frame, for its range and colour matrix are the
 * file's.
 *
 * H.264 comes from libx264, which FFmpeg finds at run time; where FFmpeg was built without it,
 * MPEG-4 part 2 takes its place in .mp4 and .mkv.
 */
#include <omma/media.h>

#include "avframe.h"
#include "exchange.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_RATE 30.0
#define DEFAULT_CRF  18
#define MAX_ATTEMPTS 100
#define TICKS        1000000 /* per second: a microsecond keeps variable rates */

struct omma_encoder {
    char *path, *part;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *video;
    AVPacket *packet;
    const AVCodec *encoder;
    omma_encoder_options options;
    exchange_target colours; /* of the file, from the first frame */
    bool begun, written;
    int64_t first_ns, last_tick;
    omma_error failed; /* sticks */
};

/* --------------------------------------------------------------------------------- the file */

static const char *muxer_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcasecmp(dot, ".mp4") == 0)
        return "mp4";
    if (dot && strcasecmp(dot, ".mkv") == 0)
        return "matroska";
    return dot && strcasecmp(dot, ".h264") == 0 ? "h264" : NULL;
}

/* Like omma_file, whose bytes cannot be written out of order as a muxer does. mkstemp would make
 * the file private for ever. */
static omma_error create_part(omma_encoder *e)
{
    struct stat there;
    int fd = -1;
    if (!e->options.replace && lstat(e->path, &there) == 0)
        return omma_fail(OMMA_EXISTS, "%s exists already", e->path);
    if (stat(e->path, &there) == 0 && !S_ISREG(there.st_mode))
        return omma_fail(OMMA_INVALID, "%s is not a plain file", e->path);
    uint64_t seed = (uint64_t)omma_clock_now_ns() ^ (uint64_t)getpid() << 40;
    for (int i = 0; fd < 0 && i < MAX_ATTEMPTS; i++) {
        free(e->part);
        e->part = omma_text("%s.%06x.part", e->path, (unsigned)(omma_random_u64(&seed) & 0xffffff));
        fd = open(e->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST && errno != EINTR)
            break;
    }
    if (fd < 0) {
        free(e->part);
        e->part = NULL;
        return omma_fail_errno("cannot write %s", e->path);
    }
    close(fd);
    return OMMA_OK;
}

/* 0, or -1 with errno. */
static int move_into_place(const char *part, const char *path, bool replace)
{
    if (replace)
        return rename(part, path);
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system without that flag: link refuses just as atomically. */
    if (link(part, path) < 0)
        return -1;
    unlink(part);
    return 0;
}

/* Makes what was written durable, then visible. */
static omma_error publish(omma_encoder *e)
{
    int fd = open(e->part, O_RDONLY | O_CLOEXEC);
    int status = fd < 0 ? -1 : fsync(fd);
    if (status == 0)
        status = move_into_place(e->part, e->path, e->options.replace);
    omma_error err = status < 0 ? omma_fail_errno("cannot write %s", e->path) : OMMA_OK;
    if (fd >= 0)
        close(fd);
    if (!err) {
        free(e->part);
        e->part = NULL;
    }
    return err;
}

void omma_encoder_abort(omma_encoder **encoder)
{
    omma_encoder *e = encoder ? *encoder : NULL;
    if (!e)
        return;
    if (e->format)
        avio_closep(&e->format->pb);
    avformat_free_context(e->format);
    avcodec_free_context(&e->codec);
    av_packet_free(&e->packet);
    if (e->part)
        unlink(e->part);
    free(e->part);
    free(e->path);
    free(e);
    *encoder = NULL;
}

/* ----------------------------------------------------------------------------------- opening */

static omma_error find_encoder(omma_encoder *e, const char *muxer)
{
    e->encoder = avcodec_find_encoder_by_name("libx264");
    if (!e->encoder && strcmp(muxer, "h264") != 0)
        e->encoder = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!e->encoder)
        return omma_fail(OMMA_UNSUPPORTED,
                         "%s: this FFmpeg was built without libx264: no H.264 can be written",
                         e->path);
    return OMMA_OK;
}

static omma_error open_muxer(omma_encoder *e, const char *muxer)
{
    char *address = omma_text("file:%s", e->part);
    int status = avformat_alloc_output_context2(&e->format, NULL, muxer, address);
    if (status >= 0)
        status = avio_open(&e->format->pb, address, AVIO_FLAG_WRITE);
    free(address);
    if (status < 0)
        return avframe_fail(status, "cannot write %s", e->path);
    e->video = avformat_new_stream(e->format, NULL);
    e->packet = av_packet_alloc();
    return e->video && e->packet ? OMMA_OK : omma_fail(OMMA_NO_MEMORY, "no memory for encoding");
}

omma_error omma_encoder_open(omma_encoder **out, const char *path,
                             const omma_encoder_options *options)
{
    const char *muxer = muxer_of(path);
    if (!muxer)
        return omma_fail(OMMA_UNSUPPORTED, "%s: videos are written as .mp4, .mkv or .h264", path);
    if (options->width < 2 || options->height < 2 || options->width > 16384 ||
        options->height > 16384 || options->width % 2 || options->height % 2)
        return omma_fail(OMMA_INVALID,
                         "%s: a video of %d x %d px: even sizes from 2 to 16384 are "
                         "possible",
                         path, options->width, options->height);
    av_log_set_level(AV_LOG_QUIET); /* what matters comes back as an error */
    omma_encoder *e = omma_new(omma_encoder);
    e->path = omma_text("%s", path);
    e->options = *options;
    omma_error err = find_encoder(e, muxer);
    if (!err)
        err = create_part(e);
    if (!err)
        err = open_muxer(e, muxer);
    if (err)
        omma_encoder_abort(&e);
    else
        *out = e;
    return err;
}

/* ----------------------------------------------------------------------------------- writing */

static bool is_raw(const omma_encoder *e)
{
    return (e->format->oformat->flags & AVFMT_NOTIMESTAMPS) != 0;
}

static void configure(omma_encoder *e)
{
    const omma_encoder_options *o = &e->options;
    AVCodecContext *c = e->codec;
    char crf[16];
    snprintf(crf, sizeof(crf), "%d", o->crf ? o->crf : DEFAULT_CRF);
    av_opt_set(c->priv_data, "preset", "fast", 0);
    av_opt_set(c->priv_data, "crf", crf, 0);
    if (e->encoder->id == AV_CODEC_ID_MPEG4) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = 2 * FF_QP2LAMBDA;
    }
    c->width = o->width;
    c->height = o->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->color_range = e->colours.limited_range ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
    c->colorspace = e->colours.matrix == OMMA_MATRIX_BT709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    c->framerate = av_d2q(o->rate > 0 ? o->rate : DEFAULT_RATE, 100000);
    if (is_raw(e)) /* what stands in the stream is all that a reader will know */
        c->time_base = av_inv_q(c->framerate);
    else if (e->encoder->id == AV_CODEC_ID_MPEG4) /* has 16 bits for its clock */
        c->time_base = (AVRational){1, 60000};
    else
        c->time_base = (AVRational){1, TICKS};
    if (e->format->oformat->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

static int write_rotation(omma_encoder *e)
{
    if (e->options.rotation_degrees == 0)
        return 0;
    uint8_t *matrix =
        av_stream_new_side_data(e->video, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
    if (!matrix)
        return AVERROR(ENOMEM);
    av_display_rotation_set((int32_t *)matrix, e->options.rotation_degrees);
    return 0;
}

static omma_error begin(omma_encoder *e, const omma_frame *f)
{
    bool yuv = f->format == OMMA_FORMAT_I420 || f->format == OMMA_FORMAT_NV12;
    e->colours.format = OMMA_FORMAT_I420;
    if (yuv) {
        e->colours.limited_range = f->limited_range;
        e->colours.matrix = f->matrix;
    } else if (f->format != OMMA_FORMAT_GRAY8) { /* what every player understands */
        e->colours.limited_range = true;
        e->colours.matrix = OMMA_MATRIX_BT709;
    }
    e->first_ns = f->time_ns;
    e->codec = avcodec_alloc_context3(e->encoder);
    if (!e->codec)
        return omma_fail(OMMA_NO_MEMORY, "no memory for encoding");
    configure(e);
    int status = avcodec_open2(e->codec, e->encoder, NULL);
    if (status < 0)
        return avframe_fail(status, "%s: cannot open the encoder %s", e->path, e->encoder->name);
    avcodec_parameters_from_context(e->video->codecpar, e->codec);
    e->video->time_base = e->codec->time_base;
    e->video->avg_frame_rate = e->codec->framerate;
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", "faststart", 0);
    status = write_rotation(e);
    if (status >= 0)
        status = avformat_write_header(e->format, &options);
    av_dict_free(&options);
    e->begun = status >= 0;
    return status < 0 ? avframe_fail(status, "cannot write %s", e->path) : OMMA_OK;
}

/* frame NULL: no more will come. */
static omma_error encode(omma_encoder *e, const AVFrame *frame)
{
    int status = avcodec_send_frame(e->codec, frame);
    while (status >= 0) {
        status = avcodec_receive_packet(e->codec, e->packet);
        if (status == AVERROR(EAGAIN) || status == AVERROR_EOF)
            return OMMA_OK;
        if (status < 0)
            break;
        av_packet_rescale_ts(e->packet, e->codec->time_base, e->video->time_base);
        e->packet->stream_index = e->video->index;
        status = av_interleaved_write_frame(e->format, e->packet);
    }
    return avframe_fail(status, "cannot write %s", e->path);
}

/* Files begin at 0: the times of a camera are years. */
static int64_t next_tick(const omma_encoder *e, int64_t time_ns)
{
    if (is_raw(e))
        return e->written ? e->last_tick + 1 : 0;
    AVRational ns = {1, 1000000000};
    return av_rescale_q(time_ns - e->first_ns, ns, e->codec->time_base);
}

static omma_error write_frame(omma_encoder *e, const omma_frame *f)
{
    if (f->width != e->options.width || f->height != e->options.height)
        return omma_fail(OMMA_INVALID, "%s: a frame of %d x %d px in a video of %d x %d", e->path,
                         f->width, f->height, e->options.width, e->options.height);
    omma_error err = e->begun ? OMMA_OK : begin(e, f);
    if (err)
        return err;
    AVFrame *frame = NULL;
    int64_t tick = next_tick(e, f->time_ns);
    if (e->written && tick <= e->last_tick)
        return omma_fail(OMMA_INVALID, "%s: a frame's time is not later than the one before",
                         e->path);
    err = exchange_to_avframe(&frame, f, &e->colours);
    if (err)
        return err;
    frame->format = AV_PIX_FMT_YUV420P;
    frame->pts = e->last_tick = tick;
    e->written = true;
    err = encode(e, frame);
    av_frame_free(&frame);
    return err;
}

omma_error omma_encoder_write(omma_encoder *e, const omma_frame *f)
{
    if (e->failed == OMMA_OK)
        e->failed = write_frame(e, f);
    return e->failed;
}

static omma_error finish(omma_encoder *e)
{
    if (!e->begun)
        return omma_fail(OMMA_INVALID, "%s: a video without frames is not written", e->path);
    omma_error err = encode(e, NULL);
    if (err)
        return err;
    int status = av_write_trailer(e->format);
    int closed = avio_closep(&e->format->pb);
    if (status >= 0)
        status = closed;
    return status < 0 ? avframe_fail(status, "cannot write %s", e->path) : publish(e);
}

omma_error omma_encoder_close(omma_encoder **encoder)
{
    omma_encoder *e = *encoder;
    omma_error err = e->failed ? e->failed : finish(e);
    omma_encoder_abort(encoder);
    return err;
}
