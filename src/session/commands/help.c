/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help: everything called by a name. */
#include "base/status.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/words/value.h"

static status run_help(struct call *call, struct error *error)
{
    if (call_argument(call, 0))
        return help_about(call->session, call_argument(call, 0), call->reply, error);
    help_overview(call->reply);
    return STATUS_OK;
}

static const struct parameter help_arguments[] = {
    {"TOPIC", VALUE_TOPIC, PARAMETER_OPTIONAL, 0, 0, help_word, NULL,
     "a command, option, criterion or topic"},
    PARAMETER_END,
};
static const struct example help_examples[] = {
    {"help", "lists the commands", false},
    {"help score", "tells all about a command", false},
    EXAMPLE_END,
};

const struct command command_help = {
    .name = "help",
    .alias = "?",
    .arguments = help_arguments,
    .help = "explain commands, options and criteria",
    .text = "Without an argument lists the commands; with a name tells everything known by it.",
    .examples = help_examples,
    .run = run_help,
};
