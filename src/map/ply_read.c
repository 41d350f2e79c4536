/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vertices of any PLY file: text or binary of either byte order, whatever else its elements
 * hold. Source: Turk, "The PLY polygon file format", 1994.
 */
#include <omma/map.h>

#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES      ((size_t)8 << 30)
#define MOST_LINE       1024
#define MOST_PROPERTIES 256

typedef enum ply_form { FORM_NONE, FORM_TEXT, FORM_LITTLE, FORM_BIG } ply_form;

typedef struct number_type {
    const char *name, *sized_name; /* both are in use */
    size_t bytes;
    char kind; /* 'i', 'u' or 'f' */
} number_type;

static const number_type types[] = {
    {"char", "int8", 1, 'i'},     {"uchar", "uint8", 1, 'u'},    {"short", "int16", 2, 'i'},
    {"ushort", "uint16", 2, 'u'}, {"int", "int32", 4, 'i'},      {"uint", "uint32", 4, 'u'},
    {"float", "float32", 4, 'f'}, {"double", "float64", 8, 'f'},
};

typedef struct ply_property {
    const number_type *type, *list; /* list: of the count, NULL for a single number */
    int axis;                       /* 0 1 2 of a vertex, -1 for all else */
} ply_property;

typedef struct ply_element {
    uint64_t count;
    bool vertex;
    ply_property properties[MOST_PROPERTIES];
    size_t property_count;
} ply_element;

typedef struct ply_parser {
    omma_byte_reader in;
    ply_form form;
    ply_element *elements; /* up to the vertices; what follows does not matter */
    size_t count;
    bool complete; /* the vertices are among them */
} ply_parser;

/* ----------------------------------------------------------------------------------- header */

/* The next line without its end. @return false past the last one, or when it is no line of a
 * header. */
static bool next_line(omma_byte_reader *r, char line[MOST_LINE])
{
    const uint8_t *end = memchr(r->at, '\n', r->left < MOST_LINE ? r->left : MOST_LINE - 1);

    if (!end)
        return false;
    size_t n = (size_t)(end - r->at);

    memcpy(line, r->at, n);
    line[n > 0 && line[n - 1] == '\r' ? n - 1 : n] = 0;
    r->at += n + 1;
    r->left -= n + 1;
    return true;
}

static const number_type *find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0 || strcmp(types[i].sized_name, name) == 0)
            return &types[i];
    return NULL;
}

static omma_error take_format(ply_parser *p, const char *name)
{
    static const char *const names[] = {"", "ascii", "binary_little_endian", "binary_big_endian"};

    for (int i = FORM_TEXT; name && i <= FORM_BIG; i++)
        if (strcmp(name, names[i]) == 0) {
            p->form = (ply_form)i;
            return OMMA_OK;
        }
    return omma_fail(OMMA_FORMAT, "PLY: format \"%.40s\" is not known", name ? name : "");
}

static omma_error take_element(ply_parser *p, const char *name, const char *count)
{
    void *elements = p->elements;
    size_t capacity = p->count;
    char *end = NULL;

    if (p->complete)
        return OMMA_OK;
    errno = 0;
    uint64_t n = count && count[0] >= '0' && count[0] <= '9' ? strtoull(count, &end, 10) : 0;
    if (!name || !end || *end || errno)
        return omma_fail(OMMA_FORMAT, "PLY: element \"%.40s\" does not say how many there are",
                         name ? name : "");
    omma_grow(&elements, &capacity, p->count + 1, sizeof *p->elements);
    p->elements = elements;
    p->complete = strcmp(name, "vertex") == 0;
    p->elements[p->count++] = (ply_element){.count = n, .vertex = p->complete};
    return OMMA_OK;
}

/* "property TYPE NAME" or "property list TYPE TYPE NAME", of the element before it. */
static omma_error take_property(ply_element *e, char *words[5])
{
    bool list = words[1] && strcmp(words[1], "list") == 0;
    const char *name = words[list ? 4 : 2];
    ply_property q = {.type = find_type(words[list ? 3 : 1]), .axis = -1};

    if (list)
        q.list = find_type(words[2]);
    if (!name || !q.type || (list && (!q.list || q.list->kind == 'f')))
        return omma_fail(OMMA_FORMAT, "PLY: a property \"%.40s\" of no known type",
                         name ? name : "");
    if (e->property_count == MOST_PROPERTIES)
        return omma_fail(OMMA_FORMAT, "PLY: more than %d properties", MOST_PROPERTIES);
    if (e->vertex && !list && strlen(name) == 1 && name[0] >= 'x' && name[0] <= 'z')
        q.axis = name[0] - 'x';
    e->properties[e->property_count++] = q;
    return OMMA_OK;
}

static size_t split(char *line, char *words[5])
{
    size_t n = 0;
    char *rest = NULL;

    memset(words, 0, 5 * sizeof *words);
    for (char *w = strtok_r(line, " \t", &rest); w && n < 5; w = strtok_r(NULL, " \t", &rest))
        words[n++] = w;
    return n;
}

static omma_error check_header(const ply_parser *p)
{
    unsigned axes = 0;

    if (p->form == FORM_NONE)
        return omma_fail(OMMA_FORMAT, "PLY: the header says no format");
    if (!p->complete)
        return omma_fail(OMMA_FORMAT, "PLY: it has no vertices");
    const ply_element *e = &p->elements[p->count - 1];

    for (size_t i = 0; i < e->property_count; i++)
        if (e->properties[i].axis >= 0)
            axes |= 1u << e->properties[i].axis;
    if (axes != 7)
        return omma_fail(OMMA_FORMAT, "PLY: its vertices lack x, y or z");
    return OMMA_OK;
}

static omma_error parse_header(ply_parser *p)
{
    char line[MOST_LINE], *words[5];
    bool take = false; /* properties: those after the vertices' are not ours */

    if (!next_line(&p->in, line) || strcmp(line, "ply") != 0)
        return omma_fail(OMMA_FORMAT, "this is not a PLY file");
    while (next_line(&p->in, line)) {
        omma_error err = OMMA_OK;

        if (split(line, words) == 0)
            continue;
        if (strcmp(words[0], "end_header") == 0)
            return check_header(p);
        if (strcmp(words[0], "format") == 0)
            err = take_format(p, words[1]);
        else if (strcmp(words[0], "element") == 0) {
            take = !p->complete;
            err = take_element(p, words[1], words[2]);
        } else if (strcmp(words[0], "property") == 0 && take) {
            err = p->count ? take_property(&p->elements[p->count - 1], words)
                           : omma_fail(OMMA_FORMAT, "PLY: a property before any element");
        }
        if (err)
            return err;
    }
    return omma_fail(OMMA_FORMAT, "PLY: its header does not end");
}

/* ------------------------------------------------------------------------------------- body */

static double to_number(const number_type *t, uint64_t bits)
{
    unsigned unused = 64 - 8 * (unsigned)t->bytes;

    if (t->kind == 'u')
        return (double)bits;
    if (t->kind == 'i') /* the sign is moved to the top and down again */
        return (double)((int64_t)(bits << unused) / ((int64_t)1 << unused));
    if (t->bytes == 4) {
        uint32_t half = (uint32_t)bits;
        float value;

        memcpy(&value, &half, sizeof value);
        return value;
    }
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static double read_binary(ply_parser *p, const number_type *t)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < t->bytes; i++) {
        uint64_t byte = omma_read_u8(&p->in);

        bits |= byte << 8 * (p->form == FORM_BIG ? t->bytes - 1 - i : i);
    }
    return to_number(t, bits);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A word that is no number is a vertex that is none. */
static double read_word(omma_byte_reader *r)
{
    char word[64], *end;
    size_t n = 0;

    while (r->left > 0 && is_blank(*r->at))
        r->at++, r->left--;
    if (r->left == 0)
        r->bad = true;
    for (; r->left > 0 && !is_blank(*r->at); r->at++, r->left--)
        if (n < sizeof word - 1)
            word[n++] = (char)*r->at;
    word[n] = 0;
    double value = strtod(word, &end);

    return n > 0 && !*end ? value : NAN;
}

static double read_number(ply_parser *p, const number_type *t)
{
    return p->form == FORM_TEXT ? read_word(&p->in) : read_binary(p, t);
}

/* One row of an element; of a vertex the axes are kept. */
static void read_row(ply_parser *p, const ply_element *e, double xyz[3])
{
    for (size_t i = 0; i < e->property_count && !p->in.bad; i++) {
        const ply_property *q = &e->properties[i];

        if (q->list) {
            double items = read_number(p, q->list);

            if (!(items >= 0 && items <= (double)p->in.left))
                p->in.bad = true;
            for (double k = 0; k < items && !p->in.bad; k++)
                read_number(p, q->type);
        } else {
            double value = read_number(p, q->type);

            if (q->axis >= 0)
                xyz[q->axis] = value;
        }
    }
}

/* What a row takes at least: one that says it has more rows than bytes for them is cut. */
static size_t least_bytes(const ply_element *e, ply_form form)
{
    size_t n = 0;

    for (size_t i = 0; i < e->property_count; i++) {
        const ply_property *q = &e->properties[i];

        n += form == FORM_TEXT ? 1 : q->list ? q->list->bytes : q->type->bytes;
    }
    return n;
}

static omma_error cut_short(uint64_t there, uint64_t said)
{
    return omma_fail(OMMA_FORMAT, "PLY: the file ends after %" PRIu64 " of %" PRIu64 " rows", there,
                     said);
}

static omma_error read_element(ply_parser *p, const ply_element *e, omma_points *out)
{
    size_t least = least_bytes(e, p->form);

    if (least == 0)
        return OMMA_OK;
    if (e->count > p->in.left / least)
        return cut_short(p->in.left / least, e->count);
    if (e->vertex && !(out->xyz = malloc((e->count ? e->count : 1) * sizeof *out->xyz)))
        return omma_fail(OMMA_NO_MEMORY, "PLY: no memory for %" PRIu64 " points", e->count);
    for (uint64_t i = 0; i < e->count; i++) {
        double xyz[3] = {0};

        read_row(p, e, xyz);
        if (p->in.bad)
            return cut_short(i, e->count);
        if (!e->vertex)
            continue;
        if (isfinite(xyz[0]) && isfinite(xyz[1]) && isfinite(xyz[2]))
            memcpy(out->xyz[out->count++], xyz, sizeof xyz);
        else
            out->skipped++;
    }
    return OMMA_OK;
}

omma_error omma_ply_parse(omma_points *out, const void *data, size_t bytes)
{
    ply_parser p = {.in = {.at = data, .left = bytes}};
    plain_numbers plain;
    omma_error err;

    *out = (omma_points){0};
    plain_numbers_begin(&plain);
    err = parse_header(&p);
    for (size_t i = 0; !err && i < p.count; i++)
        err = read_element(&p, &p.elements[i], out);
    plain_numbers_end(&plain);
    free(p.elements);
    if (err)
        omma_points_finish(out);
    return err;
}

omma_error omma_ply_read(omma_points *out, const char *path)
{
    char *data = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_BYTES, &data, &bytes);

    *out = (omma_points){0};
    if (err)
        return err;
    err = omma_ply_parse(out, data, bytes);
    free(data);
    return err ? omma_fail(err, "%s: %s", path, omma_why()) : OMMA_OK;
}

void omma_points_finish(omma_points *p)
{
    free(p->xyz);
    *p = (omma_points){0};
}
