/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apropos: what mentions a word. */
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/words/value.h"

static status run_apropos(struct call *call, struct error *error)
{
    struct text word = {0};
    call_add_words(call, &word);
    status code = help_search(call->session, text_data(&word), call->reply, error);
    text_free(&word);
    return code;
}

static const struct parameter apropos_arguments[] = {
    {"WORD", VALUE_WORD, PARAMETER_REPEATED, 0, 0, NULL, NULL, "what to search for"},
    PARAMETER_END,
};
static const struct example apropos_examples[] = {{"apropos seed", "lists what has to do with seeds", false},
                                                  EXAMPLE_END};

const struct command command_apropos = {
    .name = "apropos",
    .arguments = apropos_arguments,
    .help = "search the help",
    .text =
        "Lists the commands, options, criteria and topics that mention a word, aliases, and words from "
        "elsewhere that lead to them. Several words are looked for as they stand, with blanks between them.",
    .examples = apropos_examples,
    .run = run_apropos,
};
