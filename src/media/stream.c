/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Files, pipes, network streams, cameras and screens as a source: demux, decode, rotate.
 *
 * What is damaged: a packet that the decoder refuses costs its frame; a frame that the decoder had
 * to mend (concealed blocks, missing references, a packet cut short) is not given either, for a
 * pose from invented pixels is worse than none. Both are counted. Later frames that only refer to a
 * mended one are given: waiting for the next keyframe would cost seconds of a good film. With
 * several threads FFmpeg 5.1 may hand out an H.264 frame before another thread marks it as mended,
 * so one is the default.
 */
#define OMMA_MODULE "media"
#include "avframe.h"
#include "demux.h"
#include "source.h"

#include <libavcodec/avcodec.h>
#include <libavutil/display.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE      16384
#define DEFAULT_RATE  30.0
#define MAX_RATE      1000.0 /* raw streams of variable rate claim their clock's */
#define NS_PER_SECOND INT64_C(1000000000)
#define MAX_WARNINGS  5

typedef struct stream {
    demux demux;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    avframe_converter converter;
    omma_pool *rotated; /* NULL until a frame must be rotated */
    const omma_log *log;
    int degrees_clockwise;
    int width, height; /* px, as coded */
    double rate;       /* frames per second, never 0 */
    bool timeless;     /* raw H.264 and the like: frame n is at n / rate */
    bool draining;
    uint64_t index, given, damaged;
    int64_t shift_ns; /* added to the stream's times after they jumped back */
    int64_t last_ns;
    omma_error ended; /* what every later read returns */
} stream;

static void stream_close(void *self)
{
    stream *s = self;
    avcodec_free_context(&s->codec);
    av_packet_free(&s->packet);
    av_frame_free(&s->frame);
    avframe_converter_finish(&s->converter);
    omma_pool_destroy(&s->rotated);
    demux_close(&s->demux);
    free(s);
}

static uint64_t stream_damaged(const void *self)
{
    const stream *s = self;
    return s->damaged;
}

static void count_damaged(stream *s, const char *what)
{
    s->damaged++;
    s->index++;
    if (s->damaged <= MAX_WARNINGS)
        omma_warn(s->log, "frame %" PRIu64 ": %s: left out", s->index - 1, what);
    else if (s->damaged == MAX_WARNINGS + 1)
        omma_warn(s->log, "more damaged frames: counted, no longer told");
}

/* ------------------------------------------------------------------------------------- times */

static int64_t period_ns(const stream *s)
{
    return llround((double)NS_PER_SECOND / s->rate);
}

/* The frame's own time; made from the rate where the stream has none (raw H.264). A jump back of
 * more than a second is a clock that began anew: the later part is put behind the earlier one. */
static int64_t frame_time(stream *s)
{
    int64_t pts = s->frame->best_effort_timestamp;
    if (s->timeless || (pts == AV_NOPTS_VALUE && s->given == 0))
        return llround((double)s->index * (double)NS_PER_SECOND / s->rate);
    if (pts == AV_NOPTS_VALUE)
        return s->last_ns + period_ns(s);
    AVRational ns = {1, (int)NS_PER_SECOND};
    int64_t time_ns = av_rescale_q(pts, s->demux.video->time_base, ns) + s->shift_ns;
    if (s->given && time_ns < s->last_ns - NS_PER_SECOND) {
        omma_warn(s->log,
                  "frame %" PRIu64 ": the clock jumped back by %.3f s: taken as a new start",
                  s->index, (double)(s->last_ns - time_ns) / (double)NS_PER_SECOND);
        int64_t shift = s->last_ns + period_ns(s) - time_ns;
        s->shift_ns += shift;
        time_ns += shift;
    }
    return time_ns;
}

/* ------------------------------------------------------------------------------------ frames */

static omma_error rotate(stream *s, omma_frame **frame)
{
    omma_frame *from = *frame, *to = NULL;
    bool sideways = s->degrees_clockwise != 180;
    omma_error err = OMMA_OK;
    if (!s->rotated)
        err = omma_pool_create(&s->rotated, from->format, sideways ? from->height : from->width,
                               sideways ? from->width : from->height);
    if (!err)
        err = omma_pool_get(s->rotated, &to);
    if (!err)
        err = omma_frame_rotate(to, from, s->degrees_clockwise);
    if (!err) {
        to->limited_range = from->limited_range;
        to->matrix = from->matrix;
    } else {
        omma_frame_unref(&to);
    }
    omma_frame_unref(frame);
    *frame = to;
    return err;
}

/* The decoded AVFrame as ours. */
static omma_error make_frame(stream *s, omma_frame **out)
{
    int width = s->frame->width, height = s->frame->height;
    if (s->width && (width != s->width || height != s->height))
        return omma_fail(OMMA_FORMAT,
                         "the size changes from %d x %d to %d x %d px at frame %" PRIu64
                         ": cut the video there and take the parts one by one",
                         s->width, s->height, width, height, s->index);
    int64_t time_ns = frame_time(s);
    omma_frame *frame = NULL;
    omma_error err = avframe_to_frame(&s->converter, &frame, s->frame);
    if (!err && s->degrees_clockwise)
        err = rotate(s, &frame);
    if (err)
        return err;
    frame->time_ns = s->last_ns = time_ns;
    frame->index = s->index++;
    s->given++;
    *out = frame;
    return OMMA_OK;
}

static bool is_damaged(const AVFrame *frame)
{
    return frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0;
}

/* Gives the decoder one packet, or tells it that there are no more. */
static omma_error feed(stream *s)
{
    int status = demux_read(&s->demux, s->packet);
    if (status == AVERROR_EXIT)
        return OMMA_INTERRUPTED;
    if (status == AVERROR_INVALIDDATA) {
        count_damaged(s, "damaged in the file");
        return OMMA_OK;
    }
    if (status < 0 && status != AVERROR_EOF && s->demux.kind != URL_FILE)
        return avframe_fail(status, "reading stopped after %" PRIu64 " frames", s->given);
    if (status < 0 && status != AVERROR_EOF)
        omma_warn(s->log, "reading stopped after %" PRIu64 " frames: %s", s->given,
                  av_err2str(status));
    if (status < 0) {
        s->draining = true;
        avcodec_send_packet(s->codec, NULL);
        return OMMA_OK;
    }
    status = avcodec_send_packet(s->codec, s->packet);
    av_packet_unref(s->packet);
    if (status == AVERROR(ENOMEM))
        return omma_fail(OMMA_NO_MEMORY, "no memory for decoding");
    if (status < 0)
        count_damaged(s, "it cannot be decoded");
    return OMMA_OK;
}

static omma_error decode_next(stream *s, omma_frame **out)
{
    for (;;) {
        omma_error err = OMMA_OK;
        int status = avcodec_receive_frame(s->codec, s->frame);
        if (status == AVERROR_EOF)
            return OMMA_END;
        if (status == AVERROR(EAGAIN) && s->draining)
            return OMMA_END;
        if (status == AVERROR(EAGAIN))
            err = feed(s);
        else if (status == AVERROR(ENOMEM))
            return omma_fail(OMMA_NO_MEMORY, "no memory for decoding");
        else if (status < 0)
            count_damaged(s, "it cannot be decoded");
        else if (is_damaged(s->frame))
            count_damaged(s, "it is damaged");
        else
            return make_frame(s, out);
        if (err)
            return err;
    }
}

/* An end without a single frame is none that anybody wanted. */
static omma_error end_without_frames(const stream *s)
{
    if (s->damaged)
        return omma_fail(OMMA_FORMAT,
                         "none of its %" PRIu64 " frames can be decoded: the video is damaged, or "
                         "was it cut off while it was copied?",
                         s->damaged);
    return omma_fail(OMMA_FORMAT, "there is not one frame in the video");
}

static omma_error stream_read(void *self, omma_frame **out)
{
    stream *s = self;
    if (s->ended == OMMA_OK)
        s->ended = decode_next(s, out);
    if (s->ended == OMMA_END && s->given == 0)
        s->ended = end_without_frames(s);
    return s->ended;
}

/* ----------------------------------------------------------------------------------- opening */

static omma_error open_decoder(stream *s, const char *url, const omma_source_options *options)
{
    const AVCodecParameters *parameters = s->demux.video->codecpar;
    const char *name = avcodec_get_name(parameters->codec_id);
    const AVCodec *decoder = avcodec_find_decoder(parameters->codec_id);
    if (!decoder)
        return omma_fail(OMMA_UNSUPPORTED,
                         "%s: this FFmpeg has no decoder for %s: convert the video to H.264", url,
                         name);
    s->codec = avcodec_alloc_context3(decoder);
    s->packet = av_packet_alloc();
    s->frame = av_frame_alloc();
    if (!s->codec || !s->packet || !s->frame)
        return omma_fail(OMMA_NO_MEMORY, "no memory for decoding");
    avcodec_parameters_to_context(s->codec, parameters);
    s->codec->pkt_timebase = s->demux.video->time_base;
    s->codec->thread_count = options->threads ? (int)options->threads : 1;
    s->codec->thread_type = FF_THREAD_FRAME; /* slices in threads switch error detection off */
    s->codec->max_pixels = (int64_t)MAX_SIDE * MAX_SIDE;
    int status = avcodec_open2(s->codec, decoder, NULL);
    if (status < 0)
        return avframe_fail(status, "%s: cannot open the decoder for %s", url, name);
    return OMMA_OK;
}

/* Quarter turns only: a camera that was held askew is no business of ours. */
static int find_rotation(const AVStream *video)
{
    size_t bytes = 0;
    const uint8_t *matrix = av_stream_get_side_data(video, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
    if (!matrix || bytes < 9 * sizeof(int32_t))
        return 0;
    double counter_clockwise = av_display_rotation_get((const int32_t *)matrix);
    if (isnan(counter_clockwise))
        return 0;
    return ((int)lround(-counter_clockwise / 90) % 4 + 4) % 4 * 90;
}

/* 0 when the stream does not know. */
static double find_rate(stream *s)
{
    AVRational rate = av_guess_frame_rate(s->demux.format, s->demux.video, NULL);
    if (rate.num <= 0 || rate.den <= 0)
        rate = s->codec->framerate;
    return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

static uint64_t expected_frames(const stream *s, double rate)
{
    const AVStream *video = s->demux.video;
    double seconds = 0;
    if (video->nb_frames > 0)
        return (uint64_t)video->nb_frames;
    if (video->duration > 0)
        seconds = (double)video->duration * av_q2d(video->time_base);
    else if (s->demux.format->duration > 0)
        seconds = (double)s->demux.format->duration / AV_TIME_BASE;
    double frames = seconds * rate;
    return frames >= 1 && frames < 1e15 ? (uint64_t)llround(frames) : 0;
}

static omma_error describe(stream *s, const char *url, const omma_source_options *options,
                           omma_source_info *info)
{
    const AVCodecParameters *parameters = s->demux.video->codecpar;
    if (parameters->width < 1 || parameters->height < 1)
        return omma_fail(
            OMMA_FORMAT,
            "%s: the size of its pictures cannot be found: it is cut off or damaged at "
            "its beginning",
            url);
    if (parameters->width > MAX_SIDE || parameters->height > MAX_SIDE)
        return omma_fail(OMMA_UNSUPPORTED, "%s: %d x %d px: at most %d are possible", url,
                         parameters->width, parameters->height, MAX_SIDE);
    double rate = find_rate(s);
    s->width = parameters->width;
    s->height = parameters->height;
    s->degrees_clockwise = find_rotation(s->demux.video);
    s->timeless = (s->demux.format->iformat->flags & AVFMT_NOTIMESTAMPS) != 0;
    if (s->timeless)
        rate = options->rate > 0              ? options->rate
               : rate > 0 && rate <= MAX_RATE ? rate
                                              : DEFAULT_RATE;
    s->rate = rate > 0 ? rate : DEFAULT_RATE;
    bool sideways = s->degrees_clockwise == 90 || s->degrees_clockwise == 270;
    *info = (omma_source_info){
        .width = sideways ? s->height : s->width,
        .height = sideways ? s->width : s->height,
        .rate = rate,
        .live = demux_is_live(&s->demux),
        .frames = demux_is_live(&s->demux) ? 0 : expected_frames(s, rate),
    };
    snprintf(info->description, sizeof(info->description), "%s in %s",
             avcodec_get_name(parameters->codec_id), s->demux.format->iformat->name);
    return OMMA_OK;
}

omma_error stream_open(source_backend *out, omma_source_info *info, const char *url,
                       const source_context *context)
{
    stream *s = omma_new(stream);
    s->log = context->log;
    omma_error err = demux_open(&s->demux, url, context);
    if (!err)
        err = open_decoder(s, url, context->options);
    if (!err)
        err = describe(s, url, context->options, info);
    if (err) {
        stream_close(s);
        return err;
    }
    *out = (source_backend){
        .self = s, .read = stream_read, .damaged = stream_damaged, .close = stream_close};
    return OMMA_OK;
}
