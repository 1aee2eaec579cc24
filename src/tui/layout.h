/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the panes are: layouts as trees of splits, fitted to any size. */
#ifndef IPPRO_TUI_LAYOUT_H
#define IPPRO_TUI_LAYOUT_H

#include "session/words/panes.h"
#include "tui/grid.h"

/* A pane with its title line; hidden: width 0. */
struct placement {
    struct rect pane[PANE_COUNT];
    bool rule_at_left[PANE_COUNT]; /* a line stands in the column left of the pane */
};

enum { PANE_LEAST_WIDTH = 18, PANE_LEAST_HEIGHT = 4 };

/* Place the layout's panes in the rectangle. Panes for which there is no room are hidden, the least important
 * of a split first; the first of the layout always stays. `zoomed` (a pane_id, or -1): that one alone.
 * `figure` puts the figure pane in the place that the layout keeps for it; where the log stands below it, it
 * gets lines of the log up to `figure_lines` with its title, and all of them where next to none would stay.
 */
void layout_place(enum layout_id layout, const struct rect *room, int zoomed, bool figure, int figure_lines,
                  struct placement *placement);
/* The pane next to `from` in a direction (ACTION_FOCUS_LEFT and the like), -1 when there is none. */
int layout_neighbour(const struct placement *placement, int from, enum action_id direction);

#endif
