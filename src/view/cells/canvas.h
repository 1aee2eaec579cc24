/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where figures are drawn: cells, a grid of characters with styles. They are a terminal's lines or what a
 * pane shows. Files are written by view/write/write.h. */
#ifndef IPPRO_VIEW_CELLS_CANVAS_H
#define IPPRO_VIEW_CELLS_CANVAS_H

#include <stdint.h>
#include "base/status.h"
#include "base/text.h"
#include "view/figure.h"
#include "view/style.h"

struct canvas_cell {
    char glyph[8];       /* one UTF-8 character with its marks; "" for the right half of a wide one */
    unsigned char style; /* enum cell_style */
    unsigned char level; /* 0..255: position on the theme's colour ramp (matrices), 0 for none */
    /* A cell of a picture: colours of its upper and lower half in the palette of 256, 16 to 255; 0 for none.
     */
    unsigned char upper, lower;
};

struct canvas {
    int width, height;         /* height grows as lines are written */
    bool ascii;                /* glyphs are printable ASCII only */
    bool font;                 /* glyphs are those that pictures can show */
    bool paint;                /* pictures can be shown: there are 256 colours */
    struct canvas_cell *cells; /* height x width */
    size_t capacity;
    bool failed; /* memory ran out; what was drawn since is not there */
};

void canvas_init(struct canvas *canvas, int width, bool ascii); /* width is clamped to 20..1000 */
void canvas_free(struct canvas *canvas);
/* Write text (escaped; in ASCII mode also transcribed: "γ" becomes "gamma", signs without a common
 * transcription \u{NNNN}) at line, column; lines are added as needed; cut at the right edge. Returns the next
 * column. */
int canvas_text(struct canvas *canvas, int line, int column, enum cell_style style, const char *text);
int canvas_width_of(const char *text); /* columns that canvas_text takes for it in UTF-8 */

/* Draw a figure below what the canvas holds: title, figure, notes. It always fits the width: names lose their
 * middle, columns that do not fit are left out and a note says which, wide matrices come in several parts. On
 * failure the canvas is as it was. */
status canvas_figure(struct canvas *canvas, const struct figure *figure, struct error *error);

/* The same in fewer lines where it can do without them: rows that may be folded are, and a table of which two
 * halves fit side by side is drawn so, where nothing but bars has to go for it. */
status canvas_figure_compact(struct canvas *canvas, const struct figure *figure, struct error *error);

/* Draw a figure below what the canvas holds in at most `width` columns and `height` lines: plots take the
 * height there is, tables and matrices show the rows there is room for and say how many there are more. With
 * less room notes, legends, names of axes and the title go; a pane narrower than LEAST_FIT_WIDTH or too low
 * for a plot gets one line, of histograms one per series. Nothing is drawn into a pane without cells. Costs a
 * few drawings. */
enum { LEAST_FIT_WIDTH = 16 };
status canvas_figure_fit(struct canvas *canvas, const struct figure *figure, int width, int height,
                         struct error *error);

/* A cell of a picture: its upper and its lower half in these colours (red, green, blue). Only where the
 * canvas says `paint`. */
void canvas_paint(struct canvas *canvas, int line, int column, const uint8_t upper[3],
                  const uint8_t lower[3]);

struct arena;
/* Names in a list, none wider than `width` columns and no two that differ alike (cells/names.h), in `shown`,
 * count each, which live in the arena; `ascii` as in canvas_init. False when memory is out. */
bool canvas_shorten_names(struct arena *arena, bool ascii, const char *const *names, int count, int width,
                          const char **shown);

struct theme;
/* Lines of the canvas as text, appended to `out`; with a theme, SGR escape sequences for `colors` colours (0:
 * attributes only, 8, 16, 256), as few as possible and switched off at the end of each line; without one, no
 * escape sequence at all. Trailing blanks are cut. */
void canvas_print(const struct canvas *canvas, const struct theme *theme, int colors, struct text *out);

#endif
