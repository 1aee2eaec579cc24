/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key does what: the defaults of session/words/panes.h, and what the user bound. */
#ifndef IPPRO_TUI_BINDINGS_H
#define IPPRO_TUI_BINDINGS_H

#include "session/words/panes.h"
#include "session/words/press.h"

struct binding {
    int press;
    enum action_id action;
    bool own; /* the user's */
};

struct bindings {
    struct binding *items;
    size_t count, capacity;
};

bool bindings_reset(struct bindings *bindings); /* the defaults; false when memory is out */
void bindings_free(struct bindings *bindings);
/* What a press does while a pane (or, -1, the prompt) has the focus: the action of that pane before those of
 * all. ACTION_NONE: nothing, or at the prompt: it is the line's. */
enum action_id bindings_find(const struct bindings *bindings, int press, int pane);
/* `conflict` gets a line about every other action that the press had or still has, "" when none. */
bool bindings_add(struct bindings *bindings, int press, enum action_id action, struct text *conflict);
/* False when the press did nothing. */
bool bindings_remove(struct bindings *bindings, int press);
/* "F10 z": the keys of an action, in order. */
void text_add_keys(struct text *text, const struct bindings *bindings, enum action_id action);
/* The key to name for an action, 0 when it has none: in a pane rather a character than a function key. */
int bindings_key(const struct bindings *bindings, enum action_id action, bool in_pane);

#endif
