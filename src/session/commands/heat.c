/* SPDX-License-Identifier: GPL-3.0-or-later */
/* heat: layers in colours. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/chosen.h"
#include "session/commands/stages.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/value.h"
#include "view/figure.h"

enum heat_by { HEAT_QUANTILES, HEAT_CHANNELS };

enum heat_range { RANGE_LAYER, RANGE_NETWORK };

struct heat_call {
    const struct call *call;
    const struct score_entry *entry;
    int *layers, layer_count, columns;
    bool quantiles, by_layer;
    double low, high; /* finite scores of all layers */
    double *values;   /* layers x columns */
    double *sorted;   /* room for the largest layer */
    struct arena *arena;
};

static void widen(double *low, double *high, const double *scores, int64_t count)
{
    for (int64_t c = 0; c < count; c++) {
        if (isfinite(scores[c])) {
            *low = fmin(*low, scores[c]);
            *high = fmax(*high, scores[c]);
        }
    }
}

/* 0 at low, 1 at high; NaN where all are equal. */
static double normalized(double value, double low, double high)
{
    if (!(low < high))
        return NAN;
    double place = (value / 2 - low / 2) / (high / 2 - low / 2);
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

static void heat_row(struct heat_call *work, int row)
{
    int64_t channels = call_layer(work->call, work->layers[row])->channels;
    const double *scores = work->entry->scores->layer[work->layers[row]];
    double *values = work->values + (size_t)row * (size_t)work->columns;
    double low = work->low, high = work->high;
    if (work->by_layer) {
        low = INFINITY;
        high = -INFINITY;
        widen(&low, &high, scores, channels);
    }
    memcpy(work->sorted, scores, (size_t)channels * sizeof *scores);
    if (work->quantiles)
        sort_ascending(work->sorted, channels);
    for (int c = 0; c < work->columns; c++) {
        int64_t at = work->quantiles ? llround((double)c / (work->columns - 1) * (double)(channels - 1)) : c;
        values[c] = at < channels ? normalized(work->sorted[at], low, high) : NAN;
    }
}

static status heat_read(struct heat_call *work, struct error *error)
{
    struct setting_value by, range, columns;
    int64_t most = 1;
    status code = call_entry(work->call, 0, &work->entry, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "by", &by, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "range", &range, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "columns", &columns, error);
    if (code == STATUS_OK)
        code = call_layers(work->call, 1, &work->layers, &work->layer_count, error);
    const struct shown_scores shown = {.entries = {work->entry}, .count = 1};
    if (code == STATUS_OK)
        code = layers_scored_by_all(work->call->session, &shown, work->layers, &work->layer_count, error);
    if (code != STATUS_OK)
        return code;
    work->quantiles = by.integer == HEAT_QUANTILES;
    work->by_layer = range.integer == RANGE_LAYER;
    work->low = INFINITY;
    work->high = -INFINITY;
    for (int i = 0; i < work->layer_count; i++) {
        int64_t channels = call_layer(work->call, work->layers[i])->channels;
        most = channels > most ? channels : most;
        widen(&work->low, &work->high, work->entry->scores->layer[work->layers[i]], channels);
    }
    if (most > INT32_MAX / 2)
        return error_set(error, STATUS_RANGE, "these are too many channels for one figure");
    work->columns = work->quantiles ? (int)columns.integer : (int)most;
    size_t cells;
    work->values = size_multiply((size_t)work->layer_count, (size_t)work->columns, &cells)
                       ? mem_new(cells, sizeof *work->values)
                       : NULL;
    work->sorted = mem_new((size_t)most, sizeof *work->sorted);
    work->arena = arena_new();
    return work->values && work->sorted && work->arena ? STATUS_OK : error_memory(error);
}

/* "l1 in 13 layers: 0.0123 (conv1) to 31.4 (layer3.1.conv1)" */
static void tell_heat(const struct heat_call *work)
{
    int lowest = -1, highest = -1;
    struct text text = {0};
    for (int i = 0; i < work->layer_count; i++) {
        double low = INFINITY, high = -INFINITY;
        widen(&low, &high, work->entry->scores->layer[work->layers[i]],
              call_layer(work->call, work->layers[i])->channels);
        lowest = lowest < 0 && low == work->low ? i : lowest;
        highest = highest < 0 && high == work->high ? i : highest;
    }
    text_add_label(&text, work->entry);
    text_add_format(&text, " in %d layer%s: ", work->layer_count, work->layer_count == 1 ? "" : "s");
    if (lowest < 0 || highest < 0) {
        text_add(&text, "no score is finite");
    } else {
        text_add_rounded(&text, work->low, 3);
        text_add_format(&text, " (%s) to ", call_layer(work->call, work->layers[lowest])->name);
        text_add_rounded(&text, work->high, 3);
        text_add_format(&text, " (%s)", call_layer(work->call, work->layers[highest])->name);
    }
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static status heat_figure(const struct heat_call *work, struct error *error)
{
    const struct session *session = work->call->session;
    const char **rows = arena_alloc(work->arena, (size_t)work->layer_count, sizeof *rows);
    const char **columns = arena_alloc(work->arena, (size_t)work->columns, sizeof *columns);
    struct figure *figure = rows && columns ? shown_figure(session, FIGURE_MATRIX, "heat") : NULL;
    struct text criterion = {0}, sample = {0};
    for (int i = 0; figure && i < work->layer_count; i++)
        rows[i] = call_layer(work->call, work->layers[i])->name;
    for (int i = 0; figure && i < work->columns; i++) {
        columns[i] = work->quantiles
                         ? arena_format(work->arena, "%lld%%", llround(100.0 * i / (work->columns - 1)))
                         : arena_format(work->arena, "%d", i);
        figure->failed = figure->failed || !columns[i];
    }
    text_add_criterion(&criterion, work->entry);
    text_add_sample(&sample, session);
    figure_title(figure, "Scores of %s by %s, %s: %s", model_title(session->state.model),
                 shown_words(figure, &criterion),
                 work->quantiles ? "from the least to the most important filter" : "channel by channel",
                 shown_words(figure, &sample));
    if (figure && !figure->failed)
        figure_set_matrix(figure, work->layer_count, work->columns, rows, columns, work->values, 0, 1, 2,
                          work->by_layer ? "score between the extremes of its layer"
                                         : "score between the extremes of all layers");
    note_lacking(figure, session, work->entry);
    text_free(&criterion);
    text_free(&sample);
    status code = stages_fold(work->call, figure, rows, FOLD_MEAN, error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    tell_heat(work);
    return reply_figure(work->call->reply, figure, error);
}

static status run_heat(struct call *call, struct error *error)
{
    struct heat_call work = {.call = call};
    status code = heat_read(&work, error);
    for (int i = 0; code == STATUS_OK && i < work.layer_count; i++)
        heat_row(&work, i);
    if (code == STATUS_OK)
        code = heat_figure(&work, error);
    arena_free(work.arena);
    mem_free(work.sorted);
    mem_free(work.values);
    mem_free(work.layers);
    return code;
}

static const char *heat_by_name(int index)
{
    static const char *const names[] = {"quantiles", "channels"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

static const char *heat_range_name(int index)
{
    static const char *const names[] = {"layer", "network"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

static const struct parameter heat_arguments[] = {
    {"CRITERION", VALUE_CRITERION, 0, 0, 0, NULL, NULL, "whose scores"},
    {"LAYER|GLOB", VALUE_LAYERS, PARAMETER_REPEATED | PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "layers by name, stage or pattern; all that are scored without them"},
    PARAMETER_END,
};
static const struct parameter heat_parameters[] = {
    {"by", VALUE_CHOICE, 0, 0, 0, heat_by_name, "quantiles",
     "what the columns are: filters in the order of their scores, or channels by number"},
    {"columns", VALUE_INTEGER, 0, 2, 101, NULL, "11", "quantiles: how many, evenly spaced from 0 to 100%"},
    {"range", VALUE_CHOICE, 0, 0, 0, heat_range_name, "layer",
     "what 0 and 1 are: the smallest and largest score of the layer, or of all layers shown"},
    STAGES_PARAMETER,
    PARAMETER_END,
};
static const struct example heat_examples[] = {
    {"heat taylor", "shows how the scores of every layer rise from its least to its most important filter",
     false},
    {"heat l1 *.conv1 by=channels > heat.csv", "writes normalised scores channel by channel", false},
    EXAMPLE_END,
};

const struct command command_heat = {
    .name = "heat",
    .arguments = heat_arguments,
    .parameters = heat_parameters,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES,
    .help = "heat map of scores by layer",
    .text =
        "A row for each layer, its scores under one criterion as colours and numbers: 0 is the smallest "
        "and 1 the largest. With by=quantiles the columns go from the least to the most important "
        "filter, so a row that stays dark for long has many filters of little weight beside a few that "
        "stand out. Infinite scores count as 0 or 1; layers whose scores are all equal have no values.\n\n"
        "Where there are more layers than lines on the screen, those of a stage are folded into one row, "
        "their mean; the name is followed by their number. rows=all shows each, and so does Enter in "
        "the pane; files always hold all unless rows=stages says otherwise.",
    .examples = heat_examples,
    .run = run_heat,
};
