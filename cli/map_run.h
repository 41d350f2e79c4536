/* SPDX-License-Identifier: Apache-2.0 */
/* Running a session from the command line: what omma map and omma demo share. */
#pragma once

#include "console.h"

/* Runs s until its end or Ctrl-C, writes its files when there is anything to write, and says what
 * went wrong. *written says whether files are there. @return the exit code. */
int map_run(console *c, omma_session *s, const char *input, const omma_outputs *outputs,
            bool *written);

/* A few lines for people: what the report says. more: names of further files that were written,
 * NULL at the end; may be NULL. */
void map_summary(const char *report, const char *folder, const char *const *more);

/* report with "output" added: the folder and the names in it. Given: free(). */
char *map_report_json(const char *report, const char *folder, const char *const *more);
