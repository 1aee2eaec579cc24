/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unalias: a name that stands for nothing any more. */
#include "base/status.h"
#include "session/language/command.h"
#include "session/session.h"
#include "session/words/alias.h"
#include "session/words/value.h"
#include "session/words/word_list.h"

static status run_unalias(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0);
    struct aliases *left;
    if (!alias_line(call->session->aliases, name)) {
        struct word_list words = {0};
        value_words(&call->invocation->command->arguments[0], session_scope(call->session), &words);
        const char *hint = word_list_hint(&words, name);
        status code = error_set(error, STATUS_NOT_FOUND, "no alias '%s'%s", name,
                                *hint ? hint : ": 'alias' lists them");
        word_list_free(&words);
        return code;
    }
    status code = aliases_with(call->session->aliases, name, NULL, &left, error);
    if (code != STATUS_OK)
        return code;
    aliases_free(call->session->aliases);
    call->session->aliases = left;
    return STATUS_OK;
}

static const struct parameter unalias_arguments[] = {
    {"NAME", VALUE_ALIAS, 0, 0, 0, NULL, NULL, "an alias"},
    PARAMETER_END,
};
static const struct example unalias_examples[] = {{"unalias look", "lets look stand for nothing", true},
                                                  EXAMPLE_END};

const struct command command_unalias = {
    .name = "unalias",
    .arguments = unalias_arguments,
    .flags = COMMAND_CHANGES,
    .help = "take an alias away",
    .text = "Takes the name of a command line away that alias gave it.",
    .examples = unalias_examples,
    .run = run_unalias,
};
