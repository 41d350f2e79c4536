/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees while a command runs: messages and one line of progress, all on standard
 * error. Standard output belongs to results.
 */
#pragma once

#include <omma/pipeline.h>

#include "exit_code.h"
#include "options.h"

#include <cjson/cJSON.h>

#include <pthread.h>

typedef struct console {
    omma_log log; /* writes here; give &console.log to the library */
    bool quiet, json;
    bool live;  /* standard error is a terminal that can redraw a line */
    bool color; /* ... and colours are wanted (NO_COLOR) */
    bool line_shown;
    pthread_mutex_t mutex; /* the decoder's thread logs too */
} console;

void console_init(console *c, const invocation *call, bool json);
void console_finish(console *c);

/* The line of progress, in the place of the one before; "" removes it. */
void console_line(console *c, const char *text);
/* A message of the command itself, unless quiet. */
void console_say(console *c, const char *format, ...) OMMA_PRINTF(2, 3);

/* Says why (omma_why() when NULL) and returns code; with --json also prints {"error", "exit"}. */
int console_fail(console *c, exit_code code, const char *why);

/* The result of --json, on standard output. */
void console_print(const cJSON *object);

/* An omma_session_options.progress with a console as user: redraws the line. */
void console_progress(void *user, const omma_progress *p);
