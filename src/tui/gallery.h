/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figure pane's content: what commands showed, newest last, and how a table is sorted and filtered. */
#ifndef IPPRO_TUI_GALLERY_H
#define IPPRO_TUI_GALLERY_H

#include "session/reply.h"

struct exhibit {
    char *command;            /* the line that showed it */
    struct reply_item *items; /* owned */
    size_t count;
};

struct gallery {
    struct exhibit *items;
    int count, shown; /* shown: index, -1 when there is none */
    size_t capacity;
    int sort; /* column of the first table, -1: as it came */
    bool reverse;
    char *filter;         /* a word that rows must have; NULL: all rows */
    struct canvas canvas; /* the exhibit that is shown */
    int width;            /* 0: to be drawn anew */
    bool ascii;
};

void gallery_free(struct gallery *gallery);
/* Take over the items of a reply, which is empty afterwards, and show them. Live results of one command take
 * the place of each other: `again`. */
status gallery_add(struct gallery *gallery, const char *command, struct reply *reply, bool again,
                   struct error *error);
void gallery_show(struct gallery *gallery, int index); /* clamped */
/* By the next column of the table, after the last as it came. False when no table is shown. */
bool gallery_sort_next(struct gallery *gallery);
bool gallery_reverse(struct gallery *gallery);
void gallery_filter(struct gallery *gallery, const char *word); /* NULL or "": all rows */
/* "sorted by ratio, with 'conv1'", "" when as it came. */
void text_add_arrangement(struct text *text, const struct gallery *gallery);
/* The title of the exhibit's first figure, or its command. */
const char *gallery_title(const struct gallery *gallery);
/* Drawn at a width; borrowed until the next call. */
const struct canvas *gallery_canvas(struct gallery *gallery, int width, bool ascii);

#endif
