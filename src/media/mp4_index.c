/* SPDX-License-Identifier: Apache-2.0 */
#include "mp4_index.h"

#include <libavutil/intreadwrite.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_BOXES 64 /* on the top of a file; usual are four */

static bool is_box(const uint8_t *head, const char *type)
{
    return memcmp(head + 4, type, 4) == 0;
}

static size_t head_bytes(const uint8_t *head)
{
    return AV_RB32(head) == 1 ? 16 : 8;
}

/* With its head; 0: up to the end of the file. */
static uint64_t box_bytes(const uint8_t *head)
{
    return AV_RB32(head) == 1 ? AV_RB64(head + 8) : AV_RB32(head);
}

/* QuickTime's own files may begin without ftyp. */
static bool is_first_box(const uint8_t *head)
{
    return is_box(head, "ftyp") || is_box(head, "wide") || is_box(head, "mdat");
}

static void look_at_box(mp4_scan *s, uint64_t least_bytes)
{
    uint64_t bytes = box_bytes(s->head);

    s->begun = s->begun || is_first_box(s->head);
    s->index_is_last = s->begun && is_box(s->head, "mdat") && (bytes == 0 || bytes > least_bytes);
    s->ended = !s->begun || s->index_is_last || is_box(s->head, "moov") || bytes < s->have;
    s->skip = s->ended ? 0 : bytes - s->have;
    s->have = 0;
}

void mp4_scan_feed(mp4_scan *s, const uint8_t *bytes, size_t n, uint64_t least_bytes)
{
    while (n > 0 && !s->ended) {
        size_t step = s->skip < n ? (size_t)s->skip : n;
        if (s->skip > 0) {
            s->skip -= step;
        } else {
            s->head[s->have++] = *bytes;
            step = 1;
            if (s->have >= 8 && s->have == head_bytes(s->head))
                look_at_box(s, least_bytes);
        }
        bytes += step;
        n -= step;
    }
}

bool mp4_lacks_index(const char *path)
{
    uint8_t head[16];
    int64_t at = 0;
    bool is_mp4 = false, found = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    for (int i = 0; fd >= 0 && i < MAX_BOXES && pread(fd, head, sizeof(head), at) == sizeof(head);
         i++) {
        uint64_t bytes = box_bytes(head);
        is_mp4 = is_mp4 || is_box(head, "ftyp");
        found = found || is_box(head, "moov");
        if (!is_mp4 || bytes < 8 || bytes > (uint64_t)(INT64_MAX - at))
            break;
        at += (int64_t)bytes;
    }
    if (fd >= 0)
        close(fd);
    return is_mp4 && !found;
}
