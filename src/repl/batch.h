/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode: commands from the command line, from files, or from standard input. */
#ifndef IPPRO_REPL_BATCH_H
#define IPPRO_REPL_BATCH_H

#include "shell/shell.h"
#include "repl/usage.h"

/* Run the arguments' commands and files in their order, or standard input when there are none. Stops at the
 * first failure unless the shell keeps going. */
void batch_run(struct shell *shell, const struct arguments *arguments);

#endif
