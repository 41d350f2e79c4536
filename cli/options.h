/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per command says which options it has; the parser, --help, the manual pages and the
 * shell completions all read that table and nothing else.
 */
#pragma once

#include <omma/base.h>

typedef enum option_kind {
    OPTION_FLAG,     /* bool                                    */
    OPTION_COUNT,    /* int, one more each time                 */
    OPTION_TEXT,     /* const char *                            */
    OPTION_FILE,     /* const char *, completed with files      */
    OPTION_FOLDER,   /* const char *, completed with folders    */
    OPTION_CHOICE,   /* int, place in choices                   */
    OPTION_UNSIGNED, /* uint64_t                                */
    OPTION_REAL,     /* double                                  */
} option_kind;

typedef struct option_row {
    char letter; /* 0 = none */
    const char *name;
    option_kind kind;
    const char *value;    /* what the help calls its value */
    const char *help;     /* one sentence without a full stop */
    size_t offset;        /* of the field in the values */
    const char *choices;  /* "classical|synthetic" */
    double least, most;   /* of numbers; both 0 = any that is not negative */
    const char *excludes; /* "camera|fov": options that cannot be given beside it */
    const char *needs;    /* name of the option without which it means nothing */
    const char *only;     /* "a|b": it is for these first arguments; NULL = all */
} option_row;

typedef struct common_values {
    bool help, quiet;
    int verbose;
} common_values;

typedef struct example_row {
    const char *line, *says;
} example_row;

struct invocation;

typedef struct command {
    const char *name;
    const char *summary;         /* what it does, lower case, no full stop */
    const char *arguments;       /* "INPUT" */
    option_kind completes;       /* OPTION_FILE, OPTION_FOLDER or OPTION_CHOICE (see choices) */
    const char *choices;         /* words the (first) argument can be */
    size_t least, most;          /* number of arguments */
    const char *description;     /* paragraphs separated by empty lines */
    const option_row *options;   /* ends with a row without name; may be NULL */
    const example_row *examples; /* ends with a row without line; may be NULL */
    size_t values_bytes;
    int (*run)(const struct invocation *call); /* returns the exit code */
    bool hidden;
} command;

typedef struct invocation {
    const command *command;
    void *values; /* of command->values_bytes, zeroed before parsing */
    const char **arguments;
    size_t count;
    common_values common;
} invocation;

/* --help, --quiet, --verbose: every command has them. */
extern const option_row common_options[];

/* Parses what follows the command's name. @return OMMA_OK (invocation_finish); OMMA_INVALID, with
 * omma_why() saying which word and what would be right. */
omma_error invocation_parse(invocation *out, const command *c, int argc, char *const *argv);
void invocation_finish(invocation *call);

/* The word of "a|b|c" at a place, copied into text; false past the end. */
bool choice_word(const char *choices, int place, char *text, size_t bytes);

/* The candidate nearest to word by edit distance, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);
