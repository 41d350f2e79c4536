/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include "mp4_index.h"

#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES (64 << 10)
#define WAIT_MS      100

typedef struct pipe_reader {
    int fd;
    const atomic_bool *stopped;
    mp4_scan scan;
} pipe_reader;

/* FFmpeg would read to the end, and then take every picture for damaged. What fits into its buffer
 * it can go back to. */
static int check_index(pipe_reader *r, const uint8_t *bytes, int n)
{
    mp4_scan_feed(&r->scan, bytes, (size_t)n, BUFFER_BYTES);
    return r->scan.index_is_last ? AVERROR_INVALIDDATA : n;
}

static int read_packet(void *user, uint8_t *to, int bytes)
{
    pipe_reader *r = user;
    for (;;) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        if (atomic_load_explicit(r->stopped, memory_order_relaxed))
            return AVERROR_EXIT;
        int ready = poll(&p, 1, WAIT_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t got = ready < 0 ? -1 : read(r->fd, to, (size_t)bytes);
        if (got > 0)
            return check_index(r, to, (int)got);
        if (got == 0)
            return AVERROR_EOF;
        if (errno != EINTR && errno != EAGAIN)
            return AVERROR(errno);
    }
}

omma_error pipe_open(AVIOContext **out, int fd, const atomic_bool *stopped)
{
    pipe_reader *r = omma_new(pipe_reader);
    *r = (pipe_reader){.fd = fd, .stopped = stopped};
    unsigned char *buffer = av_malloc(BUFFER_BYTES);
    *out = buffer ? avio_alloc_context(buffer, BUFFER_BYTES, 0, r, read_packet, NULL, NULL) : NULL;
    if (*out)
        return OMMA_OK;
    av_free(buffer);
    free(r);
    return omma_fail(OMMA_NO_MEMORY, "no memory for reading standard input");
}

bool pipe_index_is_last(const AVIOContext *io)
{
    const pipe_reader *r = io ? io->opaque : NULL;
    return r && r->scan.index_is_last;
}

void pipe_close(AVIOContext **io)
{
    if (!*io)
        return;
    free((*io)->opaque);
    av_freep(&(*io)->buffer);
    avio_context_free(io);
}
