/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beginning and ending a session at a terminal: what an earlier one left is offered, and who leaves with work
 * that is in no file is told so once. */
#ifndef IPPRO_SHELL_LEAVE_H
#define IPPRO_SHELL_LEAVE_H

#include "shell/shell.h"

/* From here to leave_end the session is kept as it goes (recovery.h). Once, before the first command at the
 * prompt. */
void leave_begin(struct shell *shell);
/* What a session before left, as a line; NULL when there is nothing to bring back. Owned by the caller. */
char *leave_offer(void);
/* May the program end now, at the user's wish? Asked a second time, with no command in between: yes. When
 * not, it was told why. `running`: the command that runs, NULL when none does. Where nothing is kept (batch
 * mode): always. */
bool leave_asked(struct shell *shell, const char *running);
/* A command was run: the next wish to leave is the first again. */
void leave_stay(struct shell *shell);
/* Keep what a command changed. */
void leave_note(struct shell *shell, const struct reply *reply);
/* The end. Returns whether unsaved work was kept. */
bool leave_end(struct shell *shell);

#endif
