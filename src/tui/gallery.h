/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figure pane's content: what commands showed, newest last, and how a table is sorted and filtered. */
#ifndef IPPRO_TUI_GALLERY_H
#define IPPRO_TUI_GALLERY_H

#include "session/live.h"
#include "session/reply.h"
#include "session/state.h"
#include "view/cells/canvas.h"

struct exhibit {
    char *command;            /* the line that showed it */
    struct state state;       /* the session's when it was shown, counted; empty for a live figure */
    struct reply_item *items; /* owned */
    size_t count;
    struct live_snapshot *live; /* instead of items: a figure of work that goes on, counted */
};

struct gallery {
    struct exhibit *items;
    int count, shown; /* shown: index, -1 when there is none */
    size_t capacity;
    int sort; /* column of the first table, -1: as it came */
    bool reverse;
    char *filter;         /* a word that rows must have; NULL: all rows */
    struct canvas canvas; /* the exhibit that is shown */
    int width, height;    /* of the room it was drawn for; width 0: to be drawn anew */
    bool ascii;
    bool paint;                         /* pictures are shown as such: by gallery_paint; never in ASCII */
    bool whole;                         /* nothing is folded, however little room there is */
    int plot_height, plots, plot_lines; /* of a plot at most; those drawn, and the lines they took */
    int top, aside;                     /* lines and columns of the exhibit that are out of the room */
};

void gallery_free(struct gallery *gallery);
/* Take over the items of a reply, which is empty afterwards, and show them, in the place of the same
 * command's live figure. `state` is what the command left, and gets one more owner. */
status gallery_add(struct gallery *gallery, const char *command, const struct state *state,
                   struct reply *reply, struct error *error);
/* The same for a snapshot with a figure, whose ownership passes. */
status gallery_add_live(struct gallery *gallery, const char *command, struct live_snapshot *snapshot,
                        struct error *error);
/* Is the newest exhibit a live figure of this command? */
bool gallery_is_live(const struct gallery *gallery, const char *command);
void gallery_show(struct gallery *gallery, int index); /* clamped */
void gallery_paint(struct gallery *gallery, bool paint);
void gallery_to_start(struct gallery *gallery); /* show the beginning of the exhibit */
/* By the next column of the table, after the last as it came. False when no table is shown. */
bool gallery_sort_next(struct gallery *gallery);
bool gallery_reverse(struct gallery *gallery);
/* Show rows that are folded one by one, or fold them again; false where none can be folded. */
bool gallery_unfold(struct gallery *gallery);
void gallery_filter(struct gallery *gallery, const char *word); /* NULL or "": all rows */
/* "scores, ratios": what has changed since the exhibit that is shown (freshness.h); "" while it is fresh. */
void text_add_changed_since(struct text *text, const struct gallery *gallery, const struct state *now);
/* "sorted by ratio, with 'conv1'", "" when as it came. */
void text_add_arrangement(struct text *text, const struct gallery *gallery);
/* Drawn at a width, plots as high as the room is, or a single one as high as tables beside it leave; and what
 * is longer than it in fewer lines where it can do without them (canvas_figure_compact); borrowed until the
 * next call. */
const struct canvas *gallery_canvas(struct gallery *gallery, int width, int height, bool ascii);
/* Lines that the exhibit takes at that width where there are `most` lines at most; 0: as many as it gets, for
 * there are plots in it. */
int gallery_lines(struct gallery *gallery, int width, int most, bool ascii);

#endif
