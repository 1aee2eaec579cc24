/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/event.h"

#include <string.h>

#include "session/board.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/state.h"

const char *event_name(int index)
{
#define EVENT_NAME(code, name) name,
    static const char *const names[] = {EVENT_LIST(EVENT_NAME)};
#undef EVENT_NAME
    return index >= 0 && index < EVENT_COUNT ? names[index] : NULL;
}

void event_watch_begin(struct event_watch *watch, const struct session *session)
{
    *watch =
        (struct event_watch){state_retain(&session->state), session->measurements.serial, session->scorings};
}

static bool loaded(const struct state *before, const struct state *now)
{
    return now->model && (!before->model || model_original(before->model) != model_original(now->model));
}

/* Ratios are part of a pruning too: what is left has a name, which tells selections apart. */
static bool selected(const struct state *before, const struct state *now)
{
    if (!now->pruning || before->pruning == now->pruning)
        return false;
    if (before->model != now->model)
        return now->pruning->removed_count > 0;
    return strcmp(before->pruning->network, now->pruning->network) != 0;
}

/* What a session file brought was measured then. */
static bool evaluated(const struct session *session, long before)
{
    const struct pruning *pruning = session->state.pruning;
    const struct measurement *last =
        pruning ? measurements_find(&session->measurements, pruning->network, NULL) : NULL;
    return last && !last->restored && session->measurements.serial != before && last->serial > before;
}

unsigned event_watch_end(struct event_watch *watch, const struct session *session, bool *changed)
{
    const struct state *before = &watch->before, *now = &session->state;
    const bool happened[EVENT_COUNT] = {
        [EVENT_LOADED] = loaded(before, now),
        [EVENT_DATA] = now->dataset && before->dataset != now->dataset,
        [EVENT_SCORED] =
            now->board->count > 0 && (before->board != now->board || session->scorings != watch->scorings),
        [EVENT_SELECTED] = selected(before, now),
        [EVENT_PRUNED] = now->model && before->model != now->model && !loaded(before, now),
        [EVENT_EVALUATED] = evaluated(session, watch->measured),
    };
    unsigned events = 0;
    for (int i = 0; i < EVENT_COUNT; i++)
        events |= happened[i] ? 1u << i : 0;
    if (changed)
        *changed = !state_equal(before, now);
    state_free(&watch->before);
    return events;
}
