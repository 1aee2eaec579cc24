/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff: two selections beside each other. */
#include <stdio.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/criterion.h"
#include "session/commands/grouping.h"
#include "session/commands/scores_for.h"
#include "session/kept_channels.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/value.h"
#include "view/figure.h"

struct fates {
    int64_t cut_here, cut_there, both, either;
};

static void count_layer(const struct kept_layer *here, const struct kept_layer *there, struct fates *fates)
{
    for (int64_t i = 0; i < here->channels; i++) {
        bool one = !here->kept[i], two = !there->kept[i];
        fates->cut_here += one;
        fates->cut_there += two;
        fates->both += one && two;
        fates->either += one || two;
    }
}

static void diff_row(struct figure *figure, const char *name, int64_t channels, const struct fates *fates)
{
    table_text(figure, name);
    table_number(figure, (double)channels);
    table_number(figure, (double)fates->cut_here);
    table_number(figure, (double)fates->cut_there);
    table_number(figure, (double)fates->both);
    table_number(figure, (double)(fates->cut_here - fates->both));
    table_number(figure, (double)(fates->cut_there - fates->both));
    if (fates->either)
        table_number(figure, (double)fates->both / (double)fates->either);
    else
        table_missing(figure);
}

static void tell_diff(const struct fates *total, struct reply *reply)
{
    struct text text = {0};
    text_add_format(&text, "both cut %lld, only here %lld, only there %lld", (long long)total->both,
                    (long long)(total->cut_here - total->both), (long long)(total->cut_there - total->both));
    if (total->either) {
        text_add(&text, ": overlap ");
        text_add_rounded(&text, (double)total->both / (double)total->either, 3);
    }
    reply_result(reply, &text);
    text_free(&text);
}

static void diff_rows(const struct kept_channels *here, const struct kept_channels *there,
                      struct figure *figure, struct reply *reply)
{
    struct fates total = {0};
    int64_t channels = 0;
    for (int i = 0; i < here->count; i++) {
        struct fates fates = {0};
        count_layer(&here->layers[i], &there->layers[i], &fates);
        channels += here->layers[i].channels;
        if (fates.either)
            diff_row(figure, here->layers[i].name, here->layers[i].channels, &fates);
        total.cut_here += fates.cut_here;
        total.cut_there += fates.cut_there;
        total.both += fates.both;
        total.either += fates.either;
    }
    diff_row(figure, "total", channels, &total);
    tell_diff(&total, reply);
}

static status show_diff(const struct call *call, const struct kept_channels *here,
                        const struct kept_channels *there, const char *other, struct error *error)
{
    static const char *const columns[] = {"layer", "channels",  "cut",       "cut there",
                                          "both",  "only here", "only there"};
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "diff");
    if (figure) {
        figure_title(figure, "What is cut of %s, against %s",
                     model_title(model_original(call->session->state.model)), other);
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            table_column(figure, columns[i], NULL, i ? COLUMN_INTEGER : COLUMN_TEXT, 0);
        table_column(figure, "overlap", NULL, COLUMN_REAL, 3);
        table_priority(figure, 1);
        diff_rows(here, there, figure, call->reply);
        figure_note(figure, "here: %s",
                    call->session->state.pruning->how ? call->session->state.pruning->how
                                                      : "nothing is selected");
        figure_note(figure, "overlap: what both cut, of what either cuts");
    }
    return reply_figure(call->reply, figure, error);
}

static status compare(const struct call *call, const struct model *model, const struct pruning *pruning,
                      const char *other, struct error *error)
{
    const struct session *session = call->session;
    struct kept_channels here = {0}, there = {0};
    if (model_original(model) != model_original(session->state.model))
        return error_set(error, STATUS_STATE, "that was another network: %s", model->name);
    status code = kept_channels_find(session->state.model, session->state.pruning, &here, error);
    if (code == STATUS_OK)
        code = kept_channels_find(model, pruning, &there, error);
    if (code == STATUS_OK)
        code = show_diff(call, &here, &there, other, error);
    kept_channels_free(&here);
    kept_channels_free(&there);
    return code;
}

/* --- against another criterion, or an earlier state ----------------------------------------------------- */

static status against_selection(struct call *call, const char *label, const struct scores *scores,
                                struct pruning *other, struct error *error)
{
    struct text text = {0};
    snprintf(other->rule.criterion, sizeof other->rule.criterion, "%s", label);
    const struct score_entry *entry = session_entry(call->session, label);
    status code = pruning_select(other, call->session->state.model, scores,
                                 entry_statistics(call->session, entry), error);
    if (code == STATUS_OK) {
        text_add_rule(&text, call->session, other);
        code = text.failed ? error_memory(error)
                           : compare(call, call->session->state.model, other, text_data(&text), error);
    }
    text_free(&text);
    return code;
}

static status against_criterion(struct call *call, const char *label, struct error *error)
{
    struct session *session = call->session;
    struct scores *scores;
    struct pruning *other;
    if (!session->state.pruning->how)
        return error_set(error, STATUS_STATE, "nothing is selected: 'prune' selects");
    status code = scores_for(call, label, 0, &scores, error);
    if (code != STATUS_OK)
        return code;
    reply_lacking(call->session, call->reply, label, scores);
    code = pruning_copy(session->state.pruning, &other, error);
    if (code == STATUS_OK) {
        code = against_selection(call, label, scores, other, error);
        pruning_free(other);
    }
    scores_free(scores);
    return code;
}

static status against_step(struct call *call, int64_t steps, struct error *error)
{
    const struct history *history = &call->session->history;
    if (steps > history->position - history->oldest)
        return error_set(error, STATUS_RANGE, "only %d commands changed something until now%s",
                         history->position - history->oldest,
                         history->oldest ? ", as far as the history holds them" : "");
    int step = history->position - (int)steps;
    const struct state *state = &history->steps[step].state;
    if (!state->model)
        return error_set(error, STATUS_STATE, "no network was loaded then");
    char *other = mem_format("the state before '%s'",
                             history->steps[step + 1].line ? history->steps[step + 1].line : "");
    status code = other ? compare(call, state->model, state->pruning, other, error) : error_memory(error);
    mem_free(other);
    return code;
}

static status run_diff(struct call *call, struct error *error)
{
    const char *text = call_argument(call, 0);
    int64_t steps = 1;
    if (!text || text_to_integer(text, &steps))
        return steps >= 1 ? against_step(call, steps, error)
                          : error_set(error, STATUS_RANGE, "'%s' is no number of commands from 1 on", text);
    struct setting_value value;
    const struct parameter criterion = {.name = "AGAINST", .kind = VALUE_CRITERION};
    status code = value_parse(&criterion, session_scope(call->session), text, &value, error);
    return code == STATUS_OK ? against_criterion(call, text, error) : code;
}

static const struct parameter diff_arguments[] = {
    {"AGAINST", VALUE_OTHER, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a criterion, or a number of commands to go back; 1 without it"},
    PARAMETER_END,
};
static const struct example diff_examples[] = {
    {"prune l1 0.4; diff geomedian", "compares what l1 cuts with what geomedian would cut", false},
    {"prune l1 0.2; prune l1 0.4; diff 1", "compares a selection with the one before", false},
    EXAMPLE_END,
};

const struct command command_diff = {
    .name = "diff",
    .arguments = diff_arguments,
    .flags = COMMAND_MODEL | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "compare two selections",
    .text = "Shows, layer by layer, what is cut now against what another criterion would cut by the same "
            "ratios and rules, or against what was cut some commands ago. Channels are counted as in the "
            "network as loaded, so that what apply removed counts as cut, and selections before and after "
            "it can be compared.",
    .examples = diff_examples,
    .run = run_diff,
};
