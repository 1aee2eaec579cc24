/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that draw figures into cells share. Private to this room.
 *
 * Text has two forms: as it came ("γ", a name with an escape character in it) and as shown: escaped, and in
 * ASCII mode transcribed. Layout measures and cuts the shown form; showing it once more changes nothing. */
#ifndef IPPRO_VIEW_CELLS_DRAW_H
#define IPPRO_VIEW_CELLS_DRAW_H

#include <stdio.h>
#include "base/memory.h"
#include "base/text.h"
#include "view/cells/canvas.h"
#include "view/figure.h"
#include "view/glyphs.h"

enum glyph_range { GLYPHS_UTF8, GLYPHS_ASCII, GLYPHS_FONT /* what pictures can show */ };
/* One character of `text` as shown; returns the bytes it took, 0 at the end. */
int glyph_next(const char *text, enum glyph_range range, char glyph[TEXT_ESCAPE_SIZE]);
enum glyph_range canvas_range(const struct canvas *canvas);
/* Position on the colour ramp for `count` cells that are written already. */
void canvas_level(struct canvas *canvas, int line, int column, int count, unsigned char level);

/* One figure being drawn. Allocations are in the arena, so that nothing has to be freed on the way. */
struct drawing {
    struct canvas *canvas;
    struct arena *arena;
    const struct glyph_set *glyphs;
    int width;
    int line; /* the next to be written */
    bool failed;
    bool compact; /* few lines are wanted (canvas_figure_compact) */
    /* For figures that are to fit into a height (draw_fit.c); 0 each: as it comes. */
    int plot_lines;    /* lines of each plot's bars or points */
    bool measuring;    /* what takes no lines of its own may be left out: only the height is wanted */
    bool terse;        /* the plot with its ticks alone: no legend, no names of axes */
    int plots, height; /* told by who draws: plots or parts of a matrix that stand below one another, and the
                          lines of each plot */
};

void *drawing_alloc(struct drawing *drawing, size_t count, size_t size); /* on NULL the drawing has failed */
/* The shown form; "" after a failure. */
const char *drawing_show(struct drawing *drawing, const char *text);
/* Begin and end work with the functions below; the canvas is not written to until something is put. */
status drawing_open(struct drawing *drawing, struct canvas *canvas, struct error *error);
void drawing_close(struct drawing *drawing);
/* What a text holds, moved to the arena; frees the text. */
const char *drawing_take(struct drawing *drawing, struct text *text);
__attribute__((format(printf, 2, 3))) const char *drawing_format(struct drawing *drawing, const char *format,
                                                                 ...);
/* A shown text cut to `width` columns, its middle replaced by an ellipsis: the ends of layer names tell them
 * apart, so most of what is kept is the end. */
const char *drawing_shorten(struct drawing *drawing, const char *shown, int width);
/* The same with the ellipsis in the place of the start, and of the end. */
const char *drawing_shorten_start(struct drawing *drawing, const char *shown, int width);
const char *drawing_shorten_end(struct drawing *drawing, const char *shown, int width);
/* The next line of a shown text, at most `width` columns, broken between words where that is possible; *at
 * moves on, and NULL is returned at the end. */
const char *drawing_wrap(struct drawing *drawing, const char **at, int width);
/* Write shown text at the current line. Right: so that it ends before `column`. Returns the next column. */
int drawing_put(struct drawing *drawing, int column, enum cell_style style, const char *shown);
void drawing_put_right(struct drawing *drawing, int column, enum cell_style style, const char *shown);
void drawing_repeat(struct drawing *drawing, int column, enum cell_style style, const char *glyph, int times);
/* A paragraph over the whole width; moves to the line below it. */
void drawing_paragraph(struct drawing *drawing, enum cell_style style, const char *text);

/* The lines above the bars of one panel of a histogram, none wider than `width`: its name, its summary, and
 * what is cut, behind `mark`. */
enum { PANEL_HEAD_LINES = 6 };
struct panel_head {
    const char *line[PANEL_HEAD_LINES];
    enum cell_style style[PANEL_HEAD_LINES];
    int count;
};
void panel_head_make(struct drawing *drawing, const struct figure_histogram *histogram, int series, int width,
                     const char *mark, struct panel_head *head);

/* The panels share a count axis unless the highest bar is more than so many times the smallest series'
 * highest. */
enum { COUNTS_FLAT = 3 };

/* What the rows of the kinds of figures point to (figure_kind.h): draw_table and so on. */
#define KIND_DRAWS(code, name) void draw_##name(struct drawing *drawing, const struct figure *figure);
FIGURE_KIND_LIST(KIND_DRAWS)
#undef KIND_DRAWS
int table_natural_width(struct drawing *drawing, const struct figure *figure);
bool draw_sparks(struct drawing *drawing, const struct figure *figure, int height);
int matrix_natural_width(struct drawing *drawing, const struct figure *figure);

/* A plane of points or lines in dots: what curves and scatters share (draw_plane.c). A character has
 * DOTS_ACROSS x DOTS_DOWN of them. */
enum { DOTS_ACROSS = 2, DOTS_DOWN = 4 };
struct plane_cell {
    unsigned char dots, style;
    const char *sign; /* instead of the dots, or NULL */
    int series;       /* whose sign */
    int count;        /* points in it, for density without braille */
};
struct plane {
    double left, right, low, high; /* of the axes */
    int gutter, columns, lines;    /* characters: in front of the plot, and of it */
    const char **labels;           /* per line: the tick's, or NULL */
    struct plane_cell *cells;      /* lines x columns */
};
struct tick;
/* Room for the cells; labels of the y axis at the ticks' lines (tick_labels: as shown). False when memory is
 * out. `lines` as wanted; left, right, low and high are the caller's, before. */
bool plane_make(struct drawing *drawing, struct plane *plane, int lines, const struct tick *ticks, int count,
                const char *const *tick_labels);
/* Ticks for a plot of so many lines: at most every second line has one. */
int plot_ticks(int lines, int most);
/* Dots are counted from the left and from the top. */
int plane_across(const struct plane *plane, double x);
int plane_down(const struct plane *plane, double y);
struct plane_cell *plane_cell_at(const struct plane *plane, int across, int down);
void plane_dot(struct plane *plane, int across, int down, enum cell_style style);
/* The plot with its axes and their ticks, and what x is below. */
void plane_draw(struct drawing *drawing, const struct plane *plane, const char *x_axis);

/* An entry of a legend: in columns side by side where they fit. */
struct legend_entry {
    const char *sign, *name, *remark;
    enum cell_style style;
};
void legend_draw(struct drawing *drawing, const struct legend_entry *entries, int count);

/* The width at which a figure shows everything in UTF-8; a usual one where any will do. */
status figure_natural_width(const struct figure *figure, int *width, struct error *error);

#endif
