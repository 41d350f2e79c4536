/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 64

const option_row common_options[] = {
    {'h', "help", OPTION_FLAG, .help = "show this help and end",
     .offset = offsetof(common_values, help)},
    {'q', "quiet", OPTION_FLAG, .help = "say nothing but errors and what --json prints",
     .offset = offsetof(common_values, quiet), .excludes = "verbose"},
    {'v', "verbose", OPTION_COUNT, .help = "say more; twice: every frame",
     .offset = offsetof(common_values, verbose)},
    {0},
};

bool choice_word(const char *choices, int place, char *text, size_t bytes)
{
    const char *at = choices;
    for (; at && place > 0; place--) {
        at = strchr(at, '|');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return false;
    snprintf(text, bytes, "%.*s", (int)strcspn(at, "|"), at);
    return true;
}

/* ------------------------------------------------------------------------------- suggestions */

/* Levenshtein's distance with two rows; words longer than the rows are far from everything. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), row[2][40];

    if (n > 39 || m > 39)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i & 1], *before = row[(i - 1) & 1];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            now[j] = best;
        }
    }
    return row[n & 1][m];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t count)
{
    size_t allowed = strlen(word) / 3 + 1, best = allowed + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t d = edit_distance(word, candidates[i]);
        bool begins = strlen(word) >= 3 && strncmp(word, candidates[i], strlen(word)) == 0;
        if (begins)
            d = 1;
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* ------------------------------------------------------------------------------------ parser */

typedef struct parser {
    const command *command;
    void *values;
    common_values *common;
    bool seen[MOST_OPTIONS];
} parser;

/* i-th option of a command: its own first, then the common ones; NULL past the end. */
static const option_row *option_at(const command *c, size_t i)
{
    const option_row *row = c->options;
    for (; row && row->name; row++, i--)
        if (i == 0)
            return row;
    for (row = common_options; row->name; row++, i--)
        if (i == 0)
            return row;
    return NULL;
}

static bool is_common(const option_row *o)
{
    for (const option_row *row = common_options; row->name; row++)
        if (row == o)
            return true;
    return false;
}

static const option_row *find_name(const command *c, const char *name, size_t length)
{
    const option_row *o;
    for (size_t i = 0; (o = option_at(c, i)); i++)
        if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
            return o;
    return NULL;
}

static const option_row *find_letter(const command *c, char letter)
{
    const option_row *o;
    for (size_t i = 0; (o = option_at(c, i)); i++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static omma_error unknown_option(const command *c, const char *word)
{
    const char *names[MOST_OPTIONS], *near;
    char name[64];
    size_t count = 0;
    const option_row *o;

    while (count < MOST_OPTIONS && (o = option_at(c, count)))
        names[count++] = o->name;
    const char *bare = word + strspn(word, "-");
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(bare, "="), bare);
    near = strlen(name) > 1 ? nearest_word(name, names, count) : NULL;
    if (near)
        return omma_fail(OMMA_INVALID, "omma %s has no option %.80s: did you mean --%s?", c->name,
                         word, near);
    return omma_fail(OMMA_INVALID, "omma %s has no option %.80s: see omma %s --help", c->name, word,
                     c->name);
}

static bool takes_value(const option_row *o)
{
    return o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;
}

static omma_error set_choice(const option_row *o, const char *text, int *out)
{
    char word[64];
    for (int i = 0; choice_word(o->choices, i, word, sizeof(word)); i++) {
        if (strcmp(word, text) == 0) {
            *out = i;
            return OMMA_OK;
        }
    }
    return omma_fail(OMMA_INVALID, "--%s %.80s: it is one of %s", o->name, text, o->choices);
}

static omma_error set_number(const option_row *o, const char *text, void *field)
{
    char *end = NULL;
    bool whole = o->kind == OPTION_UNSIGNED;
    double value;
    uint64_t count = 0;

    errno = 0;
    if (whole) {
        count = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
        value = (double)count;
    } else {
        value = strtod(text, &end);
    }
    if (!end || end == text || *end || errno == ERANGE || !isfinite(value))
        return omma_fail(OMMA_INVALID, "--%s %.80s: it needs %s number", o->name, text,
                         whole ? "a whole" : "a");
    if (o->least == 0 && o->most == 0 ? value < 0 : value < o->least || value > o->most)
        return o->least == 0 && o->most == 0
                   ? omma_fail(OMMA_INVALID, "--%s %.80s: it cannot be negative", o->name, text)
                   : omma_fail(OMMA_INVALID, "--%s %.80s: it must lie between %g and %g", o->name,
                               text, o->least, o->most);
    if (whole)
        *(uint64_t *)field = count;
    else
        *(double *)field = value;
    return OMMA_OK;
}

static omma_error set_option(parser *p, const option_row *o, const char *text)
{
    void *field = (char *)(is_common(o) ? (void *)p->common : p->values) + o->offset;

    for (size_t i = 0; i < MOST_OPTIONS; i++)
        if (option_at(p->command, i) == o)
            p->seen[i] = true;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return OMMA_OK;
    case OPTION_COUNT:
        *(int *)field += 1;
        return OMMA_OK;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_FOLDER:
        if (!text[0])
            return omma_fail(OMMA_INVALID, "--%s needs %s and was given nothing", o->name,
                             o->value);
        *(const char **)field = text;
        return OMMA_OK;
    case OPTION_CHOICE:
        return set_choice(o, text, field);
    case OPTION_UNSIGNED:
    case OPTION_REAL:
        return set_number(o, text, field);
    }
    return OMMA_OK;
}

/* A word that can only be an option is not taken for the value of the one before it. */
static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] && !isdigit((unsigned char)word[1]) && word[1] != '.';
}

/* argv[*i] is an option that wants a value which does not stand in the same word. */
static omma_error next_value(const option_row *o, int argc, char *const *argv, int *i,
                             const char **value)
{
    if (*i + 1 >= argc || looks_like_option(argv[*i + 1]))
        return omma_fail(OMMA_INVALID, "%.80s needs a value: --%s %s", argv[*i], o->name, o->value);
    *value = argv[++*i];
    return OMMA_OK;
}

static omma_error parse_long(parser *p, int argc, char *const *argv, int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '='), *value = NULL;
    size_t length = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    const option_row *o = find_name(p->command, word + 2, length);

    if (!o)
        return unknown_option(p->command, word);
    if (equals && !takes_value(o))
        return omma_fail(OMMA_INVALID, "--%s takes no value", o->name);
    if (equals)
        value = equals + 1;
    else if (takes_value(o)) {
        omma_error err = next_value(o, argc, argv, i, &value);
        if (err)
            return err;
    }
    return set_option(p, o, value);
}

/* -qv, -oDIR, -o DIR */
static omma_error parse_letters(parser *p, int argc, char *const *argv, int *i)
{
    const char *word = argv[*i];

    for (const char *at = word + 1; *at; at++) {
        const option_row *o = find_letter(p->command, *at);
        const char *value = NULL;
        if (!o)
            return unknown_option(p->command, word);
        if (takes_value(o)) {
            if (at[1])
                return set_option(p, o, at + 1);
            omma_error err = next_value(o, argc, argv, i, &value);
            return err ? err : set_option(p, o, value);
        }
        set_option(p, o, NULL);
    }
    return OMMA_OK;
}

static bool was_given(const parser *p, const char *name)
{
    const option_row *o;
    for (size_t i = 0; (o = option_at(p->command, i)); i++)
        if (p->seen[i] && strcmp(o->name, name) == 0)
            return true;
    return false;
}

/* The option given beside o that o excludes, into name. */
static bool is_excluded(const parser *p, const option_row *o, char *name, size_t bytes)
{
    for (int i = 0; choice_word(o->excludes, i, name, bytes); i++)
        if (was_given(p, name))
            return true;
    return false;
}

static omma_error check_together(const parser *p)
{
    const option_row *o;
    for (size_t i = 0; (o = option_at(p->command, i)); i++) {
        char other[32];
        if (p->seen[i] && o->excludes && is_excluded(p, o, other, sizeof(other)))
            return omma_fail(OMMA_INVALID, "--%s and --%s cannot be given together", o->name,
                             other);
        if (p->seen[i] && o->needs && !was_given(p, o->needs))
            return omma_fail(OMMA_INVALID, "--%s means nothing without --%s", o->name, o->needs);
    }
    return OMMA_OK;
}

static bool is_among(const char *choices, const char *word)
{
    char one[64];
    bool found = false;

    for (int i = 0; !found && choice_word(choices, i, one, sizeof(one)); i++)
        found = strcmp(one, word) == 0;
    return found;
}

/* Of a command whose first argument says what to do, an option may be for some of it only. */
static omma_error check_first(const parser *p, const invocation *call)
{
    const char *first = call->count ? call->arguments[0] : "";
    const option_row *o;

    for (size_t i = 0; (o = option_at(p->command, i)); i++)
        if (p->seen[i] && o->only && !is_among(o->only, first))
            return omma_fail(OMMA_INVALID, "--%s is not for omma %s %.40s, but for: %s", o->name,
                             p->command->name, first, o->only);
    return OMMA_OK;
}

static omma_error check_count(const command *c, const invocation *call)
{
    if (call->count < c->least)
        return omma_fail(OMMA_INVALID, "omma %s needs %s: omma %s %s", c->name, c->arguments,
                         c->name, c->arguments);
    if (call->count > c->most)
        return omma_fail(OMMA_INVALID,
                         "omma %s does not know what to do with %.80s: see omma %s "
                         "--help",
                         c->name, call->arguments[c->most], c->name);
    return OMMA_OK;
}

static omma_error parse_word(parser *p, invocation *out, int argc, char *const *argv, int *i,
                             bool *only_arguments)
{
    const char *word = argv[*i];

    if (!*only_arguments && strcmp(word, "--") == 0) {
        *only_arguments = true;
        return OMMA_OK;
    }
    if (*only_arguments || word[0] != '-' || !word[1]) {
        out->arguments[out->count++] = word;
        return OMMA_OK;
    }
    return word[1] == '-' ? parse_long(p, argc, argv, i) : parse_letters(p, argc, argv, i);
}

omma_error invocation_parse(invocation *out, const command *c, int argc, char *const *argv)
{
    bool only_arguments = false;
    omma_error err = OMMA_OK;

    *out = (invocation){.command = c};
    out->values = omma_new_bytes(1, c->values_bytes ? c->values_bytes : 1);
    out->arguments = omma_new_array(const char *, (size_t)argc + 1);
    parser p = {.command = c, .values = out->values, .common = &out->common};
    for (int i = 0; !err && !out->common.help && i < argc; i++)
        err = parse_word(&p, out, argc, argv, &i, &only_arguments);
    if (!err && !out->common.help)
        err = check_together(&p);
    if (!err && !out->common.help)
        err = check_count(c, out);
    if (!err && !out->common.help)
        err = check_first(&p, out);
    if (err)
        invocation_finish(out);
    return err;
}

void invocation_finish(invocation *call)
{
    free(call->values);
    free(call->arguments);
    call->values = NULL;
    call->arguments = NULL;
}
