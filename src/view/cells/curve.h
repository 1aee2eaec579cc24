/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What curves in cells and curves in pictures share: points in the order of their line, the ranges of the
 * axes, and the words of the legend. Private to this room. */
#ifndef IPPRO_VIEW_CELLS_CURVE_H
#define IPPRO_VIEW_CELLS_CURVE_H

#include "view/cells/draw.h"
#include "view/numbers.h"

/* One point as it is shown: percentages are multiplied by 100. */
struct curve_point {
    double x, y;
    double low, high; /* ends of the spread; y where there is none */
    bool known;       /* false: no y yet, the line has a gap here */
    int order;        /* as it was given */
};

struct curve_plan {
    const struct figure_curve *curve;
    struct curve_point *points; /* series x curve->points, those of a series by ascending x */
    int *counts;                /* per series: points that have an x */
    double left, right;         /* of the x axis */
    double low, high;           /* of the y axis, at its first and its last tick */
    struct tick ticks[TICKS_MAX];
    int tick_count;   /* of the y axis; 0 when the numbers are too large for round ones */
    double reference; /* NaN: none */
};

/* False when nothing can be drawn, because no point has its numbers yet or memory is out (the drawing has
 * failed then). At most `most_ticks` ticks on the y axis. */
bool curve_plan_make(struct drawing *drawing, const struct figure_curve *curve, int most_ticks,
                     struct curve_plan *plan);
const struct curve_point *curve_point_at(const struct curve_plan *plan, int series, int index);

/* What is on an axis, with its unit where that is percent. */
const char *curve_axis(struct drawing *drawing, const char *axis, bool percent);
/* Shown texts: a tick of the y axis; a value of y; and what the legend says of a series (its last known
 * value, and how many points are still missing) and of the reference. */
const char *curve_tick_label(struct drawing *drawing, const struct curve_plan *plan, int tick);
const char *curve_value(struct drawing *drawing, const struct curve_plan *plan, double y);
const char *curve_remark(struct drawing *drawing, const struct curve_plan *plan, int series);
const char *curve_reference(struct drawing *drawing, const struct curve_plan *plan);

/* The sign of a series: the first eight are shapes (pictures draw them), then come the letters, A to Z. */
enum { CURVE_SHAPES = GLYPH_SHAPES, CURVE_SIGNS = CURVE_SHAPES + 26 };
const char *curve_sign(int series, bool ascii);

#endif
