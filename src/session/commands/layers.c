/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layers: a row for each layer. */
#include "base/status.h"
#include "base/text.h"
#include "score/layer.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/value.h"
#include "view/figure.h"

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
    for (int i = 0; i < output->rank; i++)
        if (i != layer_axis(layer, output->rank) && (i > 1 || output->dim[i] > 1)) /* 1: counts images */
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

struct layers_sum {
    int layers;
    int64_t channels, kept, parameters;
};

/* "6 of 14 layers, 224 channels, 112,000 parameters" */
static void tell_layers(const struct call *call, const struct layers_sum *sum)
{
    const struct session *session = call->session;
    struct text text = {0};
    text_add_format(&text, "%d of %d layers, ", sum->layers, session->state.model->layers->count);
    text_add_thousands(&text, sum->channels);
    text_add(&text, " channels, ");
    if (session->state.pruning->removed_count) {
        text_add_thousands(&text, sum->kept);
        text_add(&text, " kept, ");
    }
    text_add_thousands(&text, sum->parameters);
    text_add(&text, " parameters");
    reply_result(call->reply, &text);
    text_free(&text);
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
    struct layers_sum sum = {0};
    for (int i = 0; i < model->layers->count; i++) {
        if (pattern && !layers_match(model->layers, pattern, i))
            continue;
        layers_row(call->session, i, figure);
        sum.layers++;
        sum.channels += model->layers->items[i].channels;
        sum.kept += pruning_kept(call->session->state.pruning, model, i);
        sum.parameters += model->cost.layers[i].parameters;
    }
    figure_title(figure, "Layers of %s: %d of %d", model_title(model), sum.layers, model->layers->count);
    tell_layers(call, &sum);
    return reply_figure(call->reply, figure, error);
}

static const struct parameter layers_arguments[] = {
    {"GLOB", VALUE_LAYERS, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a layer, a stage such as layer1, or a pattern with * ? [abc]"},
    PARAMETER_END,
};
static const struct example layers_examples[] = {
    {"layers", "lists all layers", false},
    {"layers *.conv1 > layers.csv", "writes the first convolutions of all blocks to a file", false},
    EXAMPLE_END,
};

const struct command command_layers = {
    .name = "layers",
    .alias = "ls",
    .arguments = layers_arguments,
    .flags = COMMAND_MODEL | COMMAND_FIGURES,
    .help = "list the layers",
    .text =
        "One row for each convolution and linear layer, with the BatchNorm and the activation that "
        "belong to it. Names are those of the parameters in the file. A layer of kind output makes the "
        "network's outputs: it is never pruned and has no scores. The column then names the "
        "element-wise layer behind it, be it one node or several: composed where these are no common "
        "activation function. Nodes that share their weight are one layer, which is called several times: "
        "its scores are of all its calls together, and then says several where these differ.",
    .examples = layers_examples,
    .run = run_layers,
};
