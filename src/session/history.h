/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states that the session went through, with the commands between them, for undo, redo and the log that a
 * session file keeps. Without limit: states share their parts. */
#ifndef IPPRO_SESSION_HISTORY_H
#define IPPRO_SESSION_HISTORY_H

#include "session/state.h"

struct history_step {
    char *line; /* the command that led here, as it can be run again; NULL: the session began here */
    char *log;  /* commands, one a line, that lead here without programs or recipe files; NULL: line */
    struct state state; /* as it left it */
};

struct history {
    struct history_step *steps; /* steps[0] is the beginning */
    int count, position;        /* the present state is steps[position]; those behind it can be redone */
    size_t capacity;
};

/* A state after the present one; what could be redone is dropped. `line` NULL marks a new beginning: the log
 * of commands starts there. */
status history_push(struct history *history, const char *line, const char *log, const struct state *state,
                    struct error *error);
/* Take over the steps of another history behind the present one, its beginning as a new beginning. `other` is
 * empty afterwards. Fails without a change. */
status history_append(struct history *history, struct history *other, struct error *error);
void history_free(struct history *history);

/* The first step of the log that leads to the present state: behind the last beginning. */
int history_log(const struct history *history);

#endif
