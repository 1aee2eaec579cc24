/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank: the filters of a layer in order. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/criterion.h"
#include "score/layer.h"
#include "session/commands/chosen.h"
#include "session/commands/grouping.h"
#include "session/commands/rank_group.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

/* Without a choice: the preferred criterion where it is scored, else the first that has scores of the layer.
 */
static const struct score_entry *default_entry(const struct session *session, int layer)
{
    const struct score_entry *entry = NULL;
    for (int i = 0; !entry && criterion_at(i); i++) {
        if (criterion_at(i)->preferred)
            entry = session_entry(session, criterion_at(i)->name);
    }
    for (int i = 0; i < session->state.board->count && (!entry || !entry->scores->layer[layer]); i++)
        entry = &session->state.board->entries[i];
    return entry;
}

struct ranking {
    const struct call *call;
    int layer;
    int64_t pruned;            /* so many would go */
    struct shown_scores shown; /* the first is the one that orders */
    int64_t *ranks[CHOICES_MAX];
};

static void ranking_free(struct ranking *ranking)
{
    for (int i = 0; i < ranking->shown.count; i++)
        mem_free(ranking->ranks[i]);
}

static status ranking_fill(struct ranking *ranking, const struct score_entry *first, struct error *error)
{
    const struct session *session = ranking->call->session;
    ranking->shown.entries[ranking->shown.count++] = first;
    for (int i = 0; i < session->state.board->count; i++) {
        if (&session->state.board->entries[i] != first)
            ranking->shown.entries[ranking->shown.count++] = &session->state.board->entries[i];
    }
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < ranking->shown.count; i++)
        code = layer_ranks(session, ranking->shown.entries[i], ranking->layer, &ranking->ranks[i], error);
    return code;
}

static void rank_row(const struct ranking *ranking, int64_t channel, struct figure *figure)
{
    table_number(figure, (double)ranking->ranks[0][channel] + 1);
    table_number(figure, (double)channel);
    table_number(figure, ranking->shown.entries[0]->scores->layer[ranking->layer][channel]);
    table_text(figure, ranking->ranks[0][channel] < ranking->pruned ? "pruned" : "kept");
    for (int i = 1; i < ranking->shown.count; i++)
        number_cell(figure, ranking->ranks[i] ? (double)ranking->ranks[i][channel] + 1 : NAN);
    if (ranking->ranks[0][channel] < ranking->pruned)
        table_emphasize(figure);
}

static void tell_rank(const struct ranking *ranking, const int64_t *order, int64_t count)
{
    enum { TOLD = 5 };
    struct text text = {0};
    text_add_format(&text, "%s by %s: least important", call_layer(ranking->call, ranking->layer)->name,
                    ranking->shown.entries[0]->choice.label);
    for (int64_t i = 0; i < count && i < TOLD; i++)
        text_add_format(&text, "%s %lld", i ? "," : "", (long long)order[i]);
    text_add_format(&text, "; %lld of %lld would go at ratio ", (long long)ranking->pruned,
                    (long long)call_layer(ranking->call, ranking->layer)->channels);
    text_add_ratios(&text, ranking->call, &ranking->layer, 1);
    reply_result(ranking->call->reply, &text);
    text_free(&text);
}

static status rank_table(const struct ranking *ranking, int64_t count, struct error *error)
{
    const struct session *session = ranking->call->session;
    const struct layer *layer = &session->state.model->layers->items[ranking->layer];
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "rank");
    int64_t *order = mem_new((size_t)layer->channels, sizeof *order);
    if (!figure || !order) {
        figure_free(figure);
        mem_free(order);
        return error_memory(error);
    }
    struct text criterion = {0}, sample = {0};
    text_add_criterion(&criterion, ranking->shown.entries[0]);
    text_add_sample(&sample, session);
    figure_title(figure, "Filters of %s by %s, least important first: %s", layer->name,
                 shown_words(figure, &criterion), shown_words(figure, &sample));
    table_column(figure, "rank", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "channel", NULL, COLUMN_INTEGER, 0);
    table_column(figure, ranking->shown.entries[0]->choice.label, NULL, COLUMN_REAL, 6);
    table_column(figure, "fate", NULL, COLUMN_TEXT, 0);
    for (int i = 1; i < ranking->shown.count; i++) {
        struct text heading = {0};
        text_add_format(&heading, "rank by %s", ranking->shown.entries[i]->choice.label);
        table_column(figure, shown_words(figure, &heading), NULL, COLUMN_INTEGER, 0);
        text_free(&heading);
    }
    for (int64_t i = 0; i < layer->channels; i++)
        order[ranking->ranks[0][i]] = i;
    for (int64_t i = 0; i < count; i++)
        rank_row(ranking, order[i], figure);
    for (int i = 1; i < ranking->shown.count; i++) {
        if (!ranking->ranks[i])
            note_lacking(figure, session, ranking->shown.entries[i]);
    }
    if (count < layer->channels)
        figure_note(figure, "%lld of %lld filters shown (count=auto shows all)", (long long)count,
                    (long long)layer->channels);
    tell_rank(ranking, order, count);
    text_free(&criterion);
    text_free(&sample);
    mem_free(order);
    return reply_figure(ranking->call->reply, figure, error);
}

enum { UNIT_FILTER, UNIT_GROUP };
static const char *unit_name(int index)
{
    static const char *const names[] = {"filter", "group"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

static status rank_filters(struct ranking *ranking, const struct score_entry *first, int64_t count,
                           struct error *error)
{
    const struct layer *layer = call_layer(ranking->call, ranking->layer);
    status code = entry_check(ranking->call->session, first, ranking->layer, error);
    if (code == STATUS_OK)
        code = ranking_fill(ranking, first, error);
    if (code == STATUS_OK)
        code = rank_table(ranking, count == 0 || count > layer->channels ? layer->channels : count, error);
    ranking_free(ranking);
    return code;
}

static status run_rank(struct call *call, struct error *error)
{
    struct ranking ranking = {
        .call = call, .layer = layers_index(call->session->state.model->layers, call_argument(call, 0))};
    const struct layer *layer = &call->session->state.model->layers->items[ranking.layer];
    if (layer->output_layer)
        return error_set(error, STATUS_STATE, "layer '%s' makes the network's outputs and has no scores",
                         layer->name);
    ranking.pruned = call_pruned(call, ranking.layer);
    const struct setting *criterion = call_setting(call, "criterion");
    const struct score_entry *first = default_entry(call->session, ranking.layer);
    if (criterion && !(first = session_entry(call->session, criterion->value.text)))
        return error_set(error, STATUS_STATE, "%s is not scored yet: 'score %s' scores it",
                         criterion->value.text, criterion->value.text);
    struct setting_value count, unit;
    status code = call_value(call, "count", &count, error);
    if (code == STATUS_OK)
        code = call_value(call, "unit", &unit, error);
    if (code != STATUS_OK)
        return code;
    return unit.integer == UNIT_GROUP ? rank_group(call, ranking.layer, first, count.integer, error)
                                      : rank_filters(&ranking, first, count.integer, error);
}

static const struct parameter rank_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    PARAMETER_END,
};
static const struct parameter rank_parameters[] = {
    {"criterion", VALUE_CRITERION, 0, 0, 0, NULL, NULL,
     "what to order by; without it proscore, else the first that is scored"},
    {"count", VALUE_INTEGER, PARAMETER_AUTO, 1, 1e9, NULL, "auto",
     "how many filters to show, all by default"},
    {"unit", VALUE_CHOICE, 0, 0, 0, unit_name, "filter",
     "what has a score: a filter, or all that goes with its channel (group), as prune sees it"},
    GROUPING_PARAMETERS,
    PARAMETER_END,
};
static const int rank_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_NONE};
static const struct example rank_examples[] = {
    {"rank conv1 criterion=l1 count=5", "shows the five least important filters of conv1", false},
    {"score l2; rank conv1 criterion=l2 unit=group compat=torch-pruning", "gives the scores of Torch-Pruning",
     false},
    EXAMPLE_END,
};

const struct command command_rank = {
    .name = "rank",
    .arguments = rank_arguments,
    .parameters = rank_parameters,
    .options = rank_options,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES | COMMAND_OF_SCORES,
    .help = "order the filters of a layer",
    .text = "Shows a layer's filters, the least important first, with their ranks under the other criteria "
            "that are scored. Filters that would go at the ratio are marked.\n\n"
            "With unit=group a channel is ranked by the one score that it has together with all that it is "
            "tied to, as prune and curve find it; compat, members, combine and normaliser say how, and "
            "'help groups' what other programs do.",
    .examples = rank_examples,
    .run = run_rank,
};
