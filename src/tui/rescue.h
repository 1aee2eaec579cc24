/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gives the terminal back when the program crashes. */
#ifndef IPPRO_TUI_RESCUE_H
#define IPPRO_TUI_RESCUE_H

#include <termios.h>

/* From here to rescue_forget, a fatal signal writes what ends the full screen to the terminal, restores its
 * modes and standard error, and is raised again. Needs curses' terminal to be known (setupterm is called). */
void rescue_prepare(int terminal, int error, const struct termios *modes);
void rescue_forget(void);

#endif
