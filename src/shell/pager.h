/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that is longer than the screen, shown by the program that the user reads with. */
#ifndef IPPRO_SHELL_PAGER_H
#define IPPRO_SHELL_PAGER_H

#include <stdbool.h>
#include <stddef.h>

/* Has the terminal on this descriptor, which can do more than print, fewer lines than the text and a prompt
 * need? */
bool pager_needed(int descriptor, const char *text);
/* Run $PAGER ("less -R" without it) through sh on the text, and wait for its end. Meanwhile Ctrl-C and Ctrl-\
 * are the pager's. False when it could not be run: nothing was shown then. */
bool pager_show(const char *text, size_t length);

#endif
