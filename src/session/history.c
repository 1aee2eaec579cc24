/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps between states. */
#include "session/history.h"

#include <string.h>

#include "base/memory.h"

static void drop_from(struct history *history, int first)
{
    for (int i = first; i < history->count; i++) {
        state_release(&history->steps[i].state);
        mem_free(history->steps[i].line);
        mem_free(history->steps[i].log);
    }
    history->count = first < history->count ? first : history->count;
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
    drop_from(history, place);
    history->steps[place] = (struct history_step){copy, log_copy, state_retain(state)};
    history->position = place;
    history->count = place + 1;
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
    history->position = place + other->position;
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
