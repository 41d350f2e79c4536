/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C, SIGTERM and SIGHUP. The first asks the session to stop, so that the map so far can be
 * written; the second takes away what would be left over and ends the program at once, or, while
 * files are being written, makes the writer take back what it has written so far.
 */
#pragma once

#include <omma/pipeline.h>

/* From now on signals stop this session (NULL: only remembered). */
void interrupt_watch(omma_session *s);
/* Files are being written: a second signal is remembered too instead of ending the program. */
void interrupt_set_writing(bool writing);
/* What a second signal takes away: paths of files and then of empty folders, NULL at the end, which
 * live as long as the program or until this is called with NULL. */
void interrupt_set_leftovers(const char *const *paths);
/* The first signal that came, 0 when none. */
int interrupt_signal(void);
/* The same as the stop of omma_fuse_options and omma_mesh_options asks it. */
bool interrupt_asked(void *unused);
/* 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
int interrupt_exit_code(void);
