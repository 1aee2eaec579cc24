/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panels of the scores pane: bars of one criterion each, side by side on shared axes. */
#ifndef IPPRO_TUI_SCORE_PANELS_H
#define IPPRO_TUI_SCORE_PANELS_H

#include "tui/explorer.h"

enum { SCORE_GUTTER = 5 /* columns of the count axis */, SCORE_GAP = 1 };

/* What the pane keeps. */
struct scores_view {
    struct figure *figure; /* a histogram with one series per criterion; NULL: nothing to show */
    char *why;             /* then: why not */
    int bin, filter;       /* cursors: bin, and place among the filters of the bin */
};

/* How many stand side by side, and how wide the bars of one are together; first: the criterion of the
 * leftmost. */
struct score_panels {
    int across, first, width;
};

/* Around the criterion that keys act by. */
struct score_panels score_panels_for(const struct explorer *explorer, int width);
/* The figure, with so many lines of bars; three more are names, axis and ticks. With the focus the bin under
 * the cursor is marked. */
void score_panels_draw(const struct explorer *explorer, const struct scores_view *view, struct canvas *grid,
                       const struct rect *room, int rows, bool focused);

#endif
