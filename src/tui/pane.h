/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a pane is: one row of functions, pane_NAME in pane_NAME.c; the list of panes is PANE_LIST
 * (session/words/panes.h). Its functions get what the pane keeps, `state`: zeroed memory of `state_size`
 * bytes that lives as long as the explorer. Preconditions: explorer_refresh was called; `room` is what lies
 * below the pane's title line, in `draw` and `click` at least one cell of the grid. All but `draw` may be
 * NULL. */
#ifndef IPPRO_TUI_PANE_H
#define IPPRO_TUI_PANE_H

#include "tui/explorer.h"

/* What panes show besides their own state. */
enum pane_part {
    PART_MODEL = 1,
    PART_PRUNING = 2,
    PART_BOARD = 4,
    PART_OPTIONS = 8,
    PART_CRITERION = 16, /* the one that keys act by */
    PART_CURSOR = 32,    /* the row under the cursor of the layers; of a pane that is seen */
    PART_WIDTH = 64      /* of the room, likewise */
};
enum { PART_SCORES = PART_MODEL | PART_BOARD | PART_OPTIONS };

/* An action in the line of keys at the bottom. */
struct bar_item {
    enum action_id action;
    const char *label; /* NULL ends a list */
};

struct pane_row {
    size_t state_size;
    void (*free)(void *state); /* what the state owns, not itself */
    /* Some of the parts that the pane follows (enum pane_part) changed. */
    void (*stale)(struct explorer *explorer, void *state, const struct rect *room, unsigned parts);
    unsigned follows;
    /* What the pane shows, for its title line. */
    void (*title)(const struct explorer *explorer, const void *state, struct text *text);
    bool title_whole; /* it has commas that divide no parts: it loses its end, and never a part */
    /* Draw into the room. */
    void (*draw)(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused);
    /* An action in this pane; false when it means nothing here. */
    bool (*act)(struct explorer *explorer, void *state, const struct rect *room, enum action_id action);
    /* A click in the room at a line and column of it. */
    void (*click)(struct explorer *explorer, void *state, const struct rect *room, int line, int column);
    /* Find `word` behind the cursor (or before it); false when it is nowhere. */
    bool (*search)(struct explorer *explorer, void *state, const struct rect *room, const char *word,
                   bool back);
    const struct bar_item *bar; /* the keys that matter most here */
};

const struct pane_row *pane_row_at(enum pane_id pane);

/* The states of all panes, zeroed. */
status panes_open(struct explorer *explorer, struct error *error);
void panes_close(struct explorer *explorer);
/* Tell each pane what changed of all that it follows. */
void panes_tell(struct explorer *explorer, unsigned parts);
bool pane_act(struct explorer *explorer, enum pane_id pane, enum action_id action);

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
/* The line of a canvas as text. */
void text_add_line(struct text *text, const struct canvas *content, int line);

#endif
