/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history of the prompt, in $XDG_STATE_HOME/ippro-explore/history. Several programs may have it open:
 * each line is in the file as soon as it was entered, and none is lost. */
#ifndef IPPRO_SHELL_LINE_HISTORY_H
#define IPPRO_SHELL_LINE_HISTORY_H

#include "base/status.h"

/* Fails where the file cannot be used: lines are then remembered until the program ends. */
status line_history_open(struct error *error);
/* Each line once, where it was used last. Lines that begin with a blank are not remembered. */
void line_history_keep(const char *line);
void line_history_close(void);

#endif
