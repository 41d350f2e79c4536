/* SPDX-License-Identifier: Apache-2.0 */
/* What can be printed about commands: help, manual pages (scdoc), shell completions. All from the
 * tables; all write to out. */
#pragma once

#include "options.h"

#include <stdio.h>

void help_overview(FILE *out, const command *const *all);
void help_command(FILE *out, const command *c);

/* The scdoc source of omma(1), or of omma-NAME(1). */
void manual_overview(FILE *out, const command *const *all);
void manual_command(FILE *out, const command *c);

void completion_bash(FILE *out, const command *const *all);
void completion_zsh(FILE *out, const command *const *all);
void completion_fish(FILE *out, const command *const *all);
