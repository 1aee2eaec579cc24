/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer: everything about one layer. */
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "score/layer.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/summary.h"
#include "session/words/value.h"
#include "view/figure.h"

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
    card_text(figure, "output", &output);
    card_row(figure, "weights in a filter", "%lld", (long long)layer->filter_length);
    card_thousands(figure, "parameters", model->cost.layers[index].parameters);
    card_row(figure, "bias", "%s", layer->bias == VALUE_NONE ? "none" : "yes");
    card_row(figure, "norm", "%s", layer->norm_name ? layer->norm_name : "none");
    card_row(figure, "then", "%s",
             layer->activation_name ? layer->activation_name
                                    : "the identity (as far as this layer alone is concerned)");
    for (int i = 0; i < layer->call_count; i++)
        card_row(figure, i == 0 ? "node" : "called again by", "%s",
                 model->graph->nodes[layer->calls[i].node].name);
    if (layer->bound)
        card_row(figure, "weight", "something else uses it too: its filters stay as they are");
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

/* "conv1: convolution, 3 to 16 channels, 464 parameters, 1.7 % of the multiply-adds" */
static void tell_layer(const struct call *call, int index)
{
    const struct session *session = call->session;
    const struct model *model = session->state.model;
    const struct layer *layer = &model->layers->items[index];
    struct text text = {0};
    text_add_format(&text, "%s: %s, %lld to %lld channels, ", layer->name, layer_kind_name(layer->kind),
                    (long long)layer->input_channels, (long long)layer->channels);
    if (session->state.pruning->removed_count)
        text_add_format(&text, "%lld kept, ", (long long)pruning_kept(session->state.pruning, model, index));
    text_add_thousands(&text, model->cost.layers[index].parameters);
    text_add(&text, " parameters");
    if (model->cost.macs > 0) {
        text_add(&text, ", ");
        text_add_rounded(&text, 100 * model->cost.layers[index].macs / model->cost.macs, 2);
        text_add(&text, " % of the multiply-adds");
    }
    reply_result(call->reply, &text);
    text_free(&text);
}

static status run_layer(struct call *call, struct error *error)
{
    int index = layers_index(call->session->state.model->layers, call_argument(call, 0));
    status code = reply_figure(call->reply, layer_card(call->session, index), error);
    if (code == STATUS_OK && call->session->state.board->count &&
        !call->session->state.model->layers->items[index].output_layer)
        code = layer_scores(call, index, error);
    if (code == STATUS_OK)
        tell_layer(call, index);
    return code;
}

static const struct parameter layer_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    PARAMETER_END,
};
static const struct example layer_examples[] = {{"layer conv1", "shows one layer", false}, EXAMPLE_END};

const struct command command_layer = {
    .name = "layer",
    .arguments = layer_arguments,
    .flags = COMMAND_MODEL | COMMAND_FIGURES | COMMAND_OF_MODEL | COMMAND_OF_SCORES,
    .help = "show one layer",
    .text = "Everything about one layer, and a summary of its scores where there are any.",
    .examples = layer_examples,
    .run = run_layer,
};
