/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the terminal can do. */
#ifndef IPPRO_SHELL_TERMINAL_H
#define IPPRO_SHELL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>
#include "base/text.h"

/* Colours to use on a file descriptor: -1 no escape sequences at all (a pipe, TERM=dumb or unknown), 0
 * attributes only (monochrome, or NO_COLOR is set), 8, 16 or 256. */
int terminal_colors(int descriptor);
/* Colours of the terminal that TERM names, whatever NO_COLOR says and wherever the output goes; 8 where it
 * has none or is not known: every program that shows colours at all knows those. */
int terminal_colors_named(void);
/* Does the name in TERM begin with one of these? NULL ends them. */
bool terminal_is_of(const char *const *names);
/* Does the terminal belong to other processes at present? Then nothing is drawn over what they show. */
bool terminal_in_background(int descriptor);
/* Modes in which keys arrive one by one and are not shown, while Ctrl-C and Ctrl-Z stay signals. */
struct termios terminal_unseen(const struct termios *before);
/* Columns, 0 when it is no terminal. */
int terminal_columns(int descriptor);
int terminal_lines(int descriptor); /* likewise, and where it does not tell */
/* How the title of the terminal's window is set: what stands in front of it and behind; nothing where it has
 * none. As terminfo says (tsl, fsl), or OSC 2, which xterm and its kin know without telling. */
struct terminal_title {
    struct text before, after; /* the caller frees them */
    bool stacked;              /* as xterm does, it keeps titles on a stack: CSI 22;0t, CSI 23;0t */
};
void terminal_title(int descriptor, struct terminal_title *title);
/* Is the locale's encoding UTF-8? */
bool terminal_utf8(void);

#endif
