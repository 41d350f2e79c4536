/* SPDX-License-Identifier: Apache-2.0 */
/** Whether somebody no longer wants what is being made: the callback of an options struct. */
#pragma once

#include <omma/base.h>

typedef struct map_stop {
    bool (*asked)(void *user); /* NULL = never */
    void *user;
} map_stop;

static inline bool map_stopped(const map_stop *s)
{
    return s && s->asked && s->asked(s->user);
}

/** Between two steps: OMMA_INTERRUPTED in the place of OMMA_OK. */
static inline omma_error map_stop_check(const map_stop *s, omma_error err)
{
    return !err && map_stopped(s) ? omma_fail(OMMA_INTERRUPTED, "stopped: nothing was written")
                                  : err;
}
