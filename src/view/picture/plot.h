/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as pictures. Private to this room.
 *
 * A picture is white, at least 1200 pixels wide unless a size was asked for, with text in cells of 14 x 24
 * pixels. Bars are blue; what would be pruned is orange and striped, so that it reads in grey too. Bars are
 * exact to the pixel: the bar of a count is round(count / top of the axis * height of the plot) pixels high,
 * at least 2 when the count is not 0. Matrices show every number on its colour: blue to orange around zero,
 * white to dark blue on one-sided scales. Curves have a colour and a shape per series (the letters of the
 * screen when shapes run out), bars for the spread and a dashed line for the reference. Points of scatters
 * have a colour and a shape by who cuts them, else a colour per series. Tables are text. */
#ifndef IPPRO_VIEW_PICTURE_PLOT_H
#define IPPRO_VIEW_PICTURE_PLOT_H

#include "view/cells/draw.h"
#include "view/figure.h"
#include "view/picture/raster.h"

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
    int stretch;          /* pixels by which every plot is higher than usual; negative: lower */
    int plots;            /* told by who draws: plots below one another so far */
};
enum { PLOT_LEAST_HEIGHT = 80 };
int plot_height(struct plot *plot, int usual); /* of a plot, which is counted */

/* A plane with axes, grid and ticks: what curves and scatters share (plot_plane.c). */
struct tick;
struct plot_plane {
    double left, right, low, high; /* of the axes */
    const struct tick *ticks;      /* of the y axis */
    const char **labels;           /* of the ticks, as shown */
    int tick_count;
    int x, y, width, height; /* pixels */
};
/* Set the area and draw the axes below the name of the y axis; plot->y moves below it all. False when memory
 * is out. */
bool plot_plane_begin(struct plot *plot, struct plot_plane *plane, const char *x_axis, const char *y_axis);
double plot_plane_x(const struct plot_plane *plane, double x);
double plot_plane_y(const struct plot_plane *plane, double y);

/* The colours of series: told apart by people with any colour vision. */
struct color plot_series_color(int series);

/* An entry of a legend: what stands in front of the name is drawn by `swatch` in SWATCH x PLOT_LINE pixels.
 */
enum { PLOT_SWATCH = 54 };
struct plot_entry {
    const char *name, *remark;
    int what; /* for the swatch */
};
void plot_legend(struct plot *plot, const struct plot_entry *entries, int count,
                 void (*swatch)(struct plot *plot, int x, int middle, int what));

/* Text over the width of the picture, broken between words. */
void plot_paragraph(struct plot *plot, int weight, struct color color, const char *text);

/* What the rows of the kinds of figures point to (figure_kind.h): plot_table and so on. */
#define KIND_PLOTS(code, name) void plot_##name(struct plot *plot, const struct figure *figure);
FIGURE_KIND_LIST(KIND_PLOTS)
#undef KIND_PLOTS
int plot_table_width(struct plot *plot, const struct figure *figure);
double plot_table_least_height(const struct figure *figure);
double plot_histogram_least_height(const struct figure *figure);
int plot_matrix_width(struct plot *plot, const struct figure *figure);
double plot_matrix_least_height(const struct figure *figure);
double plot_curve_least_height(const struct figure *figure);
int plot_strip_width(struct plot *plot, const struct figure *figure);
double plot_strip_least_height(const struct figure *figure);

#endif
