/* SPDX-License-Identifier: Apache-2.0 */
/* Shell completions: words of the tables, and files where a table says that a value is one. */
#include "manual.h"

#include <string.h>

/* "a|b" as "a b". */
static void spaced(FILE *out, const char *choices)
{
    for (; choices && *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, out);
}

static void each_option(FILE *out, const command *c, void (*print)(FILE *, const option_row *))
{
    for (const option_row *o = c->options; o && o->name; o++)
        print(out, o);
    for (const option_row *o = common_options; o->name; o++)
        print(out, o);
}

static void command_names(FILE *out, const command *const *all)
{
    for (; *all; all++)
        if (!(*all)->hidden)
            fprintf(out, "%s ", (*all)->name);
}

/* -------------------------------------------------------------------------------------- bash */

static void bash_word(FILE *out, const option_row *o)
{
    if (o->letter)
        fprintf(out, "-%c ", o->letter);
    fprintf(out, "--%s ", o->name);
}

static const char *bash_files(option_kind kind)
{
    return kind == OPTION_FOLDER ? "compgen -d" : "compgen -f";
}

static void bash_value(FILE *out, const option_row *o)
{
    if (o->kind == OPTION_FLAG || o->kind == OPTION_COUNT)
        return;
    fprintf(out, "        ");
    if (o->letter)
        fprintf(out, "-%c|", o->letter);
    fprintf(out, "--%s) ", o->name);
    if (o->kind == OPTION_CHOICE) {
        fprintf(out, "COMPREPLY=($(compgen -W '");
        spaced(out, o->choices);
        fprintf(out, "' -- \"$cur\"));");
    } else if (o->kind == OPTION_FILE || o->kind == OPTION_FOLDER) {
        fprintf(out, "mapfile -t COMPREPLY < <(%s -- \"$cur\"); compopt -o filenames;",
                bash_files(o->kind));
    }
    fprintf(out, " return;;\n");
}

/* As an argument, or behind a first one that is a word. */
static bool takes_files(const command *c)
{
    return c->most > 0 && (c->completes == OPTION_FILE || c->completes == OPTION_FOLDER);
}

static void bash_command(FILE *out, const command *c)
{
    fprintf(out, "    %s)\n        case $prev in\n", c->name);
    each_option(out, c, bash_value);
    fprintf(out, "        esac\n        if [[ $cur == -* ]]; then\n"
                 "            COMPREPLY=($(compgen -W '");
    each_option(out, c, bash_word);
    fprintf(out, "' -- \"$cur\"))\n        ");
    if (c->choices) {
        fprintf(out, "%s\n            COMPREPLY=($(compgen -W '",
                takes_files(c) ? "elif ((COMP_CWORD == 2)); then" : "else");
        spaced(out, c->choices);
        fprintf(out, "' -- \"$cur\"))\n        ");
    }
    if (takes_files(c)) {
        fprintf(out,
                "else\n            mapfile -t COMPREPLY < <(%s -- \"$cur\"); compopt -o filenames\n"
                "        ",
                bash_files(c->completes));
    }
    fprintf(out, "fi;;\n");
}

void completion_bash(FILE *out, const command *const *all)
{
    fprintf(out, "# bash completion of omma; made by: omma completion bash\n_omma() {\n"
                 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    COMPREPLY=()\n    if ((COMP_CWORD == 1)); then\n"
                 "        COMPREPLY=($(compgen -W '");
    command_names(out, all);
    fprintf(out, "help --help --version' -- \"$cur\"))\n        return\n    fi\n"
                 "    case ${COMP_WORDS[1]} in\n    help) COMPREPLY=($(compgen -W '");
    command_names(out, all);
    fprintf(out, "' -- \"$cur\"));;\n");
    for (; *all; all++)
        if (!(*all)->hidden && strcmp((*all)->name, "help") != 0)
            bash_command(out, *all);
    fprintf(out, "    esac\n}\ncomplete -F _omma omma\n");
}

/* --------------------------------------------------------------------------------------- zsh */

/* Inside single quotes and brackets of an _arguments specification. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fprintf(out, "'\\''");
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_action(FILE *out, const char *what, option_kind kind, const char *choices)
{
    fprintf(out, ":%s:", what);
    if (choices) {
        fputc('(', out);
        spaced(out, choices);
        fputc(')', out);
    } else if (kind == OPTION_FILE) {
        fprintf(out, "_files");
    } else if (kind == OPTION_FOLDER) {
        fprintf(out, "_files -/");
    }
}

static void zsh_form(FILE *out, const option_row *o, bool with_letter)
{
    bool value = o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;

    fprintf(out, " \\\n            '%s", o->kind == OPTION_COUNT ? "*" : "");
    if (with_letter)
        fprintf(out, "-%c", o->letter);
    else
        fprintf(out, "--%s", o->name);
    fprintf(out, "%s[", value && !with_letter ? "=" : value ? "+" : "");
    zsh_text(out, o->help);
    fputc(']', out);
    if (value)
        zsh_action(out, o->value ? o->value : o->name, o->kind, o->choices);
    fputc('\'', out);
}

static void zsh_option(FILE *out, const option_row *o)
{
    if (o->letter)
        zsh_form(out, o, true);
    zsh_form(out, o, false);
}

void completion_zsh(FILE *out, const command *const *all)
{
    fprintf(out,
            "#compdef omma\n# zsh completion of omma; made by: omma completion zsh\n_omma() {\n"
            "    local -a commands\n    if ((CURRENT == 2)); then\n        commands=(");
    for (const command *const *c = all; *c; c++) {
        if ((*c)->hidden)
            continue;
        fprintf(out, "\n            '%s:", (*c)->name);
        zsh_text(out, (*c)->summary);
        fputc('\'', out);
    }
    fprintf(out, ")\n        _describe command commands\n        return\n    fi\n"
                 "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
                 "    case $command in\n");
    for (const command *const *c = all; *c; c++) {
        if ((*c)->hidden)
            continue;
        fprintf(out, "    %s)\n        _arguments", (*c)->name);
        each_option(out, *c, zsh_option);
        if ((*c)->choices) {
            fprintf(out, " \\\n            '1");
            zsh_action(out, "word", (*c)->completes, (*c)->choices);
            fputc('\'', out);
        }
        if (takes_files(*c)) {
            fprintf(out, " \\\n            '*");
            zsh_action(out, "argument", (*c)->completes, NULL);
            fputc('\'', out);
        }
        fprintf(out, ";;\n");
    }
    fprintf(out, "    esac\n}\n_omma \"$@\"\n");
}

/* -------------------------------------------------------------------------------------- fish */

static void fish_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void fish_command(FILE *out, const command *c)
{
    const option_row *tables[] = {c->options, common_options};

    fprintf(out, "complete -c omma -n __fish_use_subcommand -f -a %s -d '", c->name);
    fish_text(out, c->summary);
    fprintf(out, "'\n");
    if (c->choices) {
        fprintf(out, "complete -c omma -n '__fish_seen_subcommand_from %s'%s -a '", c->name,
                takes_files(c) ? "" : " -f");
        spaced(out, c->choices);
        fprintf(out, "'\n");
    }
    for (int t = 0; t < 2; t++) {
        for (const option_row *o = tables[t]; o && o->name; o++) {
            bool value = o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;
            fprintf(out, "complete -c omma -n '__fish_seen_subcommand_from %s' -l %s", c->name,
                    o->name);
            if (o->letter)
                fprintf(out, " -s %c", o->letter);
            if (value)
                fprintf(out, o->kind == OPTION_FILE ? " -r -F" : " -x");
            if (o->kind == OPTION_FOLDER)
                fprintf(out, " -a '(__fish_complete_directories)'");
            if (o->choices) {
                fprintf(out, " -a '");
                spaced(out, o->choices);
                fputc('\'', out);
            }
            fprintf(out, " -d '");
            fish_text(out, o->help);
            fprintf(out, "'\n");
        }
    }
}

void completion_fish(FILE *out, const command *const *all)
{
    fprintf(out, "# fish completion of omma; made by: omma completion fish\n");
    for (; *all; all++)
        if (!(*all)->hidden)
            fish_command(out, *all);
}
