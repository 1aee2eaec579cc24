/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps between states. */
#include "session/history.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "score/criterion.h"
#include "session/board.h"
#include "session/pruning.h"

static void drop_from(struct history *history, int first)
{
    for (int i = first; i < history->count; i++) {
        state_free(&history->steps[i].state);
        mem_free(history->steps[i].line);
        mem_free(history->steps[i].log);
        mem_free(history->steps[i].names);
        mem_free(history->steps[i].criteria);
    }
    history->count = first < history->count ? first : history->count;
}

/* --- bounds --------------------------------------------------------------------------------------------- */

int history_most_states(const struct history *history)
{
    return history->most_states ? history->most_states : HISTORY_STATES;
}

size_t history_most_bytes(const struct history *history)
{
    return history->most_bytes ? history->most_bytes : HISTORY_BYTES;
}

size_t history_bytes(const struct history *history)
{
    size_t bytes = 0;
    for (int i = history->oldest; i < history->count; i++)
        bytes += history->steps[i].bytes;
    return bytes;
}

/* What steps hold beside those before them, from one step on. */
static void weigh(struct history *history, int first)
{
    for (int i = first; i < history->count; i++)
        history->steps[i].bytes =
            state_bytes(&history->steps[i].state, i > history->oldest ? &history->steps[i - 1].state : NULL);
}

/* Without memory for its names the state stays. */
static bool let_go(struct history *history)
{
    struct history_step *step = &history->steps[history->oldest];
    step->names = mem_new(1, sizeof *step->names);
    if (!step->names)
        return false;
    state_names(&step->state, step->names);
    state_free(&step->state);
    step->bytes = 0;
    history->oldest++;
    step[1].bytes = state_bytes(&step[1].state, NULL);
    return true;
}

/* The present state and the one before it stay whatever they hold. */
static void keep_bounds(struct history *history)
{
    while (history->position - history->oldest > 1 &&
           (history->count - history->oldest > history_most_states(history) ||
            history_bytes(history) > history_most_bytes(history)) &&
           let_go(history))
        ;
}

/* --- criteria of scripts -------------------------------------------------------------------------------- */

static bool on_board(const struct board *board, const struct criterion *criterion)
{
    for (int i = 0; board && i < board->count; i++) {
        if (board->entries[i].choice.criterion == criterion)
            return true;
    }
    return false;
}

/* The criterion that `prune` uses when it is given none. */
static const struct criterion *rule_criterion(const struct state *state)
{
    return state && state->pruning ? criterion_find(state->pruning->rule.criterion) : NULL;
}

/* `before` may be NULL. */
static bool note_criteria(struct history_step *step, const struct state *before)
{
    const struct board *board = step->state.board;
    const struct criterion *rule = rule_criterion(&step->state);
    int entries = board ? board->count : 0;
    step->criteria = mem_new((size_t)entries + 1, sizeof *step->criteria);
    for (int i = 0; step->criteria && i < entries; i++) {
        const struct criterion *criterion = board->entries[i].choice.criterion;
        if (criterion->owner && !on_board(before ? before->board : NULL, criterion))
            step->criteria[step->criteria_count++] = criterion;
    }
    if (step->criteria && rule && rule->owner && rule != rule_criterion(before) && !on_board(board, rule))
        step->criteria[step->criteria_count++] = rule;
    return step->criteria != NULL;
}

void history_names(const struct history *history, int step, struct state_names *names)
{
    if (history->steps[step].names)
        *names = *history->steps[step].names;
    else
        state_names(&history->steps[step].state, names);
}

void history_network_names(const struct history *history, int step, struct state_names *names)
{
    if (history->steps[step].names)
        *names = *history->steps[step].names;
    else
        state_network_names(&history->steps[step].state, names);
}

void history_free(struct history *history)
{
    drop_from(history, 0);
    mem_free(history->steps);
    *history = (struct history){0};
}

status history_push(struct history *history, const char *line, const char *log, const struct state *state,
                    struct error *error)
{
    int place = history->count ? history->position + 1 : 0;
    if (!mem_grow(&history->steps, &history->capacity, (size_t)place + 1, sizeof *history->steps))
        return error_memory(error);
    char *copy = line ? mem_string(line) : NULL, *log_copy = log ? mem_string(log) : NULL;
    if ((line && !copy) || (log && !log_copy)) {
        mem_free(copy);
        mem_free(log_copy);
        return error_memory(error);
    }
    struct history_step step = {
        .line = copy, .log = log_copy, .state = *state, .serial = history->serial + 1};
    bool known = place > history->oldest;
    if (!note_criteria(&step, known ? &history->steps[place - 1].state : NULL)) {
        mem_free(copy);
        mem_free(log_copy);
        return error_memory(error);
    }
    drop_from(history, place);
    state_retain(state);
    history->serial++;
    history->steps[place] = step;
    history->position = place;
    history->count = place + 1;
    weigh(history, place);
    keep_bounds(history);
    return STATUS_OK;
}

status history_append(struct history *history, struct history *other, struct error *error)
{
    int place = history->count ? history->position + 1 : 0;
    size_t needed = (size_t)place + (size_t)other->count;
    if (!mem_grow(&history->steps, &history->capacity, needed, sizeof *history->steps))
        return error_memory(error);
    drop_from(history, place);
    memcpy(history->steps + place, other->steps, (size_t)other->count * sizeof *history->steps);
    history->count = place + other->count;
    for (int i = place; i < history->count; i++)
        history->steps[i].serial = ++history->serial;
    history->position = place + other->position;
    while (other->oldest && history->oldest < place && let_go(history))
        ;
    if (other->oldest)
        history->oldest = place + other->oldest;
    weigh(history, place > history->oldest ? place : history->oldest);
    keep_bounds(history);
    mem_free(other->steps);
    *other = (struct history){0};
    return STATUS_OK;
}

int history_log(const struct history *history)
{
    int first = history->position;
    while (first > 0 && history->steps[first].line)
        first--;
    return first + 1;
}
