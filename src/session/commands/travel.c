/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going through the history. */
#include "session/commands/travel.h"

#include "base/status.h"
#include "base/text.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/value.h"

static void tell_network(const struct call *call)
{
    const struct session *session = call->session;
    if (!session->state.model)
        return;
    struct text text = {0};
    const struct cost *now = pruning_cost(session->state.pruning, session->state.model);
    text_add(&text, "parameters ");
    text_add_thousands(&text, now->parameters);
    text_add(&text, ", multiply-adds ");
    text_add_si(&text, now->macs, 5);
    reply_line(call->reply, "%s: %s", session->state.model->name, reply_text(call->reply, &text));
    text_free(&text);
}

static const char *step_line(const struct history *history, int step)
{
    return history->steps[step].line ? history->steps[step].line : "session open";
}

status travel(struct call *call, int direction, struct error *error)
{
    struct history *history = &call->session->history;
    struct setting_value steps = {.integer = 1};
    status code = STATUS_OK;
    if (call_argument(call, 0))
        code = value_parse(&call->invocation->command->arguments[0], session_scope(call->session),
                           call_argument(call, 0), &steps, error);
    if (code != STATUS_OK)
        return code;
    int there = direction < 0 ? history->position - history->oldest : history->count - 1 - history->position;
    const char *name = direction < 0 ? "undo" : "redo";
    if (!there && direction < 0 && history->oldest)
        return error_set(error, STATUS_STATE,
                         "there is nothing more to undo: states before were let go, 'info' tells "
                         "how many are held");
    if (!there)
        return error_set(error, STATUS_STATE, "there is nothing to %s", name);
    if (steps.integer > there)
        return error_set(error, STATUS_RANGE, "there %s only %d to %s, not %lld", there == 1 ? "is" : "are",
                         there, name, (long long)steps.integer);
    for (int64_t i = 0; i < steps.integer; i++) {
        int step = direction < 0 ? history->position : history->position + 1;
        reply_line(call->reply, "%s: %s", direction < 0 ? "undone" : "done again", step_line(history, step));
        session_go(call->session, history->position + direction);
    }
    tell_network(call);
    return STATUS_OK;
}

const struct parameter travel_arguments[] = {
    {"N", VALUE_INTEGER, PARAMETER_OPTIONAL, 1, 1e9, NULL, NULL, "how many commands, one without it"},
    PARAMETER_END,
};
