/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scatter: filters in the plane of two criteria. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/layer_stage.h"
#include "session/commands/chosen.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/correlation.h"
#include "view/figure.h"

enum scatter_values { VALUES_AUTO, VALUES_SCORES, VALUES_RANKS };

static const char *scatter_values_name(int index)
{
    static const char *const names[] = {"auto", "scores", "ranks"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

struct scatter_call {
    const struct call *call;
    const struct score_entry *entry[2];
    int *layers, layer_count;
    bool ranks, cuts, same;
    struct arena *arena;
    int points, filled;
    const char **labels;
    double *value[2];
    unsigned char *mark;
    int *member;
    const char **series;
    int series_count;
    double agreement; /* mean of Spearman's coefficient over layers that have one */
    int agreeing;
};

static status scatter_begin(struct scatter_call *work, struct error *error)
{
    for (int i = 0; i < work->layer_count; i++) {
        int64_t channels = call_layer(work->call, work->layers[i])->channels;
        if (channels > INT32_MAX / 2 - work->points)
            return error_set(error, STATUS_RANGE, "these are too many filters for one figure");
        work->points += (int)channels;
    }
    size_t count = (size_t)work->points;
    work->arena = arena_new();
    if (!work->arena)
        return error_memory(error);
    work->labels = arena_alloc(work->arena, count, sizeof *work->labels);
    work->value[0] = arena_alloc(work->arena, count, sizeof **work->value);
    work->value[1] = arena_alloc(work->arena, count, sizeof **work->value);
    work->mark = arena_alloc(work->arena, count, sizeof *work->mark);
    work->member = arena_alloc(work->arena, count, sizeof *work->member);
    work->series = arena_alloc(work->arena, (size_t)work->layer_count, sizeof *work->series);
    bool complete =
        work->labels && work->value[0] && work->value[1] && work->mark && work->member && work->series;
    return complete ? STATUS_OK : error_memory(error);
}

/* What the layers of a stage have in common: the first part of their names. Owned by the arena. */
static char *stage_name(struct arena *arena, const char *layer)
{
    return arena_format(arena, "%.*s", (int)layer_stage_length(layer), layer);
}

/* The number of a layer's series; -1 when memory is out. */
static int series_of(struct scatter_call *work, const struct layer *layer)
{
    const char *name = stage_name(work->arena, layer->name);
    for (int i = 0; name && i < work->series_count; i++) {
        if (strcmp(work->series[i], name) == 0)
            return i;
    }
    if (!name)
        return -1;
    work->series[work->series_count] = name;
    return work->series_count++;
}

/* Values and cuts of a layer under one of the two criteria. */
static status add_axis(struct scatter_call *work, int layer, int axis, struct error *error)
{
    int64_t channels = call_layer(work->call, layer)->channels, pruned = call_pruned(work->call, layer),
            *ranks;
    const double *scores = work->entry[axis]->scores->layer[layer];
    status code = layer_ranks(work->call->session, work->entry[axis], layer, &ranks, error);
    for (int64_t c = 0; code == STATUS_OK && c < channels; c++) {
        int point = work->filled + (int)c;
        double rank = channels > 1 ? (double)ranks[c] / (double)(channels - 1) : 0.5;
        work->value[axis][point] = work->ranks ? rank : scores[c];
        if (ranks[c] < pruned)
            work->mark[point] |= axis == 0 ? MARK_X : MARK_Y;
    }
    mem_free(ranks);
    return code;
}

static status add_layer(struct scatter_call *work, int index, struct error *error)
{
    const struct layer *layer = call_layer(work->call, index);
    struct correlation correlation;
    int series = series_of(work, layer);
    status code = series < 0 ? error_memory(error) : add_axis(work, index, 0, error);
    if (code == STATUS_OK)
        code = add_axis(work, index, 1, error);
    if (code == STATUS_OK)
        code =
            correlation_compute(CORRELATION_SPEARMAN, work->entry[0]->scores->layer[index],
                                work->entry[1]->scores->layer[index], layer->channels, &correlation, error);
    if (code != STATUS_OK)
        return code;
    if (isfinite(correlation.coefficient)) {
        work->agreement += correlation.coefficient;
        work->agreeing++;
    }
    for (int64_t c = 0; c < layer->channels; c++, work->filled++) {
        work->member[work->filled] = series;
        work->labels[work->filled] = arena_format(work->arena, "%s:%lld", layer->name, (long long)c);
        if (!work->labels[work->filled])
            return error_memory(error);
    }
    return STATUS_OK;
}

static const char *axis_name(const struct scatter_call *work, int axis, struct text *text)
{
    if (work->ranks) {
        text_add(text, "rank by ");
        text_add_criterion(text, work->entry[axis]);
        text_add(text, " in its layer, 0 is the least important");
    } else {
        text_add_criterion(text, work->entry[axis]);
        text_add(text, ", no unit");
    }
    return text_data(text);
}

static void scatter_words(const struct scatter_call *work, struct figure *figure)
{
    const struct call *call = work->call;
    struct text what = {0}, sample = {0};
    text_add_sample(&sample, call->session);
    if (work->layer_count == 1)
        text_add(&what, call_layer(call, work->layers[0])->name);
    else
        text_add_format(&what, "%d layers", work->layer_count);
    figure_title(figure, "%s against %s, filters of %s of %s: %s", work->entry[1]->choice.label,
                 work->entry[0]->choice.label, shown_words(figure, &what),
                 model_title(call->session->state.model), shown_words(figure, &sample));
    text_clear(&what);
    if (work->agreeing) {
        text_add_rounded(&what, work->agreement / work->agreeing, 3);
        figure_note(figure, "Spearman's coefficient %s%s", shown_words(figure, &what),
                    work->layer_count > 1 ? ", mean of the layers" : "");
    }
    note_lacking(figure, call->session, work->entry[0]);
    note_lacking(figure, call->session, work->entry[1]);
    if (work->cuts) {
        text_clear(&what);
        text_add_ratios(&what, call, work->layers, work->layer_count);
        figure_note(figure, "cut: what would go from each layer at ratio %s", shown_words(figure, &what));
    }
    text_free(&what);
    text_free(&sample);
}

static struct figure *scatter_figure(const struct scatter_call *work)
{
    struct figure *figure = shown_figure(work->call->session, FIGURE_SCATTER, "scatter");
    struct text x = {0}, y = {0};
    scatter_words(work, figure);
    figure_set_scatter(figure, work->points, work->labels, work->value[0], work->value[1],
                       work->cuts ? work->mark : NULL, axis_name(work, 0, &x), axis_name(work, 1, &y));
    figure_set_members(figure, work->series_count, work->series, work->member, work->entry[0]->choice.label,
                       work->entry[1]->choice.label);
    text_free(&x);
    text_free(&y);
    return figure;
}

static status scatter_read(struct scatter_call *work, struct error *error)
{
    struct setting_value values;
    status code = call_entry(work->call, 0, &work->entry[0], error);
    if (code == STATUS_OK)
        code = call_entry(work->call, 1, &work->entry[1], error);
    if (code == STATUS_OK)
        code = call_value(work->call, "values", &values, error);
    if (code == STATUS_OK)
        code = call_layers(work->call, 2, &work->layers, &work->layer_count, error);
    const struct shown_scores shown = {.entries = {work->entry[0], work->entry[1]}, .count = 2};
    if (code == STATUS_OK)
        code = layers_scored_by_all(work->call->session, &shown, work->layers, &work->layer_count, error);
    if (code != STATUS_OK)
        return code;
    work->ranks = values.integer == VALUES_RANKS || (values.integer == VALUES_AUTO && work->layer_count > 1);
    for (int i = 0; i < work->layer_count; i++)
        work->cuts |= call_ratio(work->call, work->layers[i]) > 0;
    return STATUS_OK;
}

static void tell_scatter(const struct scatter_call *work)
{
    struct text text = {0};
    int cut[MARK_X + MARK_Y + 1] = {0};
    for (int i = 0; i < work->points; i++)
        cut[work->mark[i]]++;
    if (work->agreeing) {
        text_add(&text, "Spearman's coefficient ");
        text_add_rounded(&text, work->agreement / work->agreeing, 3);
        text_add(&text, work->layer_count > 1 ? ", mean of the layers; " : "; ");
    }
    text_add_format(&text, "cut by both %d, by %s alone %d, by %s alone %d", cut[MARK_X | MARK_Y],
                    work->entry[0]->choice.label, cut[MARK_X], work->entry[1]->choice.label, cut[MARK_Y]);
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static status run_scatter(struct call *call, struct error *error)
{
    struct scatter_call work = {.call = call};
    status code = scatter_read(&work, error);
    if (code == STATUS_OK)
        code = scatter_begin(&work, error);
    for (int i = 0; code == STATUS_OK && i < work.layer_count; i++)
        code = add_layer(&work, work.layers[i], error);
    if (code == STATUS_OK)
        code = reply_figure(call->reply, scatter_figure(&work), error);
    if (code == STATUS_OK)
        tell_scatter(&work);
    arena_free(work.arena);
    mem_free(work.layers);
    return code;
}

static const struct parameter scatter_arguments[] = {
    {"A", VALUE_CRITERION, 0, 0, 0, NULL, NULL, "the criterion of the x axis"},
    {"B", VALUE_CRITERION, 0, 0, 0, NULL, NULL, "the criterion of the y axis"},
    {"LAYER|GLOB", VALUE_LAYERS, PARAMETER_REPEATED | PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "layers by name, stage or pattern; all that are scored without them"},
    PARAMETER_END,
};
static const struct parameter scatter_parameters[] = {
    {"values", VALUE_CHOICE, 0, 0, 0, scatter_values_name, "auto",
     "what is drawn: scores, or ranks within the layer; auto is ranks for more than one layer"},
    PARAMETER_END,
};
static const int scatter_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_NONE};
static const struct example scatter_examples[] = {
    {"scatter l1 proscore", "shows how two criteria rank every filter, and what either would cut", false},
    {"scatter l1 taylor conv1 at=0.25 > scatter.png", "draws one layer's scores into a picture", false},
    EXAMPLE_END,
};

const struct command command_scatter = {
    .name = "scatter",
    .arguments = scatter_arguments,
    .parameters = scatter_parameters,
    .options = scatter_options,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES,
    .help = "two criteria, filter by filter",
    .text = "Draws every filter at its score under one criterion and under another. Those that would be cut "
            "from their layer at the ratio are marked: by both, or by one alone, which is what the criteria "
            "disagree on. Scores of different layers differ in size, so with more than one layer ranks are "
            "drawn. With at=0 nothing is cut, and colours show the stage of the network, the first part "
            "of the layer's name.",
    .examples = scatter_examples,
    .run = run_scatter,
};
