/* SPDX-License-Identifier: Apache-2.0 */
#include "output_name.h"

#include <omma/base.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The last part of a path that is a name and not a pattern; its length in *length. */
static const char *last_part(const char *path, size_t *length)
{
    size_t end = strlen(path);

    for (;;) {
        while (end > 0 && path[end - 1] == '/')
            end--;
        size_t begin = end;
        while (begin > 0 && path[begin - 1] != '/')
            begin--;
        *length = end - begin;
        bool pattern = memchr(path + begin, '*', *length) || memchr(path + begin, '?', *length) ||
                       memchr(path + begin, '[', *length);
        if (!pattern || begin == 0)
            return path + begin;
        end = begin;
    }
}

char *output_name(const char *input)
{
    size_t colon = strcspn(input, ":");
    bool scheme = input[colon] && strcspn(input, "/") > colon;
    char *path = omma_text("%s", input + (scheme ? colon + 1 : 0));
    size_t length, kept = 0;

    if (scheme)
        path[strcspn(path, "?#")] = 0;
    const char *part = last_part(path, &length);
    char *name = omma_text("%.*s", (int)(length > 100 ? 100 : length), part);
    free(path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name && strlen(dot) <= 5)
        *dot = 0;
    for (const char *c = name; *c; c++)
        if (isalnum((unsigned char)*c) || strchr("._-", *c) || (unsigned char)*c >= 0x80)
            name[kept++] = *c;
    name[kept] = 0;
    const char *body = name + strspn(name, ".-");
    char *out = omma_text("%s-omma", body[0] ? body : strcmp(input, "-") == 0 ? "stdin" : "input");
    free(name);
    return out;
}
