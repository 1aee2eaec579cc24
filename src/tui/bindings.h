/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key does what: the defaults of session/words/panes.h, and what the user bound. */
#ifndef IPPRO_TUI_BINDINGS_H
#define IPPRO_TUI_BINDINGS_H

#include "session/words/panes.h"
#include "session/words/press.h"

struct binding {
    int press;
    enum action_id action; /* ACTION_NONE: the command line */
    char *line;            /* owned, or NULL */
    bool own;              /* the user's */
};

struct bindings {
    struct binding *items;
    size_t count, capacity;
};

bool bindings_reset(struct bindings *bindings); /* the defaults; false when memory is out */
void bindings_free(struct bindings *bindings);
/* What a press does while a pane (or, -1, the prompt) has the focus: that of the pane before those of all.
 * NULL: nothing, or at the prompt: it is the line's. Valid until bindings change. */
const struct binding *bindings_find(const struct bindings *bindings, int press, int pane);
/* An action, or with ACTION_NONE a command line. `conflict` gets a line about everything else that the press
 * did or still does, "" when there is nothing. False when memory is out. */
bool bindings_add(struct bindings *bindings, int press, enum action_id action, const char *line,
                  struct text *conflict);
/* False when the press did nothing. */
bool bindings_remove(struct bindings *bindings, int press);
/* "F10 z": the keys of an action, in order. */
void text_add_keys(struct text *text, const struct bindings *bindings, enum action_id action);
/* The key to name for an action, 0 when it has none: in a pane rather a character than a function key. */
int bindings_key(const struct bindings *bindings, enum action_id action, bool in_pane);

#endif
