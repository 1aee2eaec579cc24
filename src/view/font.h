/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stroke font of our own: each glyph is drawn with a round pen on a grid of 7 columns and 12 rows, so that
 * it is crisp at every whole multiple of that size. Capitals stand on rows 1 to 9, small letters on 4 to 9,
 * descenders go to 11; columns 1 to 5 are used, so that neighbours do not touch. */
#ifndef IPPRO_VIEW_FONT_H
#define IPPRO_VIEW_FONT_H

#include <stdbool.h>
#include <stdint.h>

enum { FONT_WIDTH = 7, FONT_HEIGHT = 12 };

/* The strokes of a character, NULL when the font does not have it.
 *
 * Strokes are separated by a blank. A stroke is a list of points, each a column and a row: digits count grid
 * lines from 0 ('A' and 'B' are rows 10 and 11), small letters lie half a line behind: 'a' is 0.5, 'b' 1.5
 * ... A point with '(' in front is not passed through but bends the line between its neighbours (a quadratic
 * curve, halfway points being implied between two of them). A single point is a dot. */
const char *font_strokes(int32_t code);

/* Characters made of rectangles instead of strokes: the horizontal line U+2500 and the left blocks U+2588
 * (full) to U+258F (one eighth). In eighths of the cell's width and height; false for other characters. */
struct font_block {
    int left, top, width, height;
};
bool font_block(int32_t code, struct font_block *block);

bool font_has(int32_t code);

#endif
