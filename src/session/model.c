/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading a network: its file (model_file.h), simplification, layers, and a trial plan that finds wrong
 * shapes at once.
 */
#include <string.h>

#include "architecture/architecture.h"
#include "architecture/fit.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "data/dataset.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/execution/joined.h"
#include "nn/operator/plan.h"
#include "score/layer.h"
#include "session/model.h"
#include "session/model_file.h"
#include "session/network_outputs.h"

static const char example_file[] = "examples/shapes-resnet.onnx";

struct model *model_retain(struct model *model)
{
    if (model)
        share_add(&model->shares);
    return model;
}

void model_free(struct model *model)
{
    if (!model || !share_drop(&model->shares))
        return;
    if (model->base) {
        cost_free(&model->cost);
        coupling_free(model->coupling);
        model_free(model->base);
        mem_free(model);
        return;
    }
    for (int i = 0; model->channels && i < model->layers->count; i++)
        mem_free(model->channels[i]);
    mem_free(model->channels);
    cost_free(&model->cost);
    coupling_free(model->coupling);
    layers_free(model->layers);
    graph_free(model->graph);
    model_free(model->original);
    mem_free(model->layer_outputs);
    mem_free(model->outputs);
    mem_free(model->dropped);
    checkpoint_free(model->weights);
    mem_free(model->architecture);
    mem_free(model->made);
    mem_free(model->notes);
    mem_free(model->lacks);
    mem_free(model->name);
    mem_free(model);
}

/* The shapes of the outputs, and what one alone tells of an image. */
static status output_shapes(struct model *model, const struct plan *plan, struct error *error)
{
    const struct graph *graph = model->graph;
    model->outputs = mem_new((size_t)graph->output_count, sizeof *model->outputs);
    if (!model->outputs)
        return error_memory(error);
    int64_t elements = 0;
    for (int i = 0; i < graph->output_count; i++) {
        model->outputs[i] = plan->values[graph->outputs[i]].shape;
        elements += output_joins(graph, i) ? shape_elements(&model->outputs[i]) : 0;
    }
    const bool one = graph->output_count == 1;
    model->output = one ? model->outputs[0] : shape_of(2, (const int64_t[]){1, elements});
    const struct network_answer answer = network_answer_of(&model->output);
    model->classes = one ? answer.classes : 0;
    model->map_height = one ? answer.height : 1;
    model->map_width = one ? answer.width : 1;
    return STATUS_OK;
}

/* Shapes for one image, which also proves that the network can be run. */
static status plan_shapes(struct model *model, struct error *error)
{
    const struct graph *graph = model->graph;
    if (graph->input_count != 1 || graph->output_count < 1)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network has %d inputs and %d outputs: one input is expected, and an output",
                         graph->input_count, graph->output_count);
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    struct plan *plan;
    status code = plan_new(graph, &options, &plan, error);
    if (code != STATUS_OK)
        return code;
    model->input = plan->values[graph->inputs[0]].shape;
    model->layer_outputs = mem_new((size_t)model->layers->count, sizeof *model->layer_outputs);
    if (!model->layer_outputs)
        code = error_memory(error);
    else if (model->input.rank != 4)
        code = error_set(error, STATUS_UNSUPPORTED,
                         "the network does not take images: batch x channels x height x width");
    if (code == STATUS_OK)
        code = output_shapes(model, plan, error);
    for (int i = 0; code == STATUS_OK && i < model->layers->count; i++)
        model->layer_outputs[i] = plan->values[model->layers->items[i].linear].shape;
    plan_free(plan);
    return code;
}

/* Everything that is found out about model->graph. */
static status study_graph(struct model *model, struct error *error)
{
    status code = layers_find(model->graph, &model->layers, error);
    if (code == STATUS_OK && model->layers->count == 0)
        code = error_set(error, STATUS_UNSUPPORTED, "the network has no convolution and no linear layer");
    if (code == STATUS_OK)
        code = plan_shapes(model, error);
    if (code == STATUS_OK)
        code = network_end_find(model->graph, &model->end, error);
    if (code == STATUS_OK)
        code = coupling_build(model->graph, model->layers, &model->coupling, error);
    if (code == STATUS_OK)
        code = cost_compute(model->coupling, NULL, COST_MACS, &model->cost, error);
    return code;
}

/* What is left out of the file's network, which without it is another network. */
static status drop_outputs(struct model *model, const struct graph *graph, int kept, struct error *error)
{
    struct text text = {0};
    outputs_add_names(graph, kept, &text);
    model->dropped = text.failed ? NULL : mem_string(text_data(&text));
    text_free(&text);
    if (!model->dropped)
        return error_memory(error);
    const char *name = graph->values[graph->outputs[kept]].name;
    char network[DIGEST_SIZE];
    memcpy(network, model->network, sizeof network);
    return network_name(network, name, strlen(name), model->network, error);
}

/* Make the graph simple, with the outputs that are to be looked at. */
static status simplify(struct model *model, const struct graph *graph, const struct model_wishes *wishes,
                       struct error *error)
{
    int output = OUTPUTS_ALL;
    if (wishes->output && outputs_find(graph, wishes->output, &output, error))
        return error->code;
    status code = outputs_simplify(graph, output, &model->graph, error);
    if (code == STATUS_OK && !wishes->output && model->graph->output_count > 1)
        output = outputs_clear(model->graph);
    if (code != STATUS_OK || output == OUTPUTS_ALL || graph->output_count == 1)
        return code;
    const bool whole = model->graph->output_count > 1; /* then shapes are known */
    code = drop_outputs(model, whole ? model->graph : graph, output, error);
    if (code == STATUS_OK && whole) {
        graph_free(model->graph);
        model->graph = NULL;
        code = outputs_simplify(graph, output, &model->graph, error);
    }
    return code;
}

/* Make the graph simple and find out what there is to know. */
static status take_graph(struct model *model, const struct graph *graph, const struct model_wishes *wishes,
                         struct error *error)
{
    static const struct model_wishes none;
    status code = progress_check(error);
    if (code == STATUS_OK)
        code = simplify(model, graph, wishes ? wishes : &none, error);
    if (code == STATUS_OK)
        code = progress_check(error);
    return code == STATUS_OK ? study_graph(model, error) : code;
}

static status refuse(const char *path, struct error *error)
{
    if (error->code != STATUS_CANCELLED && !strstr(error->message, path_base(path)))
        error_prefix(error, "%s: ", path);
    return error_refuse_file(error);
}

static status load_graph(struct model *model, const char *path, const struct model_wishes *wishes,
                         struct error *error)
{
    struct graph *graph = NULL;
    status code = model_read_file(model, path, wishes, &graph, error);
    if (code == STATUS_OK)
        code = take_graph(model, graph, wishes, error);
    graph_free(graph);
    return code == STATUS_OK || code == STATUS_MEMORY || code == STATUS_NOT_FOUND ? code
                                                                                  : refuse(path, error);
}

status model_load(const char *name, const struct model_wishes *wishes, struct model **result,
                  struct error *error)
{
    static const struct model_wishes none = {.partial = false};
    char *path = NULL;
    status code = STATUS_OK;
    if (strcmp(name, "example") == 0)
        code = file_program_data(example_file, &path, error);
    struct model *model = code == STATUS_OK ? mem_new(1, sizeof *model) : NULL;
    if (model && (model->name = mem_string(name)))
        code = load_graph(model, path ? path : name, wishes ? wishes : &none, error);
    else if (code == STATUS_OK)
        code = error_memory(error);
    mem_free(path);
    if (code != STATUS_OK) {
        model_free(model);
        return code;
    }
    *result = model;
    return STATUS_OK;
}

/* The same weights are another network in another architecture, and at another size of images. */
static status take_fit(struct model *model, const struct fit *fit, struct error *error)
{
    struct text what = {0};
    struct graph *graph;
    text_add(&what, fit->architecture->digest);
    feature_shape_text(&fit->input, &what);
    memcpy(model->digest, fit->checkpoint->digest, sizeof model->digest);
    model->weights = checkpoint_retain(fit->checkpoint);
    model->architecture = mem_string(fit->architecture->name);
    status code = what.failed || !model->architecture
                      ? error_memory(error)
                      : network_name(model->digest, what.data, what.length, model->network, error);
    text_free(&what);
    if (code == STATUS_OK)
        code = fit_graph(fit, &graph, error);
    if (code != STATUS_OK)
        return code;
    code = take_graph(model, graph, NULL, error);
    graph_free(graph);
    return code;
}

status model_load_fit(const char *name, const struct fit *fit, struct model **result, struct error *error)
{
    struct model *model = mem_new(1, sizeof *model);
    status code = STATUS_OK;
    if (model && (model->name = mem_string(name)))
        code = take_fit(model, fit, error);
    else
        code = error_memory(error);
    if (code != STATUS_OK) {
        model_free(model);
        return refuse(name, error);
    }
    *result = model;
    return STATUS_OK;
}

/* --- changed networks ----------------------------------------------------------------------------------- */

const struct model *model_original(const struct model *model)
{
    return model->original ? model->original : model;
}

const char *model_dropped(const struct model *model)
{
    return model_original(model)->dropped;
}

int model_original_layer(const struct model *model, int layer)
{
    return model->original ? layers_index(model->original->layers, model->layers->items[layer].name) : layer;
}

int64_t model_original_channel(const struct model *model, int layer, int64_t channel)
{
    return model->channels && model->channels[layer] ? model->channels[layer][channel] : channel;
}

status network_name(const char *network, const void *change, size_t size, char out[DIGEST_SIZE],
                    struct error *error)
{
    struct text text = {0};
    text_add(&text, network);
    text_add_bytes(&text, change, size);
    if (text.failed) {
        text_free(&text);
        return error_memory(error);
    }
    digest_bytes(text.data, text.length, out);
    text_free(&text);
    return STATUS_OK;
}

/* The original numbers of one layer's channels, from those of the same layer before. */
static status trace_layer(struct model *model, const struct derivation *derivation, int layer,
                          struct error *error)
{
    const struct model *from = derivation->from;
    int before = layers_index(from->layers, model->layers->items[layer].name);
    int64_t channels = model->layers->items[layer].channels, kept = 0;
    if (before < 0)
        return STATUS_OK;
    model->channels[layer] = mem_new((size_t)channels, sizeof **model->channels);
    if (!model->channels[layer])
        return error_memory(error);
    for (int64_t i = 0; i < from->layers->items[before].channels; i++) {
        if (derivation->removed && derivation->removed[from->coupling->layer_classes[before][i]])
            continue;
        if (kept < channels)
            model->channels[layer][kept] = model_original_channel(from, before, i);
        kept++;
    }
    return kept == channels
               ? STATUS_OK
               : error_set(error, STATUS_FAILED, "layer '%s': %lld channels are left, not %lld",
                           model->layers->items[layer].name, (long long)channels, (long long)kept);
}

static status trace_channels(struct model *model, const struct derivation *derivation, struct error *error)
{
    model->channels = mem_new((size_t)model->layers->count, sizeof *model->channels);
    status code = model->channels ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < model->layers->count; i++)
        code = trace_layer(model, derivation, i, error);
    return code;
}

static status name_derived(struct model *model, const struct derivation *derivation, struct error *error)
{
    static const char suffix[] = " (pruned)";
    const struct model *from = derivation->from;
    size_t length = strlen(from->name), tail = sizeof suffix - 1;
    bool named = length >= tail && strcmp(from->name + length - tail, suffix) == 0;
    model->name = mem_format("%s%s", from->name, derivation->pruned && !named ? suffix : "");
    model->made =
        mem_format("%s%s%s", from->made ? from->made : "", from->made ? "\n" : "", derivation->made);
    memcpy(model->digest, from->digest, sizeof model->digest);
    memcpy(model->network, derivation->network, sizeof model->network);
    model->original = model_retain(from->original ? from->original : derivation->from);
    model->weights = checkpoint_retain(from->weights);
    model->architecture = from->architecture ? mem_string(from->architecture) : NULL;
    return model->name && model->made && !model->architecture == !from->architecture ? STATUS_OK
                                                                                     : error_memory(error);
}

status model_derive(const struct derivation *derivation, struct model **result, struct error *error)
{
    struct model *model = mem_new(1, sizeof *model);
    if (!model) {
        graph_free(derivation->graph);
        return error_memory(error);
    }
    model->graph = derivation->graph;
    status code = study_graph(model, error);
    if (code == STATUS_OK)
        code = trace_channels(model, derivation, error);
    if (code == STATUS_OK)
        code = name_derived(model, derivation, error);
    if (code != STATUS_OK) {
        model_free(model);
        return code;
    }
    *result = model;
    return STATUS_OK;
}

status model_with_heads(struct model *model, enum head_mode heads, struct model **result, struct error *error)
{
    struct model *base = model->base ? model->base : model;
    if (model->coupling->heads == heads || base->coupling->heads == heads) {
        *result = model_retain(model->coupling->heads == heads ? model : base);
        return STATUS_OK;
    }
    struct model *other = mem_new(1, sizeof *other);
    if (!other)
        return error_memory(error);
    *other = *base;
    other->shares = 0;
    other->base = model_retain(base);
    other->coupling = NULL;
    other->cost = (struct cost){0};
    status code = coupling_build_heads(base->graph, base->layers, heads, &other->coupling, error);
    if (code == STATUS_OK)
        code = cost_compute(other->coupling, NULL, COST_MACS, &other->cost, error);
    if (code == STATUS_OK)
        *result = other;
    else
        model_free(other);
    return code;
}

enum quality_kind model_measure(const struct model *model)
{
    return model->map_height * model->map_width > 1 ? QUALITY_MEAN_IOU : QUALITY_ACCURACY;
}

static status labels_fit(const struct model *model, const struct dataset *dataset, struct error *error)
{
    const bool maps = model_measure(model) == QUALITY_MEAN_IOU;
    if (dataset->unlabelled)
        return error_set(error, STATUS_SHAPE,
                         "the images of %s have no labels, which the network %s is judged by",
                         dataset->kind->name, model->name);
    if (maps && !dataset->label_map)
        return error_set(error, STATUS_SHAPE,
                         "the network %s classifies every pixel, but the images of %s have one label each",
                         model->name, dataset->kind->name);
    if (!maps && dataset->label_map)
        return error_set(error, STATUS_SHAPE,
                         "every pixel of %s has a label, but the network %s classifies images as a whole",
                         dataset->kind->name, model->name);
    if (maps && (model->map_height != dataset->height || model->map_width != dataset->width))
        return error_set(error, STATUS_SHAPE,
                         "the network %s classifies %lldx%lld pixels, but the labels of %s are %dx%d: its "
                         "output must have the size of its input",
                         model->name, (long long)model->map_height, (long long)model->map_width,
                         dataset->kind->name, dataset->height, dataset->width);
    if (dataset->classes > model->classes)
        return error_set(error, STATUS_SHAPE, "%s has %d classes, but the network %s tells only %lld apart",
                         dataset->kind->name, dataset->classes, model->name, (long long)model->classes);
    return STATUS_OK;
}

status model_takes(const struct model *model, const struct dataset *dataset, struct error *error)
{
    const int64_t *dim = model->input.dim;
    if (dim[1] != dataset->channels || dim[2] != dataset->height || dim[3] != dataset->width) {
        struct text wanted = {0};
        shape_text(&model->input, &wanted);
        status code =
            error_set(error, STATUS_SHAPE, "the images of %s are 1x%dx%dx%d, but the network %s takes %s",
                      dataset->kind->name, dataset->channels, dataset->height, dataset->width, model->name,
                      text_data(&wanted));
        text_free(&wanted);
        return code;
    }
    return STATUS_OK;
}

status model_fits(const struct model *model, const struct dataset *dataset, struct error *error)
{
    if (!model->classes)
        return error_set(error, STATUS_SHAPE,
                         "the network %s does not classify images: what needs labels cannot be done",
                         model->name);
    status code = model_takes(model, dataset, error);
    return code == STATUS_OK ? labels_fit(model, dataset, error) : code;
}
