/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a pane is: a row of functions. Preconditions: explorer_refresh was called; `room` is inside the grid
 * and at least one cell. All but `draw` may be NULL. */
#ifndef IPPRO_TUI_PANE_H
#define IPPRO_TUI_PANE_H

#include "tui/explorer.h"

struct pane_row {
    /* What the pane shows, for its title line. */
    void (*title)(const struct explorer *explorer, struct text *text);
    /* Draw into the room below the title line. */
    void (*draw)(struct explorer *explorer, struct canvas *grid, const struct rect *room, bool focused);
    /* An action in this pane; false when it means nothing here. */
    bool (*act)(struct explorer *explorer, enum action_id action);
    /* A click in the room at a line and column of it. */
    void (*click)(struct explorer *explorer, const struct rect *room, int line, int column);
    /* The state changed. */
    void (*refresh)(struct explorer *explorer);
    /* Find `word` behind the cursor (or before it); false when it is nowhere. */
    bool (*search)(struct explorer *explorer, const char *word, bool back);
};

extern const struct pane_row pane_layers, pane_scores, pane_correlation, pane_model, pane_log, pane_figure;
const struct pane_row *pane_row_at(enum pane_id pane);

/* The room below a pane's title line. */
struct rect pane_room(const struct explorer *explorer, enum pane_id pane);
/* A cursor that moves by `step` in 0..count-1. */
int cursor_moved(int cursor, int step, int count);
/* The first line shown so that the cursor is among `height` of them. */
int top_for(int top, int cursor, int height, int count);
/* How far an action moves a cursor up and down; false when it does not. `page`: lines of a page. */
bool vertical_step(enum action_id action, int page, int count, int *step);
/* Words in the middle of an empty pane. */
void draw_empty(struct canvas *grid, const struct rect *room, const char *text);
/* A line longer than its room loses its end to an ellipsis. */
void draw_cut(struct canvas *grid, const struct rect *room, int line, int column, enum cell_style style,
              const char *text);
/* Show lines of a canvas from `top`, with a mark at the right edge where there is more. */
void draw_scrolled(struct canvas *grid, const struct rect *room, const struct canvas *content, int top,
                   int aside);

/* The layer under the cursor of the layers pane, or its stage's layers. */
const struct layer_row *layers_current(const struct explorer *explorer);
void layers_free_view(struct layers_view *view);
void scores_free_view(struct scores_view *view);
void correlation_free_view(struct correlation_view *view);

#endif
