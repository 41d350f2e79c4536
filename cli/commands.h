/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "options.h"

extern const command command_map, command_render, command_demo, command_eval, command_info,
    command_doctor, command_bench, command_export, command_mesh, command_locate, command_index,
    command_completion, command_man, command_help;

/* All of them, in the order of the help, NULL at the end. */
extern const command *const all_commands[];
const command *find_command(const char *name);

/* The whole program without its name for the operating system. @return the exit code. */
int omma_main(int argc, char *const *argv);
