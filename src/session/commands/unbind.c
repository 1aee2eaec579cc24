/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unbind: a key that does nothing. */
#include "base/status.h"
#include "session/commands/request.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/value.h"

static status run_unbind(struct call *call, struct error *error)
{
    int press;
    status code = call_press(call, 0, &press, error);
    return code == STATUS_OK ? call_request(call, REQUEST_UNBIND, error) : code;
}

static const struct parameter unbind_arguments[] = {
    {"KEY", VALUE_WORD, 0, 0, 0, NULL, NULL, "a key such as a, +, F5, Alt-Left, Ctrl-L, Space"},
    PARAMETER_END,
};
static const struct example unbind_examples[] = {{"unbind F9", "makes F9 do nothing", false}, EXAMPLE_END};

const struct command command_unbind = {
    .name = "unbind",
    .arguments = unbind_arguments,
    .help = "take a key's action away",
    .text = "Makes a key do nothing in the panes.",
    .examples = unbind_examples,
    .run = run_unbind,
};
