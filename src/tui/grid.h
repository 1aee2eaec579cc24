/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen as a grid of cells: a canvas of exactly the terminal's size, onto which the canvases of panes
 * are copied. Nothing here knows a terminal. */
#ifndef IPPRO_TUI_GRID_H
#define IPPRO_TUI_GRID_H

#include <stdbool.h>
#include "view/cells/canvas.h"

struct rect {
    int column, line, width, height;
};

/* Make `grid` a blank screen of that size; its memory is used again when it is large enough. False when
 * memory is out. Freed by canvas_free. */
bool grid_reset(struct canvas *grid, int width, int height, bool ascii);
struct canvas_cell *grid_cell(const struct canvas *grid, int line, int column); /* NULL outside */
/* Copy the part of `from` that begins at its line and column into the rectangle. Wide characters that are cut
 * become blanks. */
void grid_copy(struct canvas *grid, const struct rect *rect, const struct canvas *from, int line, int column);
/* Text within a rectangle's line, cut at its end. Returns the column behind it. */
int grid_text(struct canvas *grid, const struct rect *rect, int line, int column, enum cell_style style,
              const char *text);
/* The same ending at the right edge of the rectangle; nothing when it does not fit behind `from`. */
void grid_text_right(struct canvas *grid, const struct rect *rect, int line, int from, enum cell_style style,
                     const char *text);
/* Columns that the text takes in this grid, transcribed where it is ASCII. */
int grid_width_of(const struct canvas *grid, const char *text);
/* Repeat one glyph from column to column. */
void grid_fill(struct canvas *grid, int line, int from, int to, enum cell_style style, const char *glyph);
/* Give cells another style, and no level. */
void grid_restyle(struct canvas *grid, int line, int column, int count, enum cell_style style);
bool rect_holds(const struct rect *rect, int line, int column);

#endif
