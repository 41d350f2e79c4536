/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "media"
#include "source.h"

#include "url.h"

#include <libavutil/log.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUDGE_NS 1000

struct omma_source {
    source_backend backend;
    omma_source_info info;
    const omma_log *log;
    atomic_bool stopped;
    uint64_t skip, limit, step;
    uint64_t given;
    int64_t last_ns;
    bool nudged;
};

static omma_error check_options(const omma_source_options *o)
{
    if (o->width < 0 || o->height < 0 || o->width > 16384 || o->height > 16384)
        return omma_fail(OMMA_INVALID,
                         "a wished size of %d x %d px: between 1 and 16384 are possible", o->width,
                         o->height);
    if (!(o->rate >= 0 && o->rate <= 1000000))
        return omma_fail(OMMA_INVALID, "a rate of %g frames per second is not possible", o->rate);
    return OMMA_OK;
}

static omma_error open_backend(omma_source *s, const char *url, const omma_source_options *options)
{
    source_context context = {.options = options, .log = s->log, .stopped = &s->stopped};
    switch (url_classify(url)) {
    case URL_SYNTHETIC:
        return scene_open(&s->backend, &s->info, url + strlen("synthetic:"), options);
    case URL_FOLDER:
    case URL_GLOB:
    case URL_PICTURE:
        return pictures_open(&s->backend, &s->info, url, &context);
    case URL_UNKNOWN:
        return omma_fail(OMMA_UNSUPPORTED,
                         "%s: unknown kind of address: rtsp, rtsps, http, https, rtmp, rtp, udp, "
                         "tcp, srt, synthetic:, x11:, a file or a folder are possible",
                         url);
    default:
        return stream_open(&s->backend, &s->info, url, &context);
    }
}

/* How many frames to expect after skip, step and limit. */
static uint64_t expected_frames(const omma_source *s)
{
    uint64_t n = s->info.frames;
    if (n)
        n = n > s->skip ? (n - s->skip + s->step - 1) / s->step : 0;
    return s->limit && (n == 0 || n > s->limit) ? s->limit : n;
}

omma_error omma_source_open(omma_source **out, const char *url, const omma_source_options *options,
                            const omma_log *log)
{
    static const omma_source_options defaults;
    if (!options)
        options = &defaults;
    if (!url || !*url)
        return omma_fail(OMMA_INVALID, "no source is named");
    omma_error err = check_options(options);
    if (err)
        return err;

    /* FFmpeg would print: what matters comes back as an error, with our words. */
    av_log_set_level(AV_LOG_QUIET);
    omma_source *s = omma_new(omma_source);
    s->log = log;
    s->skip = options->skip;
    s->limit = options->limit;
    s->step = options->step ? options->step : 1;
    atomic_init(&s->stopped, false);
    err = open_backend(s, url, options);
    if (err) {
        free(s);
        return err;
    }
    s->info.frames = expected_frames(s);
    omma_debug(log, "%s: %s, %d x %d px, %.4g frames per second, %" PRIu64 " frames", url,
               s->info.description, s->info.width, s->info.height, s->info.rate, s->info.frames);
    *out = s;
    return OMMA_OK;
}

void omma_source_close(omma_source **source)
{
    omma_source *s = source ? *source : NULL;
    if (!s)
        return;
    s->backend.close(s->backend.self);
    free(s);
    *source = NULL;
}

const omma_source_info *omma_source_get_info(const omma_source *s)
{
    return &s->info;
}

void omma_source_stop(omma_source *s)
{
    atomic_store_explicit(&s->stopped, true, memory_order_relaxed);
}

uint64_t omma_source_damaged(const omma_source *s)
{
    return s->backend.damaged ? s->backend.damaged(s->backend.self) : 0;
}

static omma_error pass_over(omma_source *s, uint64_t n)
{
    omma_error err = OMMA_OK;
    if (n && s->backend.skip)
        return s->backend.skip(s->backend.self, n);
    for (omma_frame *frame; n && !err; n--) {
        frame = NULL;
        if (atomic_load_explicit(&s->stopped, memory_order_relaxed))
            return OMMA_INTERRUPTED;
        err = s->backend.read(s->backend.self, &frame);
        omma_frame_unref(&frame);
    }
    return err;
}

/* Consumers divide by time differences. */
static void keep_increasing(omma_source *s, omma_frame *frame)
{
    if (s->given && frame->time_ns <= s->last_ns) {
        if (!s->nudged)
            omma_warn(s->log,
                      "frame %" PRIu64 ": its time is not later than the one before: such "
                      "times are moved to 1 us behind it",
                      frame->index);
        s->nudged = true;
        frame->time_ns = s->last_ns + NUDGE_NS;
    }
    s->last_ns = frame->time_ns;
}

omma_error omma_source_read(omma_source *s, omma_frame **out)
{
    if (s->limit && s->given == s->limit)
        return OMMA_END;
    omma_error err = pass_over(s, s->given ? s->step - 1 : s->skip);
    if (!err && atomic_load_explicit(&s->stopped, memory_order_relaxed))
        err = OMMA_INTERRUPTED;
    omma_frame *frame = NULL;
    if (!err)
        err = s->backend.read(s->backend.self, &frame);
    if (err == OMMA_INTERRUPTED)
        return omma_fail(err, "stopped");
    if (err)
        return err;
    keep_increasing(s, frame);
    s->given++;
    *out = frame;
    return OMMA_OK;
}
