/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "media"
#include "demux.h"

#include "avframe.h"
#include "device.h"
#include "mp4_index.h"
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NETWORK_PATIENCE_NS (15 * INT64_C(1000000000))
#define LIVE_POLL_NS        2000000
/* Demuxers that lost their way say "invalid data" for ever. */
#define MAX_FAILURES 1000

static int should_stop(void *user)
{
    const demux *d = user;
    return atomic_load_explicit(d->stopped, memory_order_relaxed) ||
           (d->deadline_ns && omma_clock_now_ns() > d->deadline_ns);
}

/* Fails with the reason that a user can act on, where FFmpeg would say "invalid data". */
static omma_error check_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return omma_fail(OMMA_NOT_FOUND,
                         "cannot open %s: No such file or directory: check its spelling and folder",
                         path);
    if (fd < 0 && errno == EACCES)
        return omma_fail(OMMA_DENIED,
                         "cannot open %s: Permission denied: make it readable for you, or copy it",
                         path);
    if (fd < 0)
        return omma_fail_errno("cannot open %s", path);
    int status = fstat(fd, &st);
    close(fd);
    if (status == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
        return omma_fail(OMMA_FORMAT, "%s: the file is empty: was it copied completely?", path);
    return OMMA_OK;
}

/* What is opened, how it is called and with which options. */
typedef struct request {
    const AVInputFormat *format;
    char *address;
    AVDictionary *options;
} request;

static void set_capture_options(request *r, const omma_source_options *o)
{
    char text[64];
    if (o->width && o->height) {
        snprintf(text, sizeof(text), "%dx%d", o->width, o->height);
        av_dict_set(&r->options, "video_size", text, 0);
    }
    if (o->rate > 0) {
        snprintf(text, sizeof(text), "%g", o->rate);
        av_dict_set(&r->options, "framerate", text, 0);
    }
}

static void set_network_options(request *r)
{
    av_dict_set(&r->options, "rtsp_flags", "prefer_tcp", 0); /* UDP loses packets silently */
    av_dict_set(&r->options, "reconnect", "1", 0);
    av_dict_set(&r->options, "reconnect_streamed", "1", 0);
    av_dict_set(&r->options, "reconnect_delay_max", "5", 0);
}

static omma_error prepare_device(request *r, const char *format, const omma_source_options *o)
{
    if (o->format && *o->format)
        av_dict_set(&r->options, "input_format", o->format, 0);
    set_capture_options(r, o);
    return device_find(&r->format, format);
}

static omma_error find_format(request *r, const char *name)
{
    if (!name || !*name)
        return OMMA_OK;
    r->format = av_find_input_format(name);
    if (!r->format)
        return omma_fail(OMMA_UNSUPPORTED,
                         "FFmpeg knows no format \"%s\": \"ffmpeg -demuxers\" lists them", name);
    return OMMA_OK;
}

static omma_error prepare(demux *d, request *r, const char *url, const omma_source_options *o)
{
    omma_error err = OMMA_OK;
    struct stat st;
    switch (d->kind) {
    case URL_CAMERA:
        r->address = omma_text("%s", url);
        err = check_file(url);
        return err ? err : prepare_device(r, "v4l2", o);
    case URL_SCREEN:
        r->address = omma_text("%s", url + strlen("x11:"));
        return prepare_device(r, "x11grab", o);
    case URL_STDIN:; /* a file behind "<" can be sought in, as an MP4 with a late index needs */
        const bool is_file =
            fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) && access("/dev/stdin", R_OK) == 0;
        r->address = omma_text("%s", is_file ? "file:/dev/stdin" : "standard input");
        err = find_format(r, o->format);
        return err || is_file ? err : pipe_open(&d->pipe, STDIN_FILENO, d->stopped);
    case URL_NETWORK:
        r->address = omma_text("%s", url);
        set_network_options(r);
        return find_format(r, o->format);
    default:
        /* "file:" keeps a colon in a file name from being taken for a protocol. */
        r->address = omma_text("file:%s", url);
        err = check_file(url);
        return err ? err : find_format(r, o->format);
    }
}

static void be_patient(demux *d)
{
    d->deadline_ns = d->patience_ns ? omma_clock_now_ns() + d->patience_ns : 0;
}

static bool is_stopped(const demux *d)
{
    return atomic_load_explicit(d->stopped, memory_order_relaxed);
}

static const char *advice(const demux *d, const char *url, int status)
{
    if (d->kind == URL_FILE && mp4_lacks_index(url))
        return "the index (moov) at its end is missing: the copy or the recording is incomplete";
    if (d->kind == URL_CAMERA)
        return "is another program using the camera, or does it not have this size or rate?";
    if (d->kind == URL_SCREEN)
        return "is there an X server of that name, and may we look at it?";
    if (d->kind == URL_NETWORK)
        return "check address, network and password";
    if (d->kind == URL_STDIN && (status == AVERROR_EOF || status == AVERROR_INVALIDDATA))
        return "is a video being written into the pipe, from its beginning? a raw stream needs its "
               "format by name";
    return "this is not a video that FFmpeg can read, or it is damaged at its beginning";
}

static omma_error open_format(demux *d, const char *url, const omma_source_options *o)
{
    request r = {0};
    omma_error err = prepare(d, &r, url, o);
    int status = 0;
    if (!err) {
        d->format = avformat_alloc_context();
        d->format->interrupt_callback = (AVIOInterruptCB){should_stop, d};
        d->format->pb = d->pipe;
        if (d->kind == URL_CAMERA)
            d->format->flags |= AVFMT_FLAG_NONBLOCK; /* its read cannot be interrupted */
        be_patient(d);
        status = avformat_open_input(&d->format, r.address, r.format, &r.options);
    }
    if (status < 0 && is_stopped(d))
        err = omma_fail(OMMA_INTERRUPTED, "%s: stopped while it was being opened", url);
    else if (status < 0 && pipe_index_is_last(d->pipe))
        err =
            omma_fail(OMMA_FORMAT,
                      "standard input: the index (moov) of this MP4 comes after its pictures, and "
                      "a pipe has no way back: give the file by its name, or pipe a copy made with "
                      "\"ffmpeg -i IN.mp4 -c copy -movflags +faststart OUT.mp4\"");
    else if (status < 0)
        err = avframe_fail(status, "%s: %s", url, advice(d, url, status));
    av_dict_free(&r.options);
    free(r.address);
    return err;
}

/* The video stream that FFmpeg finds best; a cover picture is none. */
static omma_error find_video(demux *d, const char *url)
{
    be_patient(d);
    int status = avformat_find_stream_info(d->format, NULL);
    if (is_stopped(d))
        return omma_fail(OMMA_INTERRUPTED, "%s: stopped while it was being opened", url);
    if (status == AVERROR_EXIT)
        return avframe_fail(status, "%s", url);
    int best = av_find_best_stream(d->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (best < 0 || (d->format->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) ||
        d->format->streams[best]->codecpar->codec_id == AV_CODEC_ID_ANSI)
        return omma_fail(OMMA_FORMAT, "%s: there is no video in it (FFmpeg takes it for %s)", url,
                         d->format->iformat->long_name ? d->format->iformat->long_name
                                                       : d->format->iformat->name);
    d->video = d->format->streams[best];
    for (unsigned i = 0; i < d->format->nb_streams; i++) {
        if ((int)i != best)
            d->format->streams[i]->discard = AVDISCARD_ALL;
    }
    return OMMA_OK;
}

omma_error demux_open(demux *d, const char *url, const source_context *context)
{
    d->kind = url_classify(url);
    d->stopped = context->stopped;
    d->patience_ns = d->kind == URL_NETWORK ? NETWORK_PATIENCE_NS : 0;
    omma_error err = open_format(d, url, context->options);
    return err ? err : find_video(d, url);
}

void demux_close(demux *d)
{
    avformat_close_input(&d->format);
    pipe_close(&d->pipe);
}

bool demux_is_live(const demux *d)
{
    return d->kind == URL_CAMERA || d->kind == URL_SCREEN ||
           (d->kind == URL_NETWORK && d->format->duration <= 0);
}

int demux_read(demux *d, AVPacket *packet)
{
    for (;;) {
        be_patient(d);
        int status = av_read_frame(d->format, packet);
        if (status == AVERROR(EAGAIN)) {
            if (should_stop(d))
                return AVERROR_EXIT;
            omma_sleep_until_ns(omma_clock_now_ns() + LIVE_POLL_NS);
            continue;
        }
        if (status == AVERROR_EXIT && !atomic_load_explicit(d->stopped, memory_order_relaxed))
            return AVERROR(ETIMEDOUT);
        if (status == AVERROR_INVALIDDATA && ++d->failures > MAX_FAILURES)
            return AVERROR_EOF;
        if (status < 0)
            return status;
        d->failures = 0;
        if (packet->stream_index == d->video->index)
            return 0;
        av_packet_unref(packet);
    }
}
