/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void erase_line(console *c)
{
    if (c->line_shown)
        fputs("\r\033[K", stderr);
    c->line_shown = false;
}

static const char *paint(const console *c, const char *color)
{
    return c->color ? color : "";
}

static void write_message(void *user, omma_log_level level, const char *module, const char *text)
{
    console *c = user;
    static const char *const name[] = {"error: ", "warning: ", "", "", ""};
    static const char *const color[] = {"\033[31m", "\033[33m", "", "\033[2m", "\033[2m"};
    const char *end = color[level][0] ? "\033[0m" : "";

    pthread_mutex_lock(&c->mutex);
    erase_line(c);
    if (level >= OMMA_LOG_DEBUG)
        fprintf(stderr, "%s%s: %s%s\n", paint(c, color[level]), module, text, paint(c, end));
    else
        fprintf(stderr, "omma: %s%s%s%s\n", paint(c, color[level]), name[level], paint(c, end),
                text);
    pthread_mutex_unlock(&c->mutex);
}

void console_init(console *c, const invocation *call, bool json)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    int level = OMMA_LOG_INFO + call->common.verbose;

    *c = (console){.quiet = call->common.quiet, .json = json};
    c->live = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0) && !c->quiet;
    c->color = c->live && !(no_color && no_color[0]);
    c->log = (omma_log){.write = write_message,
                        .user = c,
                        .level = c->quiet                 ? OMMA_LOG_ERROR
                                 : level > OMMA_LOG_TRACE ? OMMA_LOG_TRACE
                                                          : (omma_log_level)level};
    pthread_mutex_init(&c->mutex, NULL);
}

void console_finish(console *c)
{
    console_line(c, "");
    pthread_mutex_destroy(&c->mutex);
}

void console_line(console *c, const char *text)
{
    if (!c->live)
        return;
    pthread_mutex_lock(&c->mutex);
    erase_line(c);
    fputs(text, stderr);
    fflush(stderr);
    c->line_shown = text[0] != 0;
    pthread_mutex_unlock(&c->mutex);
}

void console_say(console *c, const char *format, ...)
{
    va_list arguments;

    if (c->quiet)
        return;
    pthread_mutex_lock(&c->mutex);
    erase_line(c);
    va_start(arguments, format);
    fputs("omma: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    pthread_mutex_unlock(&c->mutex);
}

void console_print(const cJSON *object)
{
    char *text = cJSON_Print(object), *valid = omma_text_utf8(text);
    puts(valid);
    free(text);
    free(valid);
}

int console_fail(console *c, exit_code code, const char *why)
{
    char *text = omma_text("%s", why ? why : omma_why());

    if (c->json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "error", text);
        cJSON_AddNumberToObject(object, "exit", code);
        console_print(object);
        cJSON_Delete(object);
    }
    write_message(c, OMMA_LOG_ERROR, "cli", text);
    free(text);
    return code;
}
