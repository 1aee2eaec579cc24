/* SPDX-License-Identifier: GPL-3.0-or-later */
/* set: options, shown and changed. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "session/commands/option_change.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"
#include "view/style.h"

static void option_cells(const struct session *session, int id, struct figure *figure)
{
    const struct parameter *parameter = &option_at(id)->parameter;
    struct text values = {0};
    parameter_add_expected(parameter, &values);
    table_text(figure, parameter->name);
    table_text(figure, option_text(session->state.options, (enum option_id)id));
    table_text(figure, parameter->initial);
    table_text(figure, shown_words(figure, &values));
    if (!option_is_default(session->state.options, (enum option_id)id))
        table_emphasize(figure);
    text_free(&values);
}

/* All options, or one. */
static status show_options(const struct call *call, int only, struct error *error)
{
    struct figure *figure = figure_new(FIGURE_TABLE, "options");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "Options");
    table_column(figure, "option", NULL, COLUMN_TEXT, 0);
    table_column(figure, "value", NULL, COLUMN_TEXT, 0);
    table_column(figure, "default", NULL, COLUMN_TEXT, 0);
    table_column(figure, "values", NULL, COLUMN_TEXT, 0);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (only == OPTION_NONE || only == i)
            option_cells(call->session, i, figure);
    }
    return reply_figure(call->reply, figure, error);
}

static status run_set(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0), *text = call_argument(call, 1);
    int id = name ? option_find(name) : OPTION_NONE;
    if (name && strcmp(name, option_name(id)) != 0)
        reply_add(call->reply, STYLE_NOTE, "%s is called %s here", name, option_name(id));
    bool changes = text || call->invocation->setting_count;
    if (name && !text && call->invocation->setting_count)
        return error_set(error, STATUS_USAGE, "the value of '%s' is missing", name);
    if (text) {
        status code = value_parse(&option_at(id)->parameter, session_scope(call->session), text,
                                  &call->options.value[id], error);
        if (code != STATUS_OK)
            return code;
    }
    if (!changes)
        return show_options(call, id, error);
    if (call->invocation->redirect)
        return error_set(error, STATUS_USAGE, "shows no figure when it changes an option");
    return change_options(call, error);
}

static const struct parameter set_arguments[] = {
    {"OPTION", VALUE_OPTION, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "an option by its name"},
    {"VALUE", VALUE_SETTING, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "its new value"},
    PARAMETER_END,
};
static const int set_options[] = {EVERY_OPTION, OPTION_NONE};
static const struct example set_examples[] = {
    {"set", "lists all options", false},
    {"set gamma 0.1", "sets PROscore's step and computes its scores anew", false},
    {"set ratio=0.5 round=prune-floor", "sets two options at once", false},
    EXAMPLE_END,
};

const struct command command_set = {
    .name = "set",
    .arguments = set_arguments,
    .options = set_options,
    .flags = COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_ALL_OPTIONS,
    .help = "show and change options",
    .text = "Without arguments shows all options, with one shows it, with a value sets it. Scores that an "
            "option touches are computed anew at once, without a pass where the last one serves; options of "
            "the sample take effect at the next score.",
    .examples = set_examples,
    .run = run_set,
};
