/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <omma/base.h>

#include "exit_code.h"
#include "manual.h"

#include <stdio.h>
#include <string.h>

const command *const all_commands[] = {
    &command_demo,  &command_map,        &command_locate, &command_render, &command_export,
    &command_mesh,  &command_info,       &command_eval,   &command_doctor, &command_bench,
    &command_index, &command_completion, &command_help,   &command_man,    NULL,
};

const command *find_command(const char *name)
{
    for (const command *const *c = all_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[16], *near;
    size_t count = 0;

    for (const command *const *c = all_commands; *c && count < 16; c++)
        if (!(*c)->hidden)
            names[count++] = (*c)->name;
    near = nearest_word(name, names, count);
    if (near)
        fprintf(stderr, "omma: there is no command %.80s: did you mean omma %s?\n", name, near);
    else
        fprintf(stderr, "omma: there is no command %.80s: see omma help\n", name);
    return CODE_USAGE;
}

static int run_help(const invocation *call)
{
    if (call->count == 0) {
        help_overview(stdout, all_commands);
        return CODE_DONE;
    }
    const command *c = find_command(call->arguments[0]);
    if (!c)
        return unknown_command(call->arguments[0]);
    help_command(stdout, c);
    return CODE_DONE;
}

const command command_help = {
    .name = "help",
    .summary = "say what a command does",
    .arguments = "[COMMAND]",
    .completes = OPTION_CHOICE,
    .choices = "demo|map|locate|render|export|mesh|info|eval|doctor|bench|index|completion",
    .most = 1,
    .description = "Says what Omma's commands are, or everything about one of them.",
    .run = run_help,
};

static int run_man(const invocation *call)
{
    if (call->count == 0) {
        manual_overview(stdout, all_commands);
        return CODE_DONE;
    }
    const command *c = find_command(call->arguments[0]);
    if (!c)
        return unknown_command(call->arguments[0]);
    manual_command(stdout, c);
    return CODE_DONE;
}

const command command_man = {
    .name = "man",
    .summary = "print the source of a manual page",
    .arguments = "[COMMAND]",
    .most = 1,
    .description = "Prints the scdoc source of omma(1), or of a command's page.",
    .run = run_man,
    .hidden = true,
};

static int run_completion(const invocation *call)
{
    const char *shell = call->arguments[0];

    if (strcmp(shell, "bash") == 0)
        completion_bash(stdout, all_commands);
    else if (strcmp(shell, "zsh") == 0)
        completion_zsh(stdout, all_commands);
    else if (strcmp(shell, "fish") == 0)
        completion_fish(stdout, all_commands);
    else {
        fprintf(stderr, "omma: no completion for the shell %.80s: it is one of bash, zsh, fish\n",
                shell);
        return CODE_USAGE;
    }
    return CODE_DONE;
}

const command command_completion = {
    .name = "completion",
    .summary = "print the completion script of a shell",
    .arguments = "bash|zsh|fish",
    .completes = OPTION_CHOICE,
    .choices = "bash|zsh|fish",
    .least = 1,
    .most = 1,
    .description = "Prints a script that lets the shell complete Omma's commands and options. An "
                   "installed Omma has these in place already.",
    .examples =
        (const example_row[]){
            {"source <(omma completion bash)", "complete in this bash from now on"}, {0}},
    .run = run_completion,
};

int omma_main(int argc, char *const *argv)
{
    if (argc < 2) {
        help_overview(stderr, all_commands);
        return CODE_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_overview(stdout, all_commands);
        return CODE_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("omma %s\n", omma_version());
        return CODE_DONE;
    }
    const command *c = find_command(argv[1]);
    if (!c)
        return unknown_command(argv[1]);

    invocation call;
    if (invocation_parse(&call, c, argc - 2, argv + 2) != OMMA_OK) {
        fprintf(stderr, "omma: %s\n", omma_why());
        return CODE_USAGE;
    }
    int code = CODE_DONE;
    if (call.common.help)
        help_command(stdout, c);
    else
        code = c->run(&call);
    invocation_finish(&call);
    return code;
}
