/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as pictures. Private to this room.
 *
 * A picture is white, at least 1200 pixels wide, with text in cells of 14 x 24 pixels. Bars are blue; what
 * would be pruned is orange and striped, so that it reads in grey too. Bars are exact to the pixel: the bar
 * of a count is round(count / top of the axis * height of the plot) pixels high, at least 2 when the count is
 * not 0. Matrices show every number on its colour: blue to orange around zero, white to dark blue on
 * one-sided scales. Curves have a colour and a shape per series (the letters of the
 * screen when shapes run out), bars for the spread and a dashed line for the reference. Tables are text. */
#ifndef IPPRO_VIEW_PLOT_H
#define IPPRO_VIEW_PLOT_H

#include "view/draw.h"
#include "view/figure.h"
#include "view/raster.h"

enum {
    PLOT_WIDTH = 1200,
    PLOT_MARGIN = 40,
    PLOT_SCALE = 2,
    PLOT_CELL = 7 * PLOT_SCALE,  /* columns of text */
    PLOT_LINE = 14 * PLOT_SCALE, /* lines of text, with two rows of air */
};

#define PLOT_BAR        ((struct color){0x2F, 0x6D, 0xA8})
#define PLOT_CUT        ((struct color){0xF7, 0xC9, 0x9B})
#define PLOT_CUT_STRIPE ((struct color){0xD3, 0x5F, 0x00})
#define PLOT_TEXT       ((struct color){0x1E, 0x1E, 0x1E})
#define PLOT_NOTE       ((struct color){0x60, 0x60, 0x60})
#define PLOT_AXIS       ((struct color){0x40, 0x40, 0x40})
#define PLOT_GRID       ((struct color){0xE2, 0xE2, 0xE2})

struct plot {
    struct raster *raster;
    struct drawing *text; /* shows, breaks and shortens text in the repertoire of the font */
    int y;                /* where the next part begins; grows */
};

/* Pixels of width that a figure needs without margins; PLOT_WIDTH is given at least. */
status plot_table_width(const struct figure *figure, int *width, struct error *error);
int plot_matrix_width(struct plot *plot, const struct figure_matrix *matrix);

/* Text over the width of the picture, broken between words. */
void plot_paragraph(struct plot *plot, int weight, struct color color, const char *text);

void plot_histogram(struct plot *plot, const struct figure_histogram *histogram);
void plot_matrix(struct plot *plot, const struct figure_matrix *matrix);
void plot_curve(struct plot *plot, const struct figure_curve *curve);
status plot_table(struct plot *plot, const struct figure *figure, struct error *error);

#endif
