/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latency: what networks and their layers take. */
#include "session/commands/latency_internal.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/machine.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/words/option.h"
#include "session/words/target_word.h"
#include "session/words/value.h"

enum { WARM_UP = 2, BEFORE = 0, AFTER = 1, SIDES = 2 };

/* --- what all tables have ------------------------------------------------------------------------------- */

void text_add_conditions(struct text *text, const struct latency_call *work)
{
    text_add_machine(text, work->settings.batch, pool_threads(work->settings.pool));
}

struct figure *latency_figure(const struct latency_call *work, const char *name)
{
    struct figure *figure = shown_figure(work->call->session, FIGURE_TABLE, name);
    struct text text = {0};
    if (!figure)
        return NULL;
    text_add_conditions(&text, work);
    figure_fact(figure, "measured", "%s", shown_words(figure, &text));
    text_free(&text);
    return figure;
}

void latency_notes(struct figure *figure, const struct latency *latencies, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++) {
        const struct latency_spread *spread = &latencies[i].whole;
        const double apart = (spread->upper_quartile - spread->lower_quartile) / spread->median;
        if (latency_is_wide(spread) && apart > most)
            most = apart;
    }
    figure_note(figure, "time by the clock of %d runs%s; quartiles are those of the runs", latencies[0].runs,
                count > 1 ? " of each network, by turns" : "");
    if (most > 0)
        figure_note(figure,
                    "the machine is busy: quartiles are up to %.0f %% of the median apart, and small "
                    "differences mean nothing",
                    100 * most);
}

/* --- layers --------------------------------------------------------------------------------------------- */

/* The network as loaded and what is left of it, or only the network. */
struct comparison_of_times {
    const struct latency_call *work;
    const struct model *models[SIDES];
    const struct graph *graphs[SIDES];
    struct graph *smaller; /* owned; NULL: nothing is selected */
    struct layers *layers; /* its own, owned */
    struct latency latencies[SIDES];
    double *seconds[SIDES]; /* per layer of the network as loaded, and at last what no layer has */
    int sides;
};

static bool shows_layer(const struct comparison_of_times *times, int layer)
{
    const struct model *model = times->models[BEFORE];
    const char *target = times->work->target;
    if (!target)
        return true;
    if (!target_is_word(model->layers, target))
        return layers_match(model->layers, target, layer);
    const bool stream = model->coupling->groups[model->coupling->layer_group[layer]].stream;
    const enum target_word word = target_word_find(target);
    return word == TARGET_ALL || stream == (word == TARGET_STREAMS);
}

static status find_sides(struct comparison_of_times *times, struct error *error)
{
    const struct session *session = times->work->call->session;
    const struct model *model = session->state.model;
    const bool selected = session->state.pruning->removed_count > 0;
    times->models[BEFORE] = model_original(model);
    times->graphs[BEFORE] = times->models[BEFORE]->graph;
    times->graphs[AFTER] = model->graph;
    times->sides = selected || model != times->models[BEFORE] ? 2 : 1;
    status code =
        selected ? surgery_apply(model->coupling, session->state.pruning->removed, &times->smaller, error)
                 : STATUS_OK;
    if (code == STATUS_OK && selected)
        times->graphs[AFTER] = times->smaller;
    return code == STATUS_OK ? layers_find(times->graphs[AFTER], &times->layers, error) : code;
}

static status sum_by_layer(struct comparison_of_times *times, int side, struct error *error)
{
    const struct layers *first = times->models[BEFORE]->layers;
    const struct layers *layers = side == BEFORE ? first : times->layers;
    const struct graph *graph = times->graphs[side];
    const struct latency *latency = &times->latencies[side];
    double *seconds = mem_new((size_t)first->count + 1, sizeof *seconds);
    int *owner = mem_new((size_t)graph->node_count + 1, sizeof *owner);
    times->seconds[side] = seconds;
    if (!seconds || !owner) {
        mem_free(owner);
        return error_memory(error);
    }
    latency_owners(graph, layers, false, owner);
    seconds[first->count] = latency->conversions + latency->between;
    for (int n = 0; n < graph->node_count; n++) {
        const int layer = owner[n] < 0 ? -1 : layers_index(first, layers->items[owner[n]].name);
        seconds[layer < 0 ? first->count : layer] += latency->nodes[n];
    }
    mem_free(owner);
    return STATUS_OK;
}

static void layer_columns(const struct comparison_of_times *times, struct figure *figure)
{
    static const struct {
        const char *name, *unit;
        enum column_kind kind;
        int digits, priority;
        bool compares;
    } columns[] = {
        {"layer", NULL, COLUMN_TEXT, 0, 9, false},       {"time", "ms", COLUMN_REAL, 3, 8, false},
        {"share", NULL, COLUMN_PERCENT, 1, 5, false},    {"MACs", NULL, COLUMN_INTEGER, 0, 3, false},
        {"GMAC/s", NULL, COLUMN_REAL, 3, 4, false},      {"time left", "ms", COLUMN_REAL, 3, 7, true},
        {"MACs left", NULL, COLUMN_INTEGER, 0, 2, true}, {"times as fast", NULL, COLUMN_REAL, 3, 6, true},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        if (columns[i].compares && times->sides == 1)
            continue;
        table_column(figure, columns[i].name, columns[i].unit, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

/* macs: per image; below 0: none are counted. */
static void time_row(const struct comparison_of_times *times, struct figure *figure, const char *name,
                     const double *seconds, const double *macs)
{
    const double batch = (double)times->work->settings.batch;
    table_text(figure, name);
    table_number(figure, 1e3 * seconds[BEFORE]);
    table_number(figure, seconds[BEFORE] / times->latencies[BEFORE].mean);
    if (macs[BEFORE] >= 0) {
        table_number(figure, macs[BEFORE]);
        number_cell(figure, seconds[BEFORE] > 0 ? macs[BEFORE] * batch / seconds[BEFORE] / 1e9 : NAN);
    } else {
        table_missing(figure);
        table_missing(figure);
    }
    if (times->sides == 1)
        return;
    table_number(figure, 1e3 * seconds[AFTER]);
    number_cell(figure, macs[AFTER] >= 0 ? macs[AFTER] : NAN);
    number_cell(figure, seconds[AFTER] > 0 ? seconds[BEFORE] / seconds[AFTER] : NAN);
}

/* Multiply-adds of a layer of the network as loaded, in what is left; 0 where it is gone. */
static double macs_left(const struct comparison_of_times *times, const char *name)
{
    const struct session *session = times->work->call->session;
    const int layer = layers_index(session->state.model->layers, name);
    return layer < 0 ? 0 : pruning_cost(session->state.pruning, session->state.model)->layers[layer].macs;
}

static void time_rows(const struct comparison_of_times *times, struct figure *figure)
{
    const struct session *session = times->work->call->session;
    const struct model *model = times->models[BEFORE];
    const int count = model->layers->count;
    for (int l = 0; l < count; l++) {
        const char *name = model->layers->items[l].name;
        const double seconds[] = {times->seconds[BEFORE][l], times->sides > 1 ? times->seconds[AFTER][l] : 0};
        const double macs[] = {model->cost.layers[l].macs, macs_left(times, name)};
        if (shows_layer(times, l))
            time_row(times, figure, name, seconds, macs);
    }
    const double others[] = {times->seconds[BEFORE][count],
                             times->sides > 1 ? times->seconds[AFTER][count] : 0};
    const double none[] = {-1, -1};
    if (!times->work->target)
        time_row(times, figure, "what is in no layer", others, none);
    const double whole[] = {times->latencies[BEFORE].mean, times->latencies[AFTER].mean};
    const double macs[] = {model->cost.macs,
                           pruning_cost(session->state.pruning, session->state.model)->macs};
    time_row(times, figure, "total", whole, macs);
    table_emphasize(figure);
}

static void add_milliseconds(struct text *text, const struct latency_spread *spread)
{
    text_add_rounded(text, 1e3 * spread->median, 4);
    text_add(text, " ms (quartiles ");
    text_add_rounded(text, 1e3 * spread->lower_quartile, 4);
    text_add(text, " and ");
    text_add_rounded(text, 1e3 * spread->upper_quartile, 4);
    text_add(text, ")");
}

/* "median 1.02 ms (quartiles 1.01 and 1.06), 980 images/s" */
static void spread_note(const struct comparison_of_times *times, struct figure *figure, int side,
                        const char *what)
{
    const struct latency_spread *spread = &times->latencies[side].whole;
    struct text text = {0};
    text_add_format(&text, "%s: median ", what);
    add_milliseconds(&text, spread);
    text_add(&text, ", ");
    text_add_rounded(&text, (double)times->work->settings.batch / spread->median, 4);
    text_add(&text, " images/s");
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

static void tell_times(const struct comparison_of_times *times)
{
    const struct latency_spread *before = &times->latencies[BEFORE].whole;
    const struct latency_spread *after = &times->latencies[AFTER].whole;
    struct text text = {0};
    add_milliseconds(&text, before);
    if (times->sides > 1) {
        text_add(&text, " to ");
        add_milliseconds(&text, after);
        text_add(&text, ", ");
        text_add_rounded(&text, before->median / after->median, 3);
        text_add(&text, " times as fast");
    }
    reply_result(times->work->call->reply, &text);
    text_free(&text);
}

static struct figure *time_table(const struct comparison_of_times *times)
{
    struct figure *figure = latency_figure(times->work, "latency");
    struct text text = {0};
    if (!figure)
        return NULL;
    text_add_conditions(&text, times->work);
    figure_title(figure, "Latency of %s: %s", model_title(times->work->call->session->state.model),
                 shown_words(figure, &text));
    text_free(&text);
    layer_columns(times, figure);
    time_rows(times, figure);
    spread_note(times, figure, BEFORE, times->sides > 1 ? "before" : "whole");
    if (times->sides > 1)
        spread_note(times, figure, AFTER, "after");
    latency_notes(figure, times->latencies, times->sides);
    figure_note(figure, "layers are means over the runs between the quartiles, and add up to the total");
    tell_times(times);
    return figure;
}

static status latency_layers(const struct latency_call *work, struct error *error)
{
    struct comparison_of_times times = {.work = work};
    status code = find_sides(&times, error);
    if (code == STATUS_OK)
        code = latency_measure(&work->settings, times.graphs, times.sides, times.latencies, error);
    for (int side = 0; side < times.sides && code == STATUS_OK; side++)
        code = sum_by_layer(&times, side, error);
    if (code == STATUS_OK)
        code = reply_figure(work->call->reply, time_table(&times), error);
    for (int side = 0; side < SIDES; side++) {
        latency_free(&times.latencies[side]);
        mem_free(times.seconds[side]);
    }
    layers_free(times.layers);
    graph_free(times.smaller);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static status read_settings(struct latency_call *work, struct error *error)
{
    struct call *call = work->call;
    struct setting_value batch, runs, seconds;
    status code = call_value(call, "batch", &batch, error);
    if (code == STATUS_OK)
        code = call_value(call, "runs", &runs, error);
    if (code == STATUS_OK)
        code = call_value(call, "seconds", &seconds, error);
    if (code == STATUS_OK)
        code = session_pool(call->session, &work->settings.pool, error);
    if (code != STATUS_OK)
        return code;
    work->target = call_argument(call, 0);
    work->settings.real = options_precision(&call->options);
    work->settings.kernel = options_kernel(&call->options);
    work->settings.batch = batch.integer;
    work->settings.micro_batch = options_micro_batch(&call->options, call->session->state.model->graph);
    work->settings.warm_up = WARM_UP;
    work->settings.runs = (int)runs.integer;
    work->settings.seconds = runs.integer > 0 ? 0 : seconds.real;
    work->settings.progress = call->progress;
    return STATUS_OK;
}

static status run_latency(struct call *call, struct error *error)
{
    struct latency_call work = {.call = call};
    const struct setting *widths = call_setting(call, "widths"), *multiples = call_setting(call, "round_to");
    status code = read_settings(&work, error);
    if (code != STATUS_OK)
        return code;
    if (widths && multiples)
        return error_set(error, STATUS_USAGE, "widths and round_to are two tables: ask for one of them");
    if (widths)
        return latency_widths(&work, widths->value.text, error);
    return multiples ? latency_multiples(&work, multiples->value.text, error) : latency_layers(&work, error);
}

static const struct parameter latency_arguments[] = {
    {"TARGET", VALUE_TARGET, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a layer, a stage, a pattern, streams, inner or all; without it all layers"},
    PARAMETER_END,
};
static const struct parameter latency_parameters[] = {
    {"batch", VALUE_INTEGER, 0, 1, 4096, NULL, "1", "images that go through the network at once"},
    {"seconds", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 3600, NULL, "3", "time after which no further run begins"},
    {"runs", VALUE_INTEGER, PARAMETER_AUTO, 1, LATENCY_RUNS_MOST, NULL, "auto",
     "runs that count, whatever time they take; auto ends when the median is known to a hundredth"},
    {"widths", VALUE_WORD, 0, 0, 0, NULL, NULL,
     "channels that the target keeps, such as 4,8,16: a row for each in the place of the layers"},
    {"round_to", VALUE_WORD, 0, 0, 0, NULL, NULL,
     "multiples that blocks keep at their ratios, such as 1,4,8,16: a row for each"},
    PARAMETER_END,
};
static const int latency_options[] = {OPTION_PRECISION, OPTION_KERNEL, OPTION_MICRO_BATCH, OPTION_NONE};
static const struct example latency_examples[] = {
    {"latency seconds=0.2", "shows what each layer takes", false},
    {"prune l1 0.5; latency batch=8 runs=5", "compares the network with what is left of it", false},
    {"latency conv1 widths=4,8,12,16 runs=5", "shows what the network takes at widths of one layer", false},
    {"ratio inner 0.4; latency round_to=1,4,8,16 runs=5",
     "shows what keeping multiples of channels would gain", false},
    EXAMPLE_END,
};

const struct command command_latency = {
    .name = "latency",
    .arguments = latency_arguments,
    .parameters = latency_parameters,
    .options = latency_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "measure what the network and its layers take",
    .text =
        "Runs the network on noise, warm, and measures the time by the clock: of the whole, and of each "
        "layer with the BatchNorm, the addition and the activation that run in one step with it. Where "
        "channels or blocks are selected or were removed, the network as loaded and what is left of it "
        "run by turns; a selection is measured as the smaller network that apply would make. A run is one "
        "batch, which the session's threads share out. Medians come with quartiles; runs end when the "
        "median is known to a hundredth, or after seconds=. On a busy machine quartiles lie far apart, and "
        "a note says so.\n\n"
        "With widths= the target's blocks keep so many channels (as many as they have where that is fewer), "
        "all else stays, and each row is such a network: what the layers take that read or make these "
        "channels, and what the whole takes. With round_to= every block loses what the selection takes from "
        "it, or without one what its ratio asks for, but keeps a multiple of the number: rows side by side "
        "show whether round_to=8 or 16 is faster than 1 for the same ratio. The engine makes channels in "
        "blocks of 16, so that time is a staircase over widths.",
    .examples = latency_examples,
    .run = run_latency,
};
