/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <stdio.h>

void omma_log_write(const omma_log *log, omma_log_level level, const char *module,
                    const char *format, ...)
{
    char text[1024]; /* longer messages are cut: a log line is for eyes */

    if (!log || !log->write || level > log->level)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    log->write(log->user, level, module, text);
}
