/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Readline prompt of a plain terminal. */
#ifndef IPPRO_REPL_REPL_H
#define IPPRO_REPL_REPL_H

#include "shell/shell.h"

/* Read and run lines until quit, Control-D or SIGTERM. The history is read before and kept after every line,
 * without duplicates, in $XDG_STATE_HOME/ippro-explore/history. Returns the signal that ended it, 0 for none.
 */
int repl_run(struct shell *shell);

#endif
