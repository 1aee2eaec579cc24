/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is typed at the plain prompt's terminal while work runs: it is neither echoed into the line of
 * progress nor lost, but read when the work has ended. Ctrl-C lets it go. The main thread only. */
#ifndef IPPRO_SHELL_TYPE_AHEAD_H
#define IPPRO_SHELL_TYPE_AHEAD_H

#include <stddef.h>
#include "base/text.h"

/* A line that was entered at the prompt is about to run. `typed`: what waits already, and gets what is typed
 * from now on. Without it the functions between here and type_ahead_settle do nothing. */
void type_ahead_open(struct text *typed);
/* Work runs: the terminal hands keys over as they are, unseen. Signals that suspend or end the program are
 * noted in terminal_signals; type_ahead_look suspends it, with the terminal as it was. To be called again and
 * again: the terminal is taken when the program is in its foreground, also after it was suspended. */
void type_ahead_begin(void);
/* Take what was typed. Returns how many lines wait. */
size_t type_ahead_look(void);
void type_ahead_end(void);
/* The line has run. Returns how many lines an interrupt let go. */
size_t type_ahead_settle(void);

#endif
