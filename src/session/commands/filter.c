/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter: everything about one filter. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/graph/graph.h"
#include "score/layer.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
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
    card_text(figure, item, &text);
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
    text_add_ratios(&title, call, &filter->index, 1);
    text_add(&title, ": ");
    text_add_sample(&title, call->session);
    figure_title(figure, "Scores of %s:%lld at ratio %s", filter->layer->name, (long long)filter->channel,
                 shown_words(figure, &title));
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

static status tell_filter(const struct call *call, const struct filter *filter, struct error *error)
{
    const struct board *board = call->session->state.board;
    struct text text = {0};
    status code = STATUS_OK;
    text_add_format(&text, "%s:%lld at ratio ", filter->layer->name, (long long)filter->channel);
    text_add_ratios(&text, call, &filter->index, 1);
    for (int i = 0, told = 0; code == STATUS_OK && i < board->count; i++) {
        int64_t *ranks;
        code = layer_ranks(call->session, &board->entries[i], filter->index, &ranks, error);
        if (code != STATUS_OK || !ranks)
            continue;
        int64_t rank = ranks[filter->channel];
        text_add_format(&text, "%s %s %s, rank %lld of %lld", told++ ? ";" : ":",
                        board->entries[i].choice.label,
                        rank < call_pruned(call, filter->index) ? "prunes it" : "keeps it",
                        (long long)rank + 1, (long long)filter->layer->channels);
        mem_free(ranks);
    }
    reply_result(call->reply, &text);
    text_free(&text);
    return code;
}

static status run_filter(struct call *call, struct error *error)
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
    if (code == STATUS_OK && call->session->state.board->count && !filter.layer->output_layer)
        code = tell_filter(call, &filter, error);
    return code;
}

static const struct parameter filter_arguments[] = {
    {"LAYER:CHANNEL", VALUE_FILTER, 0, 0, 0, NULL, NULL,
     "a filter: its layer, a colon and its number, from 0"},
    PARAMETER_END,
};
static const struct example filter_examples[] = {
    {"filter conv1:3", "shows the fourth filter of conv1", false}, EXAMPLE_END};

const struct command command_filter = {
    .name = "filter",
    .arguments = filter_arguments,
    .options = (const int[]){OPTION_RATIO, OPTION_ROUND, OPTION_NONE},
    .flags = COMMAND_MODEL | COMMAND_FIGURES | COMMAND_OF_SCORES,
    .help = "show everything known about one filter",
    .text = "Norms, BatchNorm parameters, the gradients of the last pass and the nearest other filter of "
            "the layer; then the filter's score and rank under every criterion that is scored, and whether "
            "it would be pruned at the ratio. Rank 1 is the least important filter of the layer. Gradients "
            "are those of the mean loss over the sample.",
    .examples = filter_examples,
    .run = run_filter,
};
