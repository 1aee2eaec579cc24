/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost: what the network costs, counted and measured. */
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "prune/cost.h"
#include "prune/surgery.h"
#include "score/layer.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/timing.h"
#include "view/figure.h"

enum { WARM_UP = 2, RUNS = 20 };

struct costs {
    const struct call *call;
    const struct model *original;
    struct cost before, after;
    bool changed; /* there is a before: something was removed, or is selected */
    enum cost_rule rule;
};

/* --- counted -------------------------------------------------------------------------------------------- */

static void cost_columns(const struct costs *costs, struct figure *figure)
{
    static const struct {
        const char *before, *after;
        int priority;
    } columns[] = {{"channels", "kept", 7},
                   {"params", "params left", 5},
                   {"MACs", "MACs left", 3},
                   {"bytes", "bytes left", 1}};
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].before, NULL, COLUMN_INTEGER, 0);
        table_priority(figure, columns[i].priority);
        if (!costs->changed)
            continue;
        table_column(figure, columns[i].after, NULL, COLUMN_INTEGER, 0);
        table_priority(figure, columns[i].priority + 1);
    }
}

static void amount(const struct costs *costs, struct figure *figure, double before, double after)
{
    table_number(figure, before);
    if (costs->changed)
        table_number(figure, after);
}

static void no_amount(const struct costs *costs, struct figure *figure)
{
    table_missing(figure);
    if (costs->changed)
        table_missing(figure);
}

/* The original's layer beside the present one of its name. */
static void cost_row(const struct costs *costs, int layer, struct figure *figure)
{
    const struct model *model = costs->call->session->state.model;
    int index = model_original_layer(model, layer);
    const struct layer_cost *after = &costs->after.layers[layer];
    const struct layer_cost *before = index >= 0 ? &costs->before.layers[index] : after;
    table_text(figure, model->layers->items[layer].name);
    amount(costs, figure, (double)before->channels, (double)after->channels);
    amount(costs, figure, (double)before->parameters, (double)after->parameters);
    amount(costs, figure, before->macs, after->macs);
    amount(costs, figure, (double)before->activation_bytes, (double)after->activation_bytes);
}

/* What is in no layer, where there is something: with it the rows add up to the total. */
static void other_row(const struct costs *costs, struct figure *figure)
{
    int64_t before = costs->before.other_parameters, after = costs->after.other_parameters;
    if (before == 0 && after == 0)
        return;
    table_text(figure, cost_other_name);
    no_amount(costs, figure);
    amount(costs, figure, (double)before, (double)after);
    no_amount(costs, figure);
    no_amount(costs, figure);
}

static void total_row(const struct costs *costs, struct figure *figure)
{
    const struct cost *before = &costs->before, *after = &costs->after;
    table_text(figure, "total");
    table_emphasize(figure);
    amount(costs, figure, (double)before->channels, (double)after->channels);
    amount(costs, figure, (double)before->parameters, (double)after->parameters);
    amount(costs, figure, before->macs, after->macs);
    amount(costs, figure, (double)before->activation_bytes, (double)after->activation_bytes);
}

static void change_note(struct figure *figure, const char *what, double before, double after, bool si)
{
    struct text text = {0};
    text_add_format(&text, "%s: ", what);
    text_add_change(&text, before, after, si);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
}

static void tell_cost(const struct costs *costs)
{
    struct text text = {0};
    text_add(&text, "parameters ");
    text_add_change(&text, (double)costs->before.parameters, (double)costs->after.parameters, false);
    text_add(&text, costs->rule == COST_MACS ? ", multiply-adds " : ", operations ");
    text_add_change(&text, costs->before.macs, costs->after.macs, true);
    reply_result(costs->call->reply, &text);
    text_free(&text);
}

static struct figure *cost_table(const struct costs *costs)
{
    const struct session *session = costs->call->session;
    const char *pattern = call_argument(costs->call, 0);
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "cost");
    if (!figure)
        return NULL;
    tell_cost(costs);
    figure_title(figure, "Cost of %s, for one image", model_title(session->state.model));
    figure_fact(figure, "count", "%s", cost_rule_name((int)costs->rule));
    cost_columns(costs, figure);
    for (int i = 0; i < session->state.model->layers->count; i++) {
        if (!pattern || layers_match(session->state.model->layers, pattern, i))
            cost_row(costs, i, figure);
    }
    if (!pattern)
        other_row(costs, figure);
    total_row(costs, figure);
    const struct cost *before = &costs->before, *after = &costs->after;
    change_note(figure, "parameters", (double)before->parameters, (double)after->parameters, false);
    change_note(figure, costs->rule == COST_MACS ? "multiply-adds" : "operations as ptflops counts them",
                before->macs, after->macs, true);
    change_note(figure, "bytes of activations", (double)before->activation_bytes,
                (double)after->activation_bytes, true);
    if (costs->rule == COST_PTFLOPS)
        figure_note(figure, "the total also counts 2 for each BatchNorm element and 1 for each ReLU element");
    return figure;
}

/* --- measured ------------------------------------------------------------------------------------------- */

static void time_row(struct figure *figure, const char *name, const struct timing *timing)
{
    table_text(figure, name);
    table_number(figure, 1e3 * timing->median);
    table_number(figure, 1e3 * timing->lower_quartile);
    table_number(figure, 1e3 * timing->upper_quartile);
    table_number(figure, 1 / timing->median);
}

static struct figure *time_table(const struct costs *costs, const struct timing *timings)
{
    struct figure *figure = shown_figure(costs->call->session, FIGURE_TABLE, "time");
    if (!figure)
        return NULL;
    figure_title(figure, "Measured time of one image on one thread");
    table_column(figure, "network", NULL, COLUMN_TEXT, 0);
    table_column(figure, "median", "ms", COLUMN_REAL, 3);
    table_column(figure, "lower quartile", "ms", COLUMN_REAL, 3);
    table_column(figure, "upper quartile", "ms", COLUMN_REAL, 3);
    table_column(figure, "images/s", NULL, COLUMN_REAL, 3);
    time_row(figure, costs->changed ? "before" : "the network", &timings[0]);
    if (costs->changed) {
        struct text text = {0};
        time_row(figure, "after", &timings[1]);
        text_add_rounded(&text, timings[0].median / timings[1].median, 3);
        figure_note(figure, "%s times as fast", shown_words(figure, &text));
        text_free(&text);
    }
    figure_note(figure, "processor time of a forward pass, %d runs of %lld images each, by turns",
                timings[0].runs, (long long)timings[0].micro_batch);
    return figure;
}

/* The network without the selected channels: the smaller one, in *made when it had to be made. */
static status smaller_graph(const struct session *session, const struct graph **graph, struct graph **made,
                            struct error *error)
{
    *made = NULL;
    *graph = session->state.model->graph;
    if (!session->state.pruning->removed_count)
        return STATUS_OK;
    status code = surgery_apply(session->state.model->coupling, session->state.pruning->removed, made, error);
    *graph = *made;
    return code;
}

static status measure(const struct costs *costs, struct error *error)
{
    const struct call *call = costs->call;
    const struct timing_settings settings = {
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .micro_batch = options_micro_batch(&call->options, call->session->state.model->graph),
        .warm_up = WARM_UP,
        .runs = RUNS,
        .progress = call->progress,
    };
    const struct graph *graphs[2] = {costs->original->graph};
    struct timing timings[2];
    struct graph *made;
    struct pool *pool; /* matrix products on one thread come with it */
    status code = session_pool(call->session, &pool, error);
    if (code == STATUS_OK)
        code = smaller_graph(call->session, &graphs[1], &made, error);
    if (code != STATUS_OK)
        return code;
    code = timing_measure(&settings, graphs, costs->changed ? 2 : 1, timings, error);
    graph_free(made);
    return code == STATUS_OK ? reply_figure(call->reply, time_table(costs, timings), error) : code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static status count_costs(struct costs *costs, struct error *error)
{
    const struct session *session = costs->call->session;
    const bool *removed = session->state.pruning->removed_count ? session->state.pruning->removed : NULL;
    status code = cost_compute(costs->original->coupling, NULL, costs->rule, &costs->before, error);
    if (code == STATUS_OK)
        code = cost_compute(session->state.model->coupling, removed, costs->rule, &costs->after, error);
    return code;
}

static status run_cost(struct call *call, struct error *error)
{
    const struct session *session = call->session;
    struct setting_value count, time;
    status code = call_value(call, "count", &count, error);
    if (code == STATUS_OK)
        code = call_value(call, "time", &time, error);
    if (code != STATUS_OK)
        return code;
    struct costs costs = {.call = call,
                          .original = model_original(session->state.model),
                          .rule = (enum cost_rule)count.integer};
    costs.changed = session->state.pruning->removed_count > 0 || costs.original != session->state.model;
    code = count_costs(&costs, error);
    if (code == STATUS_OK)
        code = reply_figure(call->reply, cost_table(&costs), error);
    if (code == STATUS_OK && time.integer)
        code = measure(&costs, error);
    cost_free(&costs.before);
    cost_free(&costs.after);
    return code;
}

static const struct parameter cost_arguments[] = {
    {"GLOB", VALUE_LAYERS, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a layer, a stage such as layer1, or a pattern with * ? [abc]"},
    PARAMETER_END,
};
static const struct parameter cost_parameters[] = {
    {"count", VALUE_CHOICE, 0, 0, 0, cost_rule_name, "macs",
     "multiply-adds of convolutions and linear layers, or BatchNorm and ReLU elements as well"},
    {"time", VALUE_BOOLEAN, 0, 0, 0, NULL, "no", "measure the time of a forward pass too"},
    PARAMETER_END,
};
static const int cost_options[] = {OPTION_PRECISION, OPTION_KERNEL, OPTION_MICRO_BATCH, OPTION_NONE};
static const struct example cost_examples[] = {
    {"cost", "counts parameters, multiply-adds and activations, layer by layer", false},
    {"prune l1 0.5; cost *.conv1 time=yes", "shows what a selection saves, and measures it", false},
    EXAMPLE_END,
};

const struct command command_cost = {
    .name = "cost",
    .arguments = cost_arguments,
    .parameters = cost_parameters,
    .options = cost_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_FIGURES,
    .help = "count parameters, multiply-adds and memory",
    .text = "One row for each layer, with its BatchNorm, one for the parameters that belong to no layer, "
            "and the totals: channels, parameters, multiply-adds of one image, and the bytes of the layer's "
            "output in single precision. Parameters are weights, biases, scale and shift of BatchNorm and "
            "slopes of PRelu, and constants of more than one number that activations are added to, "
            "multiplied with or the like (a scale for each channel); a tensor that several layers share "
            "counts once. Running means and variances are none, nor is a single number beside activations, "
            "such as the 3 and the 1/6 of a hard swish. Where channels are selected or were removed, the "
            "network as loaded stands beside what is left. FLOPs in papers on pruning are mostly "
            "multiply-adds; count=ptflops adds 2 for each element of a BatchNorm and 1 for each of a ReLU "
            "to the total, as some tools do.\n\n"
            "With time=yes a forward pass is measured on one thread, before and after, the smaller network "
            "as apply would make it: the median over several runs and its quartiles.",
    .examples = cost_examples,
    .run = run_cost,
};
