/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states that the session went through, with the commands between them, for undo, redo and the log that a
 * session file keeps. Their number and what they hold in memory are bounded: the oldest states are let go.
 * The commands stay, and with them the names of what they led to, so that the log is always whole. */
#ifndef IPPRO_SESSION_HISTORY_H
#define IPPRO_SESSION_HISTORY_H

#include "session/state.h"

struct history_step {
    char *line; /* the command that led here, as it can be run again; NULL: the session began here */
    char *log;  /* commands, one a line, that lead here without programs or recipe files; NULL: line */
    struct state state;                /* as it left it; nothing before history->oldest */
    size_t bytes;                      /* that it holds beside the state before it */
    struct state_names *names;         /* of a state that was let go, else NULL */
    const struct criterion **criteria; /* of scripts, that the state uses and the one before did not; owned */
    int criteria_count;
    long serial; /* no other step of this history ever had it */
};

struct history {
    struct history_step *steps; /* steps[0] is the beginning */
    int count, position;        /* the present state is steps[position]; those behind it can be redone */
    size_t capacity;
    int oldest;  /* the first step whose state is there: undo goes so far */
    long serial; /* of the newest step that there was */
    /* Bounds; 0: HISTORY_STATES, HISTORY_BYTES. */
    int most_states;
    size_t most_bytes;
};

enum { HISTORY_STATES = 1000 };
#define HISTORY_BYTES ((size_t)1000000000)

/* A state after the present one; what could be redone is dropped. `line` NULL marks a new beginning: the log
 * of commands starts there. */
status history_push(struct history *history, const char *line, const char *log, const struct state *state,
                    struct error *error);
/* Take over the steps of another history behind the present one, its beginning as a new beginning. `other` is
 * empty afterwards. Fails without a change. */
status history_append(struct history *history, struct history *other, struct error *error);
void history_free(struct history *history);

int history_most_states(const struct history *history);
size_t history_most_bytes(const struct history *history);
/* What its states hold together, present and redone ones included: an estimate (state_bytes). */
size_t history_bytes(const struct history *history);
/* What a step led to, also when its state was let go. */
void history_names(const struct history *history, int step, struct state_names *names);
/* Its network at least, without waiting for a digest of data. */
void history_network_names(const struct history *history, int step, struct state_names *names);

/* The first step of the log that leads to the present state: behind the last beginning. */
int history_log(const struct history *history);

#endif
