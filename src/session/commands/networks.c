/* SPDX-License-Identifier: GPL-3.0-or-later */
/* networks: which architectures are known, for weights without a graph and to be built. */
#include <string.h>

#include "architecture/architecture.h"
#include "architecture/table.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/networks.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/value.h"
#include "view/figure.h"
#include "view/style.h"

static void add_row(struct figure *figure, const struct architecture *architecture)
{
    struct text input = {0}, title = {0};
    feature_shape_text(&architecture->input, &input);
    text_add_escaped(&title, architecture->title, 0);
    table_text(figure, architecture->name);
    table_number(figure, (double)architecture->size);
    table_text(figure, shown_words(figure, &input));
    table_number(figure, (double)architecture->classes);
    table_text(figure, shown_words(figure, &title));
    text_free(&input);
    text_free(&title);
}

static struct figure *make_table(const struct architecture_list *list, const char *pattern, int *rows)
{
    struct figure *figure = figure_new(FIGURE_TABLE, "networks");
    figure_title(figure, "Networks that are described");
    table_column(figure, "network", NULL, COLUMN_TEXT, 0);
    table_column(figure, "parameters", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 2);
    table_column(figure, "input", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 3);
    table_column(figure, "classes", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 1);
    table_column(figure, "title", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 4);
    *rows = 0;
    for (int i = 0; i < list->count; i++) {
        const char *name = list->items[i]->name;
        if (pattern && !glob_match(pattern, name) && strncmp(name, pattern, strlen(pattern)) != 0)
            continue;
        add_row(figure, list->items[i]);
        ++*rows;
    }
    return figure;
}

static void tell_problems(const struct text *problems, struct reply *reply)
{
    const char *line = text_data(problems);
    while (*line) {
        const size_t length = strcspn(line, "\n");
        reply_add(reply, STYLE_NOTE, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static status run_networks(struct call *call, struct error *error)
{
    const char *pattern = call_argument(call, 0);
    struct text problems = {0};
    struct architecture_list list = {0};
    int rows = 0;
    status code = networks_bring(call->session, &problems, error);
    if (code == STATUS_OK)
        code = networks_named(NULL, &list, error);
    if (code == STATUS_OK) {
        struct figure *figure = make_table(&list, pattern, &rows);
        code = reply_figure(call->reply, figure, error);
    }
    if (code == STATUS_OK && pattern && !rows)
        code = error_set(error, STATUS_NOT_FOUND, "no network's name matches '%s'", pattern);
    if (code == STATUS_OK)
        tell_problems(&problems, call->reply);
    architecture_list_free(&list);
    text_free(&problems);
    return code;
}

static const struct parameter networks_arguments[] = {
    {"PATTERN", VALUE_NETWORK, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a name, its beginning, or a pattern"},
    PARAMETER_END,
};
static const struct example networks_examples[] = {
    {"networks cifar-*", "lists the networks for CIFAR's images", false},
    EXAMPLE_END,
};

const struct command command_networks = {
    .name = "networks",
    .arguments = networks_arguments,
    .flags = COMMAND_LONG | COMMAND_FIGURES,
    .help = "list the networks that are described",
    .text =
        "Shows every network that is described: what load recognises in a file of weights without a graph, "
        "in the order in which they are tried, and what its as= takes; build makes each of them with new weights. Parameters are those of the network "
        "as described, without running statistics.\n\n"
        "Descriptions are Lua files: those that come with the program, and those in "
        "~/.config/ippro-explore/networks, which stand in front. The function ippro.network adds one from "
        "any script.",
    .examples = networks_examples,
    .run = run_networks,
};
