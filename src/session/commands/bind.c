/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bind: what keys do. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/language/expand.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "session/words/value.h"
#include "view/style.h"

static const char *action_word(int index)
{
    return index == ACTION_COUNT ? "=" : key_action_at(index) ? key_action_at(index)->name : NULL;
}

/* The command line behind KEY =, checked, is the request's third word. */
static status ask_for_line(struct call *call, struct error *error)
{
    char *line = NULL;
    const char *text = call_argument(call, 2);
    if (!text)
        return error_set(error, STATUS_USAGE, "COMMAND is missing: the form is 'bind KEY = COMMAND'");
    status code = command_line_check(call->session->aliases, text, &line, error);
    if (code == STATUS_OK)
        code = call_request(call, REQUEST_BIND, error);
    if (code != STATUS_OK) {
        mem_free(line);
        return code;
    }
    mem_free(call->reply->request.words[2]);
    call->reply->request.words[2] = line;
    return STATUS_OK;
}

static status run_bind(struct call *call, struct error *error)
{
    const char *key = call_argument(call, 0), *action = call_argument(call, 1);
    bool line = action && strcmp(action, "=") == 0;
    int press;
    status code = key ? call_press(call, 0, &press, error) : STATUS_OK;
    if (code != STATUS_OK)
        return code;
    if (!line && call_argument(call, 2))
        return error_set(error, STATUS_USAGE, "unexpected '%s': the form is 'bind KEY ACTION'",
                         call_argument(call, 2));
    int place = action && !line ? key_action_at(key_action_find(action))->place : PLACE_EVERYWHERE;
    if (action && press_edits(press) && place == PLACE_EVERYWHERE)
        reply_add(call->reply, STYLE_NOTE, "at the prompt %s edits the line: there it does not count", key);
    return line ? ask_for_line(call, error) : call_request(call, REQUEST_BIND, error);
}

static const struct parameter bind_arguments[] = {
    {"KEY", VALUE_WORD, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a key such as a, +, F5, Alt-Left, Ctrl-L, Space"},
    {"ACTION", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, action_word, NULL,
     "what it shall do; = for a command line"},
    {"COMMAND", VALUE_TEXT, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "behind '=': a command line, to the end of the line; ';' separates several commands"},
    PARAMETER_END,
};
static const struct example bind_examples[] = {
    {"bind F12 zoom", "zooms with F12 as well", false},
    {"bind F11 = score l1,geomedian; corr", "lets F11 run two commands", false},
    {"bind", "lists the keys that are in force", true},
    EXAMPLE_END,
};

const struct command command_bind = {
    .name = "bind",
    .arguments = bind_arguments,
    .flags = COMMAND_DEFINES,
    .help = "give a key something to do",
    .text =
        "Binds a key to an action of the full screen, or behind '=' to a command line, which the key runs "
        "as if it were typed; without arguments lists the keys that are in force, as ? does. Put into the configuration file it lasts. A key that did something else "
        "before is told. At the prompt only function keys, PageUp, PageDown, and arrows with Alt, "
        "Control or Shift do something: the others edit the line, as ~/.inputrc says.",
    .examples = bind_examples,
    .run = run_bind,
};
