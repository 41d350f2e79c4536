/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages as scdoc source. */
#include "manual.h"

#include "exit_code.h"

#include <string.h>

/* scdoc reads * and _ as bold and underlined, and \ before them as plain. */
static void plain(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("*_\\<>`#|~", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void section(FILE *out, const char *title)
{
    fprintf(out, "\n# %s\n\n", title);
}

static void option_entry(FILE *out, const option_row *o)
{
    fputc('*', out);
    if (o->letter)
        fprintf(out, "-%c*, *", o->letter);
    fprintf(out, "--%s*", o->name);
    if (o->kind == OPTION_CHOICE || o->value) {
        fputc(' ', out);
        plain(out, o->kind == OPTION_CHOICE ? o->choices : o->value);
    }
    fprintf(out, "\n\t");
    if (o->only) {
        plain(out, o->only);
        fprintf(out, ": ");
    }
    plain(out, o->help);
    fprintf(out, ".\n\n");
}

static void exit_section(FILE *out)
{
    section(out, "EXIT STATUS");
#define X(name, number, text) fprintf(out, "*%d*\n\t%s.\n\n", number, text);
    EXIT_CODES(X)
#undef X
}

void manual_command(FILE *out, const command *c)
{
    fprintf(out, "omma-%s(1) \"Omma %s\" \"Omma manual\"\n", c->name, omma_version());
    section(out, "NAME");
    fprintf(out, "omma-%s - %s\n", c->name, c->summary);
    section(out, "SYNOPSIS");
    fprintf(out, "*omma %s* [OPTIONS] ", c->name);
    plain(out, c->arguments);
    fputc('\n', out);
    section(out, "DESCRIPTION");
    plain(out, c->description);
    fputc('\n', out);
    section(out, "OPTIONS");
    for (const option_row *o = c->options; o && o->name; o++)
        option_entry(out, o);
    for (const option_row *o = common_options; o->name; o++)
        option_entry(out, o);
    if (c->examples)
        section(out, "EXAMPLES");
    for (const example_row *e = c->examples; e && e->line; e++) {
        fputc('*', out);
        plain(out, e->line);
        fprintf(out, "*\n\t");
        plain(out, e->says);
        fprintf(out, "\n\n");
    }
    exit_section(out);
    section(out, "SEE ALSO");
    fprintf(out, "*omma*(1)\n");
}

void manual_overview(FILE *out, const command *const *all)
{
    fprintf(out, "omma(1) \"Omma %s\" \"Omma manual\"\n", omma_version());
    section(out, "NAME");
    fprintf(out, "omma - video in, camera poses and a map out\n");
    section(out, "SYNOPSIS");
    fprintf(out, "*omma* COMMAND [OPTIONS] [ARGUMENTS]\n");
    section(out, "DESCRIPTION");
    fprintf(out,
            "Omma turns a video, a folder of pictures or a live camera into the path of the "
            "camera and a map of what it saw, on a CPU and without trained weights. Results go to "
            "standard output, progress and messages to standard error.\n");
    section(out, "COMMANDS");
    for (const command *const *c = all; *c; c++)
        if (!(*c)->hidden)
            fprintf(out, "*%s*\n\t%s; see *omma-%s*(1).\n\n", (*c)->name, (*c)->summary,
                    (*c)->name);
    section(out, "ENVIRONMENT");
    fprintf(out, "*NO\\_COLOR*\n\tno colours, whatever its value.\n\n"
                 "*OMMA\\_CPU*\n\t_scalar_, _avx2_ or _avx512_: use no more of the processor than "
                 "this; results agree to rounding.\n");
    exit_section(out);
    section(out, "SEE ALSO");
    fprintf(out, "*ffmpeg*(1), *colmap*(1)\n");
}
