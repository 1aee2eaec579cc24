/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that show what is there: info, layers, layer, filter (filter.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/engine.h"
#include "nn/execution/options.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "score/layer.h"
#include "score/score.h"
#include "session/board.h"
#include "session/commands/rows.h"
#include "session/history.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/summary.h"
#include "session/version.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

/* --- info ----------------------------------------------------------------------------------------------- */

static void text_row(struct figure *figure, const char *item, struct text *text)
{
    table_text(figure, item);
    table_text(figure, shown_words(figure, text));
    text_free(text);
}

static void thousands_row(struct figure *figure, const char *item, int64_t number)
{
    struct text text = {0};
    text_add_thousands(&text, number);
    text_row(figure, item, &text);
}

static void model_rows(const struct model *model, struct figure *figure)
{
    if (!model) {
        card_row(figure, "model", "none");
        return;
    }
    int64_t filters = 0;
    int scored = 0;
    for (int i = 0; i < model->layers->count; i++) {
        if (!model->layers->items[i].output_layer) {
            filters += model->layers->items[i].channels;
            scored++;
        }
    }
    card_row(figure, "model", "%s", model->name);
    card_row(figure, "model hash", "%.16s", model->digest);
    struct text text = {0};
    text_add_shape(&text, &model->input);
    text_row(figure, "input", &text);
    if (model->classes) {
        card_row(figure, "classes", "%lld", (long long)model->classes);
    } else {
        text_add_shape(&text, &model->output);
        text_row(figure, "output", &text);
    }
    if (judged_at(model))
        card_row(figure, "judged", "%s", judged_at(model));
    card_row(figure, "layers", "%d, of which %d are scored", model->layers->count, scored);
    thousands_row(figure, "filters", filters);
    thousands_row(figure, "parameters", model->cost.parameters);
}

/* What the network is now, and what it was when it was loaded. */
static void pruning_rows(const struct session *session, struct figure *figure)
{
    if (!session->state.model)
        return;
    const struct model *model = session->state.model;
    const struct cost *before = &model_original(model)->cost,
                      *now = pruning_cost(session->state.pruning, model);
    struct text text = {0};
    text_add_change(&text, before->macs, now->macs, true);
    text_row(figure, "multiply-adds", &text);
    if (before->channels != now->channels) {
        text_add_change(&text, (double)before->channels, (double)now->channels, false);
        text_row(figure, "channels left", &text);
        text_add_change(&text, (double)before->parameters, (double)now->parameters, false);
        text_row(figure, "parameters left", &text);
    }
    for (const char *line = model->made; line;) {
        size_t length = strcspn(line, "\n");
        card_row(figure, "made by", "%.*s", (int)length, line);
        line = line[length] ? line + length + 1 : NULL;
    }
    card_row(figure, "selected", "%s", session->state.pruning->how ? session->state.pruning->how : "nothing");
    if (session->state.dataset) {
        text_add_accuracy(&text, session);
        text_row(figure, "accuracy", &text);
        text_add_baseline(&text, session);
        if (text.length)
            text_row(figure, "before changes", &text);
        text_free(&text);
    }
}

static void history_rows(const struct session *session, struct figure *figure)
{
    const struct history *history = &session->history;
    if (!history->position && history->count == 1)
        return;
    card_row(figure, "history", "%d to undo, %d to redo", history->position - history->oldest,
             history->count - 1 - history->position);
    struct text held = {0};
    text_add_thousands(&held, history->count - history->oldest);
    text_add(&held, " of ");
    text_add_thousands(&held, history_most_states(history));
    text_add_format(&held, " states, %.1f of %.0f MB", (double)history_bytes(history) / 1e6,
                    (double)history_most_bytes(history) / 1e6);
    text_row(figure, "history holds", &held);
}

static void data_rows(const struct dataset *dataset, struct figure *figure)
{
    if (!dataset) {
        card_row(figure, "data", "none");
        return;
    }
    card_row(figure, "data", "%s %s", dataset->kind->name, dataset->split);
    if (dataset->path)
        card_row(figure, "path", "%s", dataset->path);
    card_row(figure, "data hash", "%.16s", dataset_digest(dataset));
    thousands_row(figure, "images", dataset->count);
    card_row(figure, "image", "%dx%dx%d in %d classes", dataset->channels, dataset->height, dataset->width,
             dataset->classes);
    card_row(figure, "normalised by", "%s", dataset->normalization);
}

static void score_rows(const struct session *session, struct figure *figure)
{
    struct text labels = {0};
    for (int i = 0; i < session->state.board->count; i++)
        text_add_format(&labels, "%s%s", i ? ", " : "", session->state.board->entries[i].choice.label);
    if (!session->state.board->count)
        text_add(&labels, "none");
    text_row(figure, "scores", &labels);
    const struct score_statistics *statistics = board_statistics(session->state.board);
    if (!statistics)
        return;
    struct text sample = {0}, result = {0};
    text_add_sample(&sample, session);
    text_row(figure, "sample", &sample);
    text_add_result(&result, statistics);
    text_row(figure, "on the sample", &result);
    const struct pass_settings *settings = &session->state.board->pass->settings;
    card_row(figure, "arithmetic", "%s, %s", element_name(settings->real),
             settings->kernel == KERNEL_REFERENCE ? "plain loops"
             : settings->real == ELEMENT_DOUBLE   ? "matrix products"
             : settings->kernel == KERNEL_AUTO    ? "fast kernels"
             : settings->kernel == KERNEL_DIRECT  ? "fast kernels, direct convolution"
                                                  : "fast kernels, Winograd convolution");
}

static void option_rows(const struct session *session, struct figure *figure)
{
    int changed = 0;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_is_default(session->state.options, (enum option_id)i))
            continue;
        struct text name = {0};
        text_add_format(&name, "set %s", option_at(i)->parameter.name);
        card_row(figure, shown_words(figure, &name), "%s",
                 option_text(session->state.options, (enum option_id)i));
        text_free(&name);
        changed++;
    }
    if (!changed)
        card_row(figure, "options", "all at their defaults");
}

/* What a run over images takes, counted from the network: a worker's activations for each thread, and weights
 * that all share. */
static void size_row(struct figure *figure, const char *name, size_t worker, size_t shared, int threads)
{
    struct text text = {0};
    text_add_si(&text, (double)threads * (double)worker + (double)shared, 3);
    text_add(&text, "B: ");
    text_add_si(&text, (double)worker, 3);
    text_add_format(&text, "B in %s, ", threads == 1 ? "one worker" : "each worker");
    text_add_si(&text, (double)shared, 3);
    text_add(&text, "B of packed weights");
    text_row(figure, name, &text);
    text_free(&text);
}

static void size_rows(const struct session *session, struct figure *figure)
{
    const struct options *options = session->state.options;
    const struct sample sample = {.count = 1};
    struct error error = {0};
    int threads = (int)option_integer(options, OPTION_THREADS);
    size_t worker, shared;
    const struct score_pass pass = {.graph = session->state.model->graph,
                                    .layers = session->state.model->layers,
                                    .sample = &sample,
                                    .needs = NEED_GRADIENTS,
                                    .real = options_precision(options),
                                    .kernel = options_kernel(options),
                                    .micro_batch = options_micro_batch(options, session->state.model->graph)};
    const struct engine_options forward = {
        .batch = pass.micro_batch, .real = pass.real, .kernel = pass.kernel, .reuse = true};
    if (threads == 0)
        threads = session->pool ? pool_threads(session->pool) : pool_online();
    if (score_size(&pass, &worker, &shared, &error) == STATUS_OK)
        size_row(figure, "to score", worker, shared, threads);
    if (engine_size(pass.graph, &forward, &worker, &shared, &error) == STATUS_OK)
        size_row(figure, "to evaluate", worker, shared, threads);
}

static status run_info(struct call *call, struct error *error)
{
    const struct session *session = call->session;
    struct figure *figure = shown_card(session, "info", "item", "value");
    if (figure) {
        figure_title(figure, "The session");
        model_rows(session->state.model, figure);
        pruning_rows(session, figure);
        data_rows(session->state.dataset, figure);
        score_rows(session, figure);
        option_rows(session, figure);
        history_rows(session, figure);
        struct rusage usage;
        if (option_flag(session->state.options, OPTION_TIMING) && getrusage(RUSAGE_SELF, &usage) == 0) {
            struct text memory = {0};
            text_add_si(&memory, (double)usage.ru_maxrss * 1024.0, 3);
            text_add(&memory, "B at most so far");
            text_row(figure, "memory", &memory);
            if (session->state.model)
                size_rows(session, figure);
            if (session->pool)
                card_row(figure, "threads", "%d", pool_threads(session->pool));
        }
    }
    return reply_figure(call->reply, figure, error);
}

/* --- layers --------------------------------------------------------------------------------------------- */

static void kernel_text(const struct layer *layer, struct text *text)
{
    text_add_format(text, "%lldx%lld", (long long)layer->kernel_height, (long long)layer->kernel_width);
    if (layer->stride > 1)
        text_add_format(text, "/%lld", (long long)layer->stride);
}

static void layers_row(const struct session *session, int index, struct figure *figure)
{
    const struct model *model = session->state.model;
    const struct layer *layer = &model->layers->items[index];
    const struct shape *output = &model->layer_outputs[index];
    struct text window = {0}, size = {0};
    kernel_text(layer, &window);
    const bool channels_last =
        layer->kind == LAYER_LINEAR; /* over positions, where there are more dimensions */
    for (int i = channels_last ? 1 : 2; i < output->rank - channels_last; i++)
        text_add_format(&size, "%s%lld", size.length ? "x" : "", (long long)output->dim[i]);
    table_text(figure, layer->name);
    table_text(figure, layer->output_layer ? "output" : layer_kind_name(layer->kind));
    table_number(figure, (double)layer->channels);
    if (session->state.pruning->removed_count)
        table_number(figure, (double)pruning_kept(session->state.pruning, model, index));
    table_number(figure, (double)layer->input_channels);
    if (layer->kind == LAYER_LINEAR)
        table_missing(figure);
    else
        table_text(figure, shown_words(figure, &window));
    table_number(figure, (double)model->cost.layers[index].parameters);
    if (layer->norm_name)
        table_text(figure, layer->norm_name);
    else
        table_missing(figure);
    if (layer->activation_name)
        table_text(figure, layer->activation_name);
    else
        table_missing(figure);
    if (size.length)
        table_text(figure, shown_words(figure, &size));
    else
        table_missing(figure);
    text_free(&window);
    text_free(&size);
}

static status run_layers(struct call *call, struct error *error)
{
    const struct model *model = call->session->state.model;
    const char *pattern = call_argument(call, 0);
    struct figure *figure = shown_figure(call->session, FIGURE_TABLE, "layers");
    if (!figure)
        return error_memory(error);
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "kind", NULL, COLUMN_TEXT, 0);
    table_column(figure, "out", NULL, COLUMN_INTEGER, 0);
    if (call->session->state.pruning->removed_count)
        table_column(figure, "kept", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "in", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "kernel", NULL, COLUMN_TEXT, 0);
    table_column(figure, "parameters", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "norm", NULL, COLUMN_TEXT, 0);
    table_column(figure, "then", NULL, COLUMN_TEXT, 0);
    table_column(figure, "output", NULL, COLUMN_TEXT, 0);
    int shown = 0;
    for (int i = 0; i < model->layers->count; i++) {
        if (pattern && !layers_match(model->layers, pattern, i))
            continue;
        layers_row(call->session, i, figure);
        shown++;
    }
    figure_title(figure, "Layers of %s: %d of %d", model_title(model), shown, model->layers->count);
    return reply_figure(call->reply, figure, error);
}

/* --- layer ---------------------------------------------------------------------------------------------- */

static struct figure *layer_card(const struct session *session, int index)
{
    const struct model *model = session->state.model;
    const struct layer *layer = &model->layers->items[index];
    struct figure *figure = shown_card(session, "layer", "item", "value");
    if (!figure)
        return NULL;
    figure_title(figure, "Layer %s of %s", layer->name, model_title(model));
    card_row(figure, "kind", "%s", layer_kind_name(layer->kind));
    card_row(figure, "channels", "%lld", (long long)layer->channels);
    if (session->state.pruning->removed_count)
        card_row(figure, "channels kept", "%lld",
                 (long long)pruning_kept(session->state.pruning, model, index));
    card_row(figure, "input channels", "%lld", (long long)layer->input_channels);
    if (layer->kind != LAYER_LINEAR) {
        card_row(figure, "kernel", "%lldx%lld, stride %lld", (long long)layer->kernel_height,
                 (long long)layer->kernel_width, (long long)layer->stride);
        card_row(figure, "groups", "%lld", (long long)layer->groups);
    }
    struct text output = {0};
    text_add_shape(&output, &model->layer_outputs[index]);
    text_row(figure, "output", &output);
    card_row(figure, "weights in a filter", "%lld", (long long)layer->filter_length);
    thousands_row(figure, "parameters", model->cost.layers[index].parameters);
    card_row(figure, "bias", "%s", layer->bias == VALUE_NONE ? "none" : "yes");
    card_row(figure, "norm", "%s", layer->norm_name ? layer->norm_name : "none");
    card_row(figure, "then", "%s",
             layer->activation_name ? layer->activation_name
                                    : "the identity (as far as this layer alone is concerned)");
    card_row(figure, "node", "%s", model->graph->nodes[layer->node].name);
    if (layer->output_layer)
        card_row(figure, "role", "its channels are the network's outputs: never pruned, not scored");
    return figure;
}

static status layer_scores(const struct call *call, int index, struct error *error)
{
    const struct session *session = call->session;
    const struct layer *layer = &session->state.model->layers->items[index];
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "layer_scores");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "Scores of layer %s", layer->name);
    summary_columns(figure, "criterion");
    for (int i = 0; i < session->state.board->count; i++) {
        const struct score_entry *entry = &session->state.board->entries[i];
        struct summary summary;
        status code = summary_of(session->state.model->layers, entry->scores, &index, 1, &summary, error);
        if (code != STATUS_OK) {
            figure_free(figure);
            return code;
        }
        struct text name = {0};
        text_add_label(&name, entry);
        table_text(figure, shown_words(figure, &name));
        text_free(&name);
        summary_cells(figure, &summary);
        if (!entry->scores->layer[index])
            note_lacking(figure, session, entry);
    }
    return reply_figure(call->reply, figure, error);
}

static status run_layer(struct call *call, struct error *error)
{
    int index = layers_index(call->session->state.model->layers, call_argument(call, 0));
    status code = reply_figure(call->reply, layer_card(call->session, index), error);
    if (code == STATUS_OK && call->session->state.board->count &&
        !call->session->state.model->layers->items[index].output_layer)
        code = layer_scores(call, index, error);
    return code;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter layers_arguments[] = {
    {"GLOB", VALUE_LAYERS, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a layer, or a pattern with * ? [abc]"},
    PARAMETER_END,
};
static const struct parameter layer_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    PARAMETER_END,
};
static const struct parameter filter_arguments[] = {
    {"LAYER:CHANNEL", VALUE_FILTER, 0, 0, 0, NULL, NULL,
     "a filter: its layer, a colon and its number, from 0"},
    PARAMETER_END,
};
static const struct example info_examples[] = {{"info", "shows what is loaded, scored and set", false},
                                               EXAMPLE_END};
static const struct example layers_examples[] = {
    {"layers", "lists all layers", false},
    {"layers *.conv1 > layers.csv", "writes the first convolutions of all blocks to a file", false},
    EXAMPLE_END,
};
static const struct example layer_examples[] = {{"layer conv1", "shows one layer", false}, EXAMPLE_END};
static const struct example filter_examples[] = {
    {"filter conv1:3", "shows the fourth filter of conv1", false}, EXAMPLE_END};

const struct command commands_look[] = {
    {"info", NULL, "look", NULL, NULL, NULL, COMMAND_FIGURES, "what is loaded, scored and set",
     "Shows the network, the data set, the sample that was scored and how, which criteria have scores, and "
     "every option "
     "that is not at its default.",
     info_examples, run_info},
    {"layers", "ls", "look", layers_arguments, NULL, NULL, COMMAND_MODEL | COMMAND_FIGURES, "list the layers",
     "One row for each convolution and linear layer, with the BatchNorm and the activation that belong to "
     "it. Names are "
     "those of the parameters in the file. A layer of kind output makes the network's outputs: it is never "
     "pruned and has "
     "no scores. The column then names the element-wise layer behind it, be it one node or several: composed "
     "where these are no common activation function.",
     layers_examples, run_layers},
    {"layer", NULL, "look", layer_arguments, NULL, NULL, COMMAND_MODEL | COMMAND_FIGURES, "show one layer",
     "Everything about one layer, and a summary of its scores where there are any.", layer_examples,
     run_layer},
    {"filter", NULL, "look", filter_arguments, NULL, (const int[]){OPTION_RATIO, OPTION_ROUND, OPTION_NONE},
     COMMAND_MODEL | COMMAND_FIGURES, "show everything known about one filter",
     "Norms, BatchNorm parameters, the gradients of the last pass and the nearest other filter of the layer; "
     "then "
     "the filter's score and rank under every criterion that is scored, and whether it would be pruned at "
     "the ratio. "
     "Rank 1 is the least important filter of the layer. Gradients are those of the mean loss over the "
     "sample.",
     filter_examples, run_filter},
    {.name = NULL},
};
