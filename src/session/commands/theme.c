/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme: the colours. */
#include <string.h>

#include "base/status.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"

static status run_theme(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0);
    if (!name) {
        struct word_list words = {0};
        value_words(&call->invocation->command->arguments[0], session_scope(call->session), &words);
        for (size_t i = 0; i < words.count; i++)
            reply_line(call->reply, "%s%s", words.items[i],
                       strcmp(words.items[i], option_text(&call->options, OPTION_THEME)) == 0 ? " (now)"
                                                                                              : "");
        call->reply->failed |= words.failed;
        word_list_free(&words);
        return STATUS_OK;
    }
    status code = value_parse(&option_at(OPTION_THEME)->parameter, session_scope(call->session), name,
                              &call->options.value[OPTION_THEME], error);
    return code == STATUS_OK ? session_set_options(call->session, &call->options, call->reply, error) : code;
}

static const struct parameter theme_arguments[] = {
    {"THEME", VALUE_THEME, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a theme by its name"},
    PARAMETER_END,
};
static const struct example theme_examples[] = {{"theme", "lists the themes", false}, EXAMPLE_END};

const struct command command_theme = {
    .name = "theme",
    .arguments = theme_arguments,
    .flags = COMMAND_CHANGES | COMMAND_PREVIEW,
    .help = "choose the colours",
    .text = "Without an argument lists the themes. Themes are data files; those in "
            "~/.config/ippro-explore/themes come first.",
    .examples = theme_examples,
    .run = run_theme,
};
