/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The explorer's state as the cells of a screen. A pure function: the same state gives the same cells,
 * whether there is a terminal or not. */
#ifndef IPPRO_TUI_COMPOSE_H
#define IPPRO_TUI_COMPOSE_H

#include "tui/explorer.h"

/* Where the terminal's cursor belongs; line -1: hide it. */
struct screen_cursor {
    int line, column;
};

/* Draw into the grid, which gets the explorer's size. False when memory is out. */
bool compose(struct explorer *explorer, struct canvas *grid, struct screen_cursor *cursor);
/* The smallest screen that panes, prompt and keys are of use on; a smaller one says so. */
enum { LEAST_SCREEN_WIDTH = 40, LEAST_SCREEN_HEIGHT = 10 };
/* Lines that a screen of this size leaves for panes: 0 when it is too small. */
int compose_room(int width, int height);
/* The screen as text, line by line; with styles, below each line that has any, a letter per cell: '.' plain,
 * 'a' and following the styles in the order of view/style.h, and a digit 1-9 for a place on the ramp.
 */
void text_add_screen(struct text *text, const struct canvas *grid, bool styles);

#endif
