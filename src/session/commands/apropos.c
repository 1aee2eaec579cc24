/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apropos: what mentions a word. */
#include "base/status.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/words/value.h"

static status run_apropos(struct call *call, struct error *error)
{
    return help_search(call_argument(call, 0), call->reply, error);
}

static const struct parameter apropos_arguments[] = {
    {"WORD", VALUE_WORD, 0, 0, 0, NULL, NULL, "what to search for"},
    PARAMETER_END,
};
static const struct example apropos_examples[] = {{"apropos seed", "lists what has to do with seeds", false},
                                                  EXAMPLE_END};

const struct command command_apropos = {
    .name = "apropos",
    .arguments = apropos_arguments,
    .help = "search the help",
    .text = "Lists the commands, options, criteria and topics that mention a word.",
    .examples = apropos_examples,
    .run = run_apropos,
};
