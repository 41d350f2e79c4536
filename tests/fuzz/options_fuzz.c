/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a command line, separated by newlines; the first one chooses the command. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text, *word;
    char *words[MOST_WORDS];
    int count = 0;
    invocation call;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    while (count < MOST_WORDS && (word = strsep(&rest, "\n")))
        words[count++] = word;
    const command *c = find_command(words[0]);
    if (!c)
        c = &command_map;
    if (invocation_parse(&call, c, count - 1, words + 1) == OMMA_OK) {
        if (!call.common.help && (call.count < c->least || call.count > c->most))
            abort();
        invocation_finish(&call);
    }
    free(text);
    return 0;
}
