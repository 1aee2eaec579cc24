/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen at a terminal: the loop that brings keys, signals, work and drawing together. */
#ifndef IPPRO_TUI_TUI_H
#define IPPRO_TUI_TUI_H

#include "tui/explorer.h"

/* Run the explorer until quit, Control-D or SIGTERM. The history is read before and kept after every line.
 * `first` is run as if it had been entered (NULL: nothing is). *signal_number: the signal that ended it, 0
 * for none. Fails when the terminal cannot be taken over. */
status tui_run(struct explorer *explorer, const char *first, int *signal_number, struct error *error);
/* What went wrong before the screen was open, on standard error. */
void tui_print_errors(const struct explorer *explorer);

#endif
