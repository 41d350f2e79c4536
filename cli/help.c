/* SPDX-License-Identifier: Apache-2.0 */
#include "exit_code.h"
#include "manual.h"

#include <string.h>

#define COLUMNS     100
#define HELP_COLUMN 30

/* Text wrapped at words; the caller has written up to column. */
static void wrap(FILE *out, const char *text, int column, int indent)
{
    while (*text) {
        int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        if (strncmp(text, "\n\n", 2) == 0) {
            fprintf(out, "\n\n%*s", indent, "");
            column = indent;
            text += 2;
        } else if (*text) {
            text++;
        }
    }
    fputc('\n', out);
}

static void option_line(FILE *out, const option_row *o)
{
    int n = o->letter ? fprintf(out, "  -%c, --%s", o->letter, o->name)
                      : fprintf(out, "      --%s", o->name);

    if (o->kind == OPTION_CHOICE)
        n += fprintf(out, " %s", o->choices);
    else if (o->value)
        n += fprintf(out, " %s", o->value);
    if (n + 2 > HELP_COLUMN) {
        fputc('\n', out);
        n = 0;
    }
    n = fprintf(out, "%*s", HELP_COLUMN - n, "") + n;
    if (o->only)
        n += fprintf(out, "%s:", o->only);
    wrap(out, o->help, n, HELP_COLUMN);
}

void help_command(FILE *out, const command *c)
{
    fprintf(out, "omma %s: %s\n\nusage: omma %s [OPTIONS]%s%s\n\n", c->name, c->summary, c->name,
            c->arguments[0] ? " " : "", c->arguments);
    wrap(out, c->description, 0, 0);
    fprintf(out, "\noptions:\n");
    for (const option_row *o = c->options; o && o->name; o++)
        option_line(out, o);
    for (const option_row *o = common_options; o->name; o++)
        option_line(out, o);
    if (c->examples)
        fprintf(out, "\nexamples:\n");
    for (const example_row *e = c->examples; e && e->line; e++)
        fprintf(out, "  %s\n      %s\n", e->line, e->says);
}

void help_overview(FILE *out, const command *const *all)
{
    fprintf(out,
            "omma %s: video in, camera poses and a map out\n\n"
            "usage: omma COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n",
            omma_version());
    for (; *all; all++)
        if (!(*all)->hidden)
            fprintf(out, "  %-12s %s\n", (*all)->name, (*all)->summary);
    fprintf(out,
            "\nomma help COMMAND (or omma COMMAND --help) says more; omma --version says which "
            "one this is.\n\nexit codes:\n");
#define X(name, number, text) fprintf(out, "  %-3d  %s\n", number, text);
    EXIT_CODES(X)
#undef X
    fprintf(out, "\nbegin with: omma demo\n");
}
