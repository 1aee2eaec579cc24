/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bind: what keys do. */
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "session/words/value.h"
#include "view/style.h"

static const char *action_word(int index)
{
    return key_action_at(index) ? key_action_at(index)->name : NULL;
}

static status run_bind(struct call *call, struct error *error)
{
    const char *key = call_argument(call, 0), *action = call_argument(call, 1);
    int press;
    status code = key ? call_press(call, 0, &press, error) : STATUS_OK;
    if (code != STATUS_OK)
        return code;
    if (action && press_edits(press) && key_action_at(key_action_find(action))->place == PLACE_EVERYWHERE)
        reply_add(call->reply, STYLE_NOTE, "at the prompt %s edits the line: there it does not count", key);
    return call_request(call, REQUEST_BIND, error);
}

static const struct parameter bind_arguments[] = {
    {"KEY", VALUE_WORD, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a key such as a, +, F5, Alt-Left, Ctrl-L, Space"},
    {"ACTION", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, action_word, NULL, "what it shall do"},
    PARAMETER_END,
};
static const struct example bind_examples[] = {
    {"bind F12 zoom", "zooms with F12 as well", false},
    {"bind", "lists the keys that are in force", true},
    EXAMPLE_END,
};

const struct command command_bind = {
    .name = "bind",
    .arguments = bind_arguments,
    .help = "give a key something to do",
    .text = "Binds a key to an action of the full screen; without arguments lists the keys that are in "
            "force, as ? does. Put into the configuration file it lasts. A key that did something else "
            "before is told. At the prompt only function keys, PageUp, PageDown, and arrows with Alt, "
            "Control or Shift do something: the others edit the line, as ~/.inputrc says.",
    .examples = bind_examples,
    .run = run_bind,
};
