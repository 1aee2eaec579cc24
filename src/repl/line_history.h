/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history of the prompt, in $XDG_STATE_HOME/ippro-explore/history. */
#ifndef IPPRO_REPL_LINE_HISTORY_H
#define IPPRO_REPL_LINE_HISTORY_H

void line_history_open(void);
/* Each line once, where it was used last. Lines that begin with a blank are not remembered. */
void line_history_keep(const char *line);
void line_history_close(void);

#endif
