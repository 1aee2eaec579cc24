/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal by curses: shows a grid of cells, of which only what changed is sent. */
#ifndef IPPRO_TUI_DISPLAY_H
#define IPPRO_TUI_DISPLAY_H

#include "tui/compose.h"
#include "tui/press_decode.h"

/* Can the terminal on this descriptor show panes? Else `why` says in a line what it lacks. */
bool display_usable(int descriptor, struct text *why);

struct display;
/* Take the terminal over: full screen, no echo, every key at once (but Control-C and Control-Z are signals),
 * mouse reports. What libraries write to standard output and standard error goes to a pipe from here on. */
status display_open(struct display **display, bool mouse, struct error *error);
/* Give it back as it was. NULL is fine. */
void display_close(struct display *display);
/* The end of that pipe to read from; never blocks. */
int display_output(const struct display *display);
/* Ask the terminal for its size, and draw from nothing next time. */
void display_measure(struct display *display, int *width, int *height);
void display_forget(struct display *display); /* what the terminal shows is not known any more */
void display_show(struct display *display, const struct canvas *grid, const struct screen_cursor *cursor,
                  struct theme *theme, int colors);
/* Give the terminal back, stop, and take it again when continued. */
void display_suspend(struct display *display);
void display_bell(struct display *display);
/* Sequences of special keys, for press_decode. */
const struct press_sequence *display_sequences(const struct display *display);

#endif
