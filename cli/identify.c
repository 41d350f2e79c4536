/* SPDX-License-Identifier: Apache-2.0 */
#include "identify.h"

#include <omma/geometry.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LINE 200

/* The next line without its end in line; false at the end of the text. Longer lines are cut. */
static bool next_line(const char **text, const char *end, char line[MOST_LINE])
{
    if (*text >= end)
        return false;
    const char *stop = memchr(*text, '\n', (size_t)(end - *text));
    size_t length = (size_t)((stop ? stop : end) - *text), kept = length;

    if (kept > MOST_LINE - 1)
        kept = MOST_LINE - 1;
    memcpy(line, *text, kept);
    line[kept] = 0;
    line[strcspn(line, "\r")] = 0;
    *text += length + (stop != NULL);
    return true;
}

/* How many numbers a line holds; -1 when there is anything else. */
static int count_numbers(char *line)
{
    int count = 0;
    char *rest = line, *word, *end;

    while ((word = strsep(&rest, " \t,;"))) {
        if (!*word)
            continue;
        if (*word == '#')
            return count;
        strtod(word, &end);
        if (end == word || *end)
            return -1;
        count++;
    }
    return count;
}

static bool is_text(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 32 && !isspace(c))
            return false;
    }
    return bytes > 0;
}

/* Lines of eight numbers are a trajectory; one alone could also be a camera, and that is what it
 * is. A few numbers that are no camera are taken for one, so that it is said what is wrong with
 * them. */
static file_kind identify_numbers(const char *text, size_t bytes, bool whole)
{
    const char *at = text, *end = text + bytes;
    char line[MOST_LINE];
    int eights = 0, total = 0, lines = 0, n = 0;
    omma_camera camera;

    while (lines < 50 && (n >= 0 || lines) && next_line(&at, end, line)) {
        if (!whole && at >= end)
            break; /* the last line may be cut */
        n = count_numbers(line);
        eights += n == 8;
        total += n > 0 ? n : 0;
        lines += n > 0 || (n < 0 && lines);
    }
    if (eights && 2 * eights >= lines && (lines > 1 || !whole))
        return FILE_TRAJECTORY;
    if (whole && ((total >= 4 && total <= 12) || !omma_camera_parse(&camera, text, bytes)))
        return FILE_CAMERA;
    return FILE_OTHER;
}

file_kind identify(const char *text, size_t bytes, bool whole)
{
    size_t at = 0;

    if (bytes >= 4 && memcmp(text, "ply", 3) == 0 && (text[3] == '\n' || text[3] == '\r'))
        return FILE_PLY;
    if (bytes >= 8 && memcmp(text, "\x89OMMA\r\n\x1a", 8) == 0)
        return FILE_MAP;
    if (!is_text(text, bytes))
        return FILE_OTHER;
    while (at < bytes && isspace((unsigned char)text[at]))
        at++;
    if (at < bytes && text[at] == '{')
        return FILE_JSON;
    return identify_numbers(text, bytes, whole);
}

static void append(char *text, size_t bytes, const char *separator, const char *more)
{
    size_t n = strlen(text);
    snprintf(text + n, bytes - n, "%s%s", n ? separator : "", more);
}

/* One header line; in_vertex: properties belong to the vertices. */
static omma_error parse_line(ply_header *h, const char *line, bool *in_vertex)
{
    char name[64], type[64];
    uint64_t count;
    int end = 0;

    if (sscanf(line, "format %31[^\n]", h->format) == 1)
        return OMMA_OK;
    if (strncmp(line, "comment ", 8) == 0 || strncmp(line, "obj_info ", 9) == 0) {
        append(h->comments, sizeof(h->comments), "\n", strchr(line, ' ') + 1);
        return OMMA_OK;
    }
    if (sscanf(line, "element %63s %19[0-9]%n", name, type, &end) == 2) {
        count = strtoull(type, NULL, 10);
        *in_vertex = strcmp(name, "vertex") == 0;
        if (*in_vertex)
            h->vertices = count;
        else if (strcmp(name, "face") == 0)
            h->faces = count;
        return OMMA_OK;
    }
    if (strncmp(line, "property list ", 14) == 0)
        return OMMA_OK;
    if (sscanf(line, "property %63s %63s", type, name) == 2) {
        if (*in_vertex)
            append(h->properties, sizeof(h->properties), " ", name);
        return OMMA_OK;
    }
    return omma_fail(OMMA_FORMAT, "PLY: the header line \"%.60s\" is not known", line);
}

omma_error ply_header_parse(ply_header *out, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes;
    char line[MOST_LINE];
    bool in_vertex = false;
    ply_header h = {0};

    if (!next_line(&at, end, line) || strcmp(line, "ply") != 0)
        return omma_fail(OMMA_FORMAT, "PLY: the file does not begin with \"ply\"");
    while (next_line(&at, end, line)) {
        if (strcmp(line, "end_header") == 0) {
            if (!h.format[0])
                return omma_fail(OMMA_FORMAT, "PLY: the header has no format line");
            h.bytes = (size_t)(at - text);
            *out = h;
            return OMMA_OK;
        }
        omma_error err = parse_line(&h, line, &in_vertex);
        if (err)
            return err;
    }
    return omma_fail(OMMA_FORMAT, "PLY: the header does not end within %zu bytes", bytes);
}
