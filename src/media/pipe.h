/* SPDX-License-Identifier: Apache-2.0 */
/* An open file descriptor as FFmpeg input that can be stopped while it waits for bytes. */
#pragma once

#include <omma/base.h>

#include <stdatomic.h>

struct AVIOContext;

/** @param fd stays the caller's; stopped is read while waiting. Given: pipe_close. */
omma_error pipe_open(struct AVIOContext **out, int fd, const atomic_bool *stopped);
/** Whether reading ended because an MP4 came whose index is behind its pictures. NULL: no. */
bool pipe_index_is_last(const struct AVIOContext *io);
void pipe_close(struct AVIOContext **io);
