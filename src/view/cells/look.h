/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a cell looks on a terminal of so many colours. */
#ifndef IPPRO_VIEW_CELLS_LOOK_H
#define IPPRO_VIEW_CELLS_LOOK_H

#include <stdbool.h>

struct canvas_cell;
struct theme;

/* Colours of the depth in use, -1 for the terminal's own. */
struct look {
    short foreground, background;
    bool bold, dim, underline, reverse;
};

/* colors: 0 attributes only, 8, 16, 256. */
struct look look_of(const struct canvas_cell *cell, const struct theme *theme, int colors);

#endif
