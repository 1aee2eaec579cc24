/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latency: smaller networks side by side. */
#include "session/commands/latency_internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"

enum { NUMBER_MOST = 1 << 20 };

/* A network that is compared: the first is the whole one. */
struct variant {
    int64_t number; /* width or multiple; 0: whole */
    bool *removed;  /* per class, owned */
    struct cost cost;
    struct graph *graph;   /* owned, but for the first */
    struct layers *layers; /* its own, owned */
    double touched;        /* seconds of the layers that any variant changes */
};

struct variants {
    const struct latency_call *work;
    const struct model *model;
    struct variant items[LATENCY_VARIANTS_MOST];
    struct latency latencies[LATENCY_VARIANTS_MOST];
    int count;
};

/* Which classes go for a number, into `removed`. */
typedef status choose_classes(const struct variants *variants, int64_t number, bool *removed,
                              struct error *error);

/* --- the list ------------------------------------------------------------------------------------------- */

static status add_variant(struct variants *variants, int64_t number, struct error *error)
{
    struct variant *variant = &variants->items[variants->count];
    if (variants->count == LATENCY_VARIANTS_MOST)
        return error_set(error, STATUS_RANGE, "%d numbers at most", LATENCY_VARIANTS_MOST - 1);
    *variant = (struct variant){.number = number};
    variant->removed = mem_new((size_t)variants->model->coupling->class_count + 1, sizeof *variant->removed);
    if (!variant->removed)
        return error_memory(error);
    variants->count++;
    return STATUS_OK;
}

/* "4,8,16" */
static status read_list(struct variants *variants, const char *list, struct error *error)
{
    char piece[32];
    status code = add_variant(variants, 0, error);
    while (code == STATUS_OK && *list) {
        const size_t length = strcspn(list, ",");
        int64_t number;
        memcpy(piece, list, length < sizeof piece ? length : sizeof piece - 1);
        piece[length < sizeof piece ? length : sizeof piece - 1] = '\0';
        if (!text_to_integer(piece, &number) || number < 1 || number > NUMBER_MOST)
            return error_set(error, STATUS_RANGE,
                             "'%s' is no number of channels: write a list such as 4,8,16", piece);
        code = add_variant(variants, number, error);
        list += length + (list[length] == ',');
    }
    return code == STATUS_OK && variants->count == 1
               ? error_set(error, STATUS_USAGE, "a list such as 4,8,16 is missing")
               : code;
}

/* --- networks ------------------------------------------------------------------------------------------- */

static status make_variant(struct variants *variants, int index, choose_classes *choose, struct error *error)
{
    const struct coupling *coupling = variants->model->coupling;
    struct variant *variant = &variants->items[index];
    status code = index > 0 ? choose(variants, variant->number, variant->removed, error) : STATUS_OK;
    if (code == STATUS_OK)
        code = cost_compute(coupling, variant->removed, COST_MACS, &variant->cost, error);
    if (code == STATUS_OK && index > 0)
        code = surgery_apply(coupling, variant->removed, &variant->graph, error);
    if (code == STATUS_OK)
        code = layers_find(index > 0 ? variant->graph : variants->model->graph, &variant->layers, error);
    return code;
}

static const struct graph *graph_of(const struct variants *variants, int index)
{
    return index > 0 ? variants->items[index].graph : variants->model->graph;
}

static status measure_all(struct variants *variants, choose_classes *choose, struct error *error)
{
    const struct graph *graphs[LATENCY_VARIANTS_MOST];
    status code = STATUS_OK;
    for (int i = 0; i < variants->count && code == STATUS_OK; i++)
        code = make_variant(variants, i, choose, error);
    for (int i = 0; i < variants->count && code == STATUS_OK; i++)
        graphs[i] = graph_of(variants, i);
    return code == STATUS_OK ? latency_measure(&variants->work->settings, graphs, variants->count,
                                               variants->latencies, error)
                             : code;
}

/* Does the narrowest or any other variant change the layer? */
static bool is_touched(const struct variants *variants, int layer)
{
    const struct layer_cost *whole = &variants->items[0].cost.layers[layer];
    for (int i = 1; i < variants->count; i++) {
        const struct layer_cost *cost = &variants->items[i].cost.layers[layer];
        if (cost->channels != whole->channels || cost->input_channels != whole->input_channels)
            return true;
    }
    return false;
}

static status sum_touched(struct variants *variants, int index, struct error *error)
{
    struct variant *variant = &variants->items[index];
    const struct graph *graph = graph_of(variants, index);
    int *owner = mem_new((size_t)graph->node_count + 1, sizeof *owner);
    if (!owner)
        return error_memory(error);
    latency_owners(graph, variant->layers, false, owner);
    for (int n = 0; n < graph->node_count; n++) {
        const int layer =
            owner[n] < 0 ? -1 : layers_index(variants->model->layers, variant->layers->items[owner[n]].name);
        if (layer >= 0 && is_touched(variants, layer))
            variant->touched += variants->latencies[index].nodes[n];
    }
    mem_free(owner);
    return STATUS_OK;
}

static void variants_free(struct variants *variants)
{
    for (int i = 0; i < variants->count; i++) {
        mem_free(variants->items[i].removed);
        cost_free(&variants->items[i].cost);
        graph_free(variants->items[i].graph);
        layers_free(variants->items[i].layers);
        latency_free(&variants->latencies[i]);
    }
}

/* --- the table ------------------------------------------------------------------------------------------ */

static void variant_row(const struct variants *variants, int index, struct figure *figure)
{
    const struct variant *variant = &variants->items[index];
    const struct latency *latency = &variants->latencies[index];
    struct text text = {0};
    if (index == 0)
        text_add(&text, "whole");
    else
        text_add_format(&text, "%lld", (long long)variant->number);
    table_text(figure, shown_words(figure, &text));
    text_free(&text);
    table_number(figure, (double)variant->cost.channels);
    table_number(figure, variant->cost.macs);
    table_number(figure, 1e3 * variant->touched);
    table_number(figure, 1e3 * latency->whole.median);
    table_number(figure, 1e3 * latency->whole.lower_quartile);
    table_number(figure, 1e3 * latency->whole.upper_quartile);
    table_number(figure, variants->latencies[0].whole.median / latency->whole.median);
}

static void variant_columns(struct figure *figure, const char *number)
{
    static const struct {
        const char *name, *unit;
        enum column_kind kind;
        int digits, priority;
    } columns[] = {
        {"channels", NULL, COLUMN_INTEGER, 0, 4},    {"MACs", NULL, COLUMN_INTEGER, 0, 3},
        {"its layers", "ms", COLUMN_REAL, 4, 5},     {"median", "ms", COLUMN_REAL, 4, 8},
        {"lower quartile", "ms", COLUMN_REAL, 4, 1}, {"upper quartile", "ms", COLUMN_REAL, 4, 2},
        {"times as fast", NULL, COLUMN_REAL, 3, 7},
    };
    table_column(figure, number, NULL, COLUMN_TEXT, 0);
    table_priority(figure, 9);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].name, columns[i].unit, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

static void tell_fastest(const struct variants *variants, const char *what)
{
    int fastest = 1;
    for (int i = 2; i < variants->count; i++)
        if (variants->latencies[i].whole.median < variants->latencies[fastest].whole.median)
            fastest = i;
    struct text text = {0};
    text_add_format(&text, "fastest with %s %lld: ", what, (long long)variants->items[fastest].number);
    text_add_rounded(&text, 1e3 * variants->latencies[fastest].whole.median, 4);
    text_add(&text, " ms, ");
    text_add_rounded(&text, variants->latencies[0].whole.median / variants->latencies[fastest].whole.median,
                     3);
    text_add(&text, " times as fast as the whole");
    reply_result(variants->work->call->reply, &text);
    text_free(&text);
}

static struct figure *variant_table(const struct variants *variants, const char *name, const char *title)
{
    struct figure *figure = latency_figure(variants->work, "latency_widths");
    struct text text = {0};
    if (!figure)
        return NULL;
    text_add_conditions(&text, variants->work);
    figure_title(figure, "Latency of %s %s: %s", model_title(variants->model), title,
                 shown_words(figure, &text));
    text_free(&text);
    variant_columns(figure, name);
    for (int i = 0; i < variants->count; i++)
        variant_row(variants, i, figure);
    latency_notes(figure, variants->latencies, variants->count);
    figure_note(figure, "its layers: those that lose what they make or read in any row");
    tell_fastest(variants, name);
    return figure;
}

static status compare(const struct latency_call *work, const char *list, choose_classes *choose,
                      const char *name, const char *title, struct error *error)
{
    struct variants variants = {.work = work, .model = work->call->session->state.model};
    status code = read_list(&variants, list, error);
    if (code == STATUS_OK)
        code = measure_all(&variants, choose, error);
    for (int i = 0; i < variants.count && code == STATUS_OK; i++)
        code = sum_touched(&variants, i, error);
    if (code == STATUS_OK)
        code = reply_figure(work->call->reply, variant_table(&variants, name, title), error);
    variants_free(&variants);
    return code;
}

/* --- widths --------------------------------------------------------------------------------------------- */

/* The last classes of a block go: which ones makes no difference to the time. */
static void keep_width(const struct coupling *coupling, int block, int64_t width, bool *removed)
{
    const struct block *item = &coupling->blocks[block];
    const int64_t channels = block_channels(coupling, item);
    const int64_t per_class = channels > item->class_count ? channels / item->class_count : 1;
    const int64_t keep = width / per_class > 1 ? width / per_class : 1;
    for (int64_t i = keep; i < item->class_count; i++)
        removed[item->classes[i]] = true;
}

static status choose_width(const struct variants *variants, int64_t width, bool *removed, struct error *error)
{
    const struct coupling *coupling = variants->model->coupling;
    struct target target;
    status code = target_find(variants->model, variants->work->target, &target, error);
    if (code != STATUS_OK)
        return code;
    for (int b = 0; b < coupling->block_count; b++)
        if (target.blocks[b])
            keep_width(coupling, b, width, removed);
    selection_keep_alive(coupling, NULL, removed);
    target_free(&target);
    return STATUS_OK;
}

status latency_widths(const struct latency_call *work, const char *list, struct error *error)
{
    struct text title = {0};
    if (!work->target)
        return error_set(error, STATUS_USAGE,
                         "widths of what? 'latency conv1 widths=4,8,16', or streams, inner or all");
    text_add(&title, "at widths of ");
    text_add_target(&title, work->call->session->state.model->layers, work->target);
    status code = title.failed ? error_memory(error)
                               : compare(work, list, choose_width, "width", text_data(&title), error);
    text_free(&title);
    return code;
}

/* --- multiples ------------------------------------------------------------------------------------------ */

static status choose_multiple(const struct variants *variants, int64_t multiple, bool *removed,
                              struct error *error)
{
    const struct pruning *pruning = variants->work->call->session->state.pruning;
    struct select_options options = pruning->rule.options;
    options.round_to = multiple;
    return pruning_choose_any(pruning, variants->model, &options, removed, error);
}

status latency_multiples(const struct latency_call *work, const char *list, struct error *error)
{
    const struct pruning *pruning = work->call->session->state.pruning;
    if (work->target)
        return error_set(error, STATUS_USAGE, "round_to= is about the whole network: leave '%s' out",
                         work->target);
    if (!pruning->removed_count && !pruning_has_ratio(pruning))
        return error_set(error, STATUS_STATE,
                         "nothing is selected and no ratio is set: 'ratio all 0.4' sets one");
    return compare(work, list, choose_multiple, "round_to", "at the ratios that are set", error);
}
