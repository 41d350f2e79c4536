/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder's thread and the queue between it and the tracker.
 *
 * The decoder is the only one that reads the source, and closes the queue when it is through. It
 * ends when the source does, or when pushing fails because the caller closed the queue. What it has
 * to say (decoder_error, decoder_why) is written before it closes the queue and read after a pop
 * returned OMMA_CLOSED, so the queue's lock orders both.
 */
#include "session.h"

#include <stdio.h>

#define AHEAD          4  /* frames decoded ahead of the tracker */
#define AHEAD_REALTIME 10 /* a third of a second: so long may a start or an adjustment take */
#define NAP_NS         20000000

static void release_frame(void *item)
{
    omma_frame *frame = item;
    omma_frame_unref(&frame);
}

/* A file in real time gives each frame when its moment has come. */
static void wait_for_moment(omma_session *s, int64_t moment_ns)
{
    while (!atomic_load(&s->stops)) {
        int64_t now = omma_clock_now_ns();
        if (now >= moment_ns)
            return;
        omma_sleep_until_ns(moment_ns - now > NAP_NS ? now + NAP_NS : moment_ns);
    }
}

/* Behind what a resumed map holds already. */
typedef struct shift {
    uint64_t index;
    int64_t ns;
} shift;

static shift shift_for(const omma_session *s, const omma_frame *first)
{
    if (!s->resumed.frames)
        return (shift){0, 0};
    return (shift){s->resumed.next_index - first->index, s->resumed.next_ns - first->time_ns};
}

static void decode(void *user)
{
    omma_session *s = user;
    int64_t cpu_ns = omma_clock_thread_ns(), first_ns = 0, start_ns = 0;
    bool paced = s->realtime && !omma_source_get_info(s->source)->live;
    omma_frame *frame = NULL;
    shift by = {0, 0};
    omma_error err;

    while ((err = omma_source_read(s->source, &frame)) == OMMA_OK) {
        if (!start_ns) {
            start_ns = omma_clock_now_ns();
            first_ns = frame->time_ns;
            by = shift_for(s, frame);
        }
        if (paced)
            wait_for_moment(s, start_ns + (frame->time_ns - first_ns));
        frame->index += by.index;
        frame->time_ns += by.ns;
        if (omma_queue_push(s->queue, frame) != OMMA_OK)
            break;
        frame = NULL;
    }
    s->decoder_error = err == OMMA_END ? OMMA_OK : err;
    if (s->decoder_error)
        snprintf(s->decoder_why, sizeof(s->decoder_why), "%s", omma_why());
    s->decoder_cpu_s = (double)(omma_clock_thread_ns() - cpu_ns) * 1e-9;
    omma_queue_close(s->queue);
}

omma_error feed_start(omma_session *s)
{
    s->queue =
        omma_queue_create(s->realtime ? AHEAD_REALTIME : AHEAD,
                          s->realtime ? OMMA_QUEUE_DROP_OLDEST : OMMA_QUEUE_WAIT, release_frame);
    return omma_thread_start(&s->decoder, "omma decoder", decode, s);
}

void feed_stop(omma_session *s)
{
    if (s->decoder) {
        omma_source_stop(s->source);
        omma_queue_close(s->queue);
        omma_thread_join(&s->decoder);
    }
    omma_queue_destroy(&s->queue);
}
