/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's configuration file of commands, $XDG_CONFIG_HOME/ippro-explore/config. */
#ifndef IPPRO_REPL_CONFIG_H
#define IPPRO_REPL_CONFIG_H

#include "shell/shell.h"

/* Run it where there is one. What is no regular file, belongs to another user or can be written by others is
 * not run: a warning says so, and the program goes on without it. */
void config_run(struct shell *shell);

#endif
