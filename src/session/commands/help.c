/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help: everything called by a name. */
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/words/value.h"

static status run_help(struct call *call, struct error *error)
{
    struct text name = {0};
    status code = STATUS_OK;
    call_add_words(call, &name);
    if (name.length)
        code = help_about(call->session, text_data(&name), call->reply, error);
    else
        help_overview(call->session, call->reply);
    text_free(&name);
    return code;
}

static const struct parameter help_arguments[] = {
    {"TOPIC", VALUE_TOPIC, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, help_word, NULL,
     "a command, option, criterion or topic, or what it is called elsewhere"},
    PARAMETER_END,
};
static const struct example help_examples[] = {
    {"help", "lists the commands", false},
    {"help score", "tells all about a command", false},
    {"help geometric median", "tells what a word from elsewhere leads to", false},
    EXAMPLE_END,
};

const struct command command_help = {
    .name = "help",
    .alias = "?",
    .arguments = help_arguments,
    .help = "explain commands, options and criteria",
    .text = "Without an argument lists the commands; with a name tells everything known by it. Words "
            "of papers and other programs, such as magnitude or FLOPs, lead to what they are called here.",
    .examples = help_examples,
    .run = run_help,
};
