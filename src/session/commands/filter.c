/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One filter in full (filter), and all filters of a layer in order (rank). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "score/criterion.h"
#include "score/layer.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/commands/rows.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

struct filter {
    const struct session *session;
    const struct layer *layer;
    int index;
    int64_t channel;
};

static void real_row(struct figure *figure, const char *item, double value)
{
    struct text text = {0};
    text_add_rounded(&text, value, 6);
    card_row(figure, item, "%s", shown_words(figure, &text));
    text_free(&text);
}

static double distance(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

/* Norms of the filter and the nearest other filter of its layer. */
static void weight_rows(const struct filter *filter, const double *weights, struct figure *figure)
{
    int64_t length = filter->layer->filter_length;
    const double *own = weights + filter->channel * length;
    double sum = 0, squares = 0, nearest = INFINITY;
    int64_t neighbour = -1;
    for (int64_t i = 0; i < length; i++) {
        sum += fabs(own[i]);
        squares += own[i] * own[i];
    }
    real_row(figure, "sum of |w|", sum);
    real_row(figure, "length ||w||", sqrt(squares));
    for (int64_t i = 0; i < filter->layer->channels; i++) {
        double apart = i == filter->channel ? INFINITY : distance(own, weights + i * length, length);
        if (apart < nearest) {
            nearest = apart;
            neighbour = i;
        }
    }
    if (neighbour < 0) {
        card_row(figure, "nearest filter", "none");
        return;
    }
    card_row(figure, "nearest filter", "%s:%lld", filter->layer->name, (long long)neighbour);
    real_row(figure, "its distance", nearest);
}

static status parameter_row(const struct filter *filter, const char *item, int value, struct figure *figure,
                            struct error *error)
{
    if (value == VALUE_NONE)
        return STATUS_OK;
    double *values = layer_parameter(filter->session->state.model->graph, filter->layer, value);
    if (!values)
        return error_memory(error);
    real_row(figure, item, values[filter->channel]);
    mem_free(values);
    return STATUS_OK;
}

static status norm_rows(const struct filter *filter, struct figure *figure, struct error *error)
{
    const struct layer *layer = filter->layer;
    const struct {
        const char *item;
        int value;
    } rows[] = {
        {"bias", layer->bias},
        {"BatchNorm scale", layer->norm_node < 0 ? VALUE_NONE : layer->scale},
        {"BatchNorm shift", layer->norm_node < 0 ? VALUE_NONE : layer->shift},
        {"running mean", layer->norm_node < 0 ? VALUE_NONE : layer->mean},
        {"running variance", layer->norm_node < 0 ? VALUE_NONE : layer->var},
    };
    status code = STATUS_OK;
    for (size_t i = 0; code == STATUS_OK && i < sizeof rows / sizeof *rows; i++)
        code = parameter_row(filter, rows[i].item, rows[i].value, figure, error);
    return code;
}

/* Sums over the sample, divided by its images: gradients of the mean loss. */
static void gradient_rows(const struct filter *filter, struct figure *figure)
{
    const struct score_statistics *statistics = board_statistics(filter->session->state.board);
    if (!statistics || filter->layer->output_layer)
        return;
    const struct layer_statistics *layer = &statistics->layers[filter->index];
    const struct {
        const char *item;
        const double *sums;
    } rows[] = {
        {"gradient of the shift", layer->delta},      {"gradient of a gate", layer->gate},
        {"gradient of PROscore's D", layer->lift},    {"<w, gradient of w>", layer->weight_dot},
        {"sum of |w * gradient|", layer->weight_abs}, {"length of the gradient", layer->gradient_norm},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].sums)
            real_row(figure, rows[i].item, rows[i].sums[filter->channel] / (double)statistics->images);
    }
}

static status filter_card(const struct call *call, const struct filter *filter, struct error *error)
{
    struct figure *figure = shown_card(call->session, "filter", "item", "value");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "Filter %lld of layer %s", (long long)filter->channel, filter->layer->name);
    double *weights = layer_filters(call->session->state.model->graph, filter->layer);
    status code = weights ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        card_row(figure, "weights", "%lld", (long long)filter->layer->filter_length);
        weight_rows(filter, weights, figure);
        code = norm_rows(filter, figure, error);
    }
    mem_free(weights);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    gradient_rows(filter, figure);
    return reply_figure(call->reply, figure, error);
}

static status score_row(const struct call *call, const struct filter *filter, const struct score_entry *entry,
                        struct figure *figure, struct error *error)
{
    int64_t *ranks;
    status code = layer_ranks(call->session, entry, filter->index, &ranks, error);
    if (code != STATUS_OK)
        return code;
    struct text name = {0};
    text_add_label(&name, entry);
    table_text(figure, shown_words(figure, &name));
    text_free(&name);
    if (!ranks) {
        table_missing(figure);
        table_missing(figure);
        table_number(figure, (double)filter->layer->channels);
        table_text(figure, "not scored");
        return STATUS_OK;
    }
    table_number(figure, entry->scores->layer[filter->index][filter->channel]);
    table_number(figure, (double)ranks[filter->channel] + 1);
    table_number(figure, (double)filter->layer->channels);
    bool cut = ranks[filter->channel] < call_pruned(call, filter->index);
    table_text(figure, cut ? "pruned" : "kept");
    if (cut)
        table_emphasize(figure);
    mem_free(ranks);
    return STATUS_OK;
}

static status filter_scores(const struct call *call, const struct filter *filter, struct error *error)
{
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "filter_scores");
    if (!figure)
        return error_memory(error);
    struct text title = {0};
    text_add_sample(&title, call->session);
    figure_title(figure, "Scores of %s:%lld at ratio %s: %s", filter->layer->name, (long long)filter->channel,
                 option_text(&call->options, OPTION_RATIO), shown_words(figure, &title));
    text_free(&title);
    table_column(figure, "criterion", NULL, COLUMN_TEXT, 0);
    table_column(figure, "score", NULL, COLUMN_REAL, 6);
    table_column(figure, "rank", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "of", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "fate", NULL, COLUMN_TEXT, 0);
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < call->session->state.board->count; i++) {
        const struct score_entry *entry = &call->session->state.board->entries[i];
        code = score_row(call, filter, entry, figure, error);
        if (code == STATUS_OK && !entry->scores->layer[filter->index])
            note_lacking(figure, call->session, entry);
    }
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(call->reply, figure, error);
}

status run_filter(struct call *call, struct error *error)
{
    struct setting_value value;
    status code = value_parse(&call->invocation->command->arguments[0], session_scope(call->session),
                              call_argument(call, 0), &value, error);
    if (code != STATUS_OK)
        return code;
    struct filter filter = {call->session, &call->session->state.model->layers->items[value.integer],
                            (int)value.integer, (int64_t)value.real};
    code = filter_card(call, &filter, error);
    if (code == STATUS_OK && call->session->state.board->count && !filter.layer->output_layer)
        code = filter_scores(call, &filter, error);
    return code;
}

/* --- rank ----------------------------------------------------------------------------------------------- */

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
    int64_t pruned = call_pruned(ranking->call, ranking->layer);
    table_number(figure, (double)ranking->ranks[0][channel] + 1);
    table_number(figure, (double)channel);
    table_number(figure, ranking->shown.entries[0]->scores->layer[ranking->layer][channel]);
    table_text(figure, ranking->ranks[0][channel] < pruned ? "pruned" : "kept");
    for (int i = 1; i < ranking->shown.count; i++)
        number_cell(figure, ranking->ranks[i] ? (double)ranking->ranks[i][channel] + 1 : NAN);
    if (ranking->ranks[0][channel] < pruned)
        table_emphasize(figure);
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
    text_free(&criterion);
    text_free(&sample);
    mem_free(order);
    return reply_figure(ranking->call->reply, figure, error);
}

status run_rank(struct call *call, struct error *error)
{
    struct ranking ranking = {
        .call = call, .layer = layers_index(call->session->state.model->layers, call_argument(call, 0))};
    const struct layer *layer = &call->session->state.model->layers->items[ranking.layer];
    if (layer->output_layer)
        return error_set(error, STATUS_STATE, "layer '%s' makes the network's outputs and has no scores",
                         layer->name);
    const struct setting *criterion = call_setting(call, "criterion");
    const struct score_entry *first = default_entry(call->session, ranking.layer);
    if (criterion && !(first = session_entry(call->session, criterion->value.text)))
        return error_set(error, STATUS_STATE, "%s is not scored yet: 'score %s' scores it",
                         criterion->value.text, criterion->value.text);
    struct setting_value count;
    status code = entry_check(call->session, first, ranking.layer, error);
    if (code == STATUS_OK)
        code = call_value(call, "count", &count, error);
    if (code == STATUS_OK)
        code = ranking_fill(&ranking, first, error);
    if (code == STATUS_OK) {
        bool all = count.integer == 0 || count.integer > layer->channels;
        code = rank_table(&ranking, all ? layer->channels : count.integer, error);
    }
    ranking_free(&ranking);
    return code;
}
