/* SPDX-License-Identifier: Apache-2.0 */
/* libavformat's side of a stream: opens what a URL names and gives its video packets. */
#pragma once

#include "source.h"
#include "url.h"

#include <libavformat/avformat.h>

typedef struct demux {
    AVFormatContext *format;
    AVIOContext *pipe; /* standard input, or NULL */
    AVStream *video;
    const atomic_bool *stopped;
    int64_t deadline_ns; /* when waiting ends, monotonic; 0 = never */
    int64_t patience_ns; /* how long one packet may take; 0 = for ever */
    url_kind kind;
    unsigned failures; /* in a row */
} demux;

/** @param d zeroed, and at the same place until demux_close: FFmpeg calls back into it. Close it
 * after a failure, too. */
omma_error demux_open(demux *d, const char *url, const source_context *context);
void demux_close(demux *d);

/** True when frames that are not taken are lost. */
bool demux_is_live(const demux *d);

/** The next packet of the video stream. @return 0; AVERROR_INVALIDDATA (something was damaged: go
 * on); AVERROR_EOF; AVERROR_EXIT (stopped); other AVERRORs end the stream. */
int demux_read(demux *d, AVPacket *packet);
