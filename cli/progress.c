/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR 20

static int columns(void)
{
    struct winsize size = {0};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static const char *status_color(omma_status status)
{
    if (status == OMMA_STATUS_LOST)
        return "\033[31m";
    return status == OMMA_STATUS_TRACKING || status == OMMA_STATUS_RELOCALISED ? "\033[32m"
                                                                               : "\033[33m";
}

/* "[=======             ]  35%  ", or nothing when nobody knows how many frames will come. */
static void bar(const omma_progress *p, char *text, size_t bytes)
{
    text[0] = 0;
    if (!p->expected)
        return;
    double share = (double)p->frames / (double)p->expected;
    int filled = share >= 1 ? BAR : (int)(share * BAR);
    snprintf(text, bytes, "[%.*s%*s] %3.0f%%  ", filled, "====================", BAR - filled, "",
             share >= 1 ? 100 : share * 100);
}

void console_progress(void *user, const omma_progress *p)
{
    console *c = user;
    char shape[64], numbers[200];
    const char *status = omma_status_name(p->status);

    if (!c->live)
        return;
    bar(p, shape, sizeof(shape));
    snprintf(numbers, sizeof(numbers),
             "  %.1f/s  %" PRIu64 " frames  %" PRIu64 " keyframes  %" PRIu64 " points",
             p->frames_per_s, p->frames, p->keyframes, p->points);
    /* A line that wraps cannot be redrawn: what does not fit is left out. */
    int left = columns() - 1 - (int)strlen(shape) - (int)strlen(status);
    char *line = omma_text("%s%s%s%s%.*s", shape, c->color ? status_color(p->status) : "", status,
                           c->color ? "\033[0m" : "", left > 0 ? left : 0, numbers);
    console_line(c, line);
    free(line);
}
