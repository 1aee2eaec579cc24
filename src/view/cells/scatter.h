/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scatters in cells and scatters in pictures share. Private to this room. */
#ifndef IPPRO_VIEW_CELLS_SCATTER_H
#define IPPRO_VIEW_CELLS_SCATTER_H

#include "view/cells/draw.h"
#include "view/numbers.h"

struct scatter_plan {
    const struct figure_scatter *scatter;
    double left, right, low, high; /* of the axes */
    struct tick ticks[TICKS_MAX];  /* of the y axis */
    int tick_count;
    int64_t count[MARKS]; /* points by mark that have a place */
    int64_t *members;     /* per series: the same */
    int64_t lost;         /* points without one */
};

/* False when no point has a place, or memory is out (the drawing has failed then). */
bool scatter_plan_make(struct drawing *drawing, const struct figure_scatter *scatter, int most_ticks,
                       struct scatter_plan *plan);
bool scatter_known(const struct figure_scatter *scatter, int point);
enum scatter_mark scatter_mark(const struct figure_scatter *scatter, int point);
/* "cut by l1 alone", as shown. */
const char *scatter_mark_name(struct drawing *drawing, const struct figure_scatter *scatter,
                              enum scatter_mark mark);
const char *scatter_count(struct drawing *drawing, int64_t count);

#endif
