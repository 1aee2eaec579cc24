/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading a network: file, digest, simplification, layers, and a trial plan that finds wrong shapes at once.
 */
#include <string.h>

#include "base/memory.h"
#include "format/onnx.h"
#include "nn/plan.h"
#include "nn/simplify.h"
#include "session/session.h"

static const size_t model_size_limit = (size_t)1 << 31; /* protobuf's own limit */
static const char example_file[] = "examples/shapes-resnet.onnx";

void model_free(struct model *model)
{
    if (!model)
        return;
    layers_free(model->layers);
    graph_free(model->graph);
    mem_free(model->layer_outputs);
    mem_free(model->name);
    mem_free(model);
}

/* Inputs of a node that training would change: not the running statistics, not Clip's bounds or Pad's value.
 */
static int trained_inputs(const struct node *node)
{
    static const struct {
        const char *op;
        int inputs;
    } trained[] = {{"Conv", 3}, {"Gemm", 3}, {"MatMul", 2}, {"BatchNormalization", 3},
                   {"Add", 2},  {"Mul", 2}};
    for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) {
        if (strcmp(node->op->name, trained[i].op) == 0)
            return trained[i].inputs < node->input_count ? trained[i].inputs : node->input_count;
    }
    return 0;
}

static status count_parameters(const struct graph *graph, int64_t *parameters, struct error *error)
{
    bool *counted = mem_new((size_t)graph->value_count, sizeof *counted);
    if (!counted)
        return error_memory(error);
    *parameters = 0;
    for (int i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        int inputs = trained_inputs(node);
        for (int k = 0; k < inputs; k++) {
            int value = node->inputs[k];
            const struct tensor *tensor = value == VALUE_NONE ? NULL : graph->values[value].constant;
            if (!tensor || tensor->type == ELEMENT_INT64 || tensor->shape.rank == 0 || counted[value])
                continue;
            counted[value] = true;
            *parameters += shape_elements(&tensor->shape);
        }
    }
    mem_free(counted);
    return STATUS_OK;
}

/* Shapes for one image, which also proves that the network can be run. */
static status plan_shapes(struct model *model, struct error *error)
{
    const struct graph *graph = model->graph;
    if (graph->input_count != 1 || graph->output_count != 1)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network has %d inputs and %d outputs: one of each is expected",
                         graph->input_count, graph->output_count);
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    struct plan *plan;
    status code = plan_new(graph, &options, &plan, error);
    if (code != STATUS_OK)
        return code;
    model->input = plan->values[graph->inputs[0]].shape;
    const struct shape *output = &plan->values[graph->outputs[0]].shape;
    model->layer_outputs = mem_new((size_t)model->layers->count, sizeof *model->layer_outputs);
    if (!model->layer_outputs)
        code = error_memory(error);
    else if (model->input.rank != 4 || output->rank < 2 || shape_product(output, 2, output->rank) != 1)
        code = error_set(error, STATUS_UNSUPPORTED,
                         "the network does not classify images: batch x channels x height x width in, batch "
                         "x classes out");
    else
        model->classes = output->dim[1];
    for (int i = 0; code == STATUS_OK && i < model->layers->count; i++)
        model->layer_outputs[i] = plan->values[model->layers->items[i].linear].shape;
    plan_free(plan);
    return code;
}

static status load_graph(struct model *model, const char *path, struct error *error)
{
    unsigned char *data;
    size_t size;
    status code = file_read(path, model_size_limit, &data, &size, error);
    if (code != STATUS_OK)
        return code;
    struct graph *graph = NULL;
    code = onnx_read_bytes(path, data, size, &graph, error);
    digest_bytes(data, size, model->digest);
    mem_free(data);
    if (code != STATUS_OK)
        return code;
    code = graph_simplify(graph, &model->graph, error);
    graph_free(graph);
    if (code == STATUS_OK)
        code = layers_find(model->graph, &model->layers, error);
    if (code == STATUS_OK && model->layers->count == 0)
        code = error_set(error, STATUS_UNSUPPORTED, "the network has no convolution and no linear layer");
    if (code == STATUS_OK)
        code = plan_shapes(model, error);
    if (code == STATUS_OK)
        code = count_parameters(model->graph, &model->parameters, error);
    if (code != STATUS_OK && !strstr(error->message, path_base(path)))
        error_prefix(error, "%s: ", path);
    return code;
}

status model_load(const char *name, struct model **result, struct error *error)
{
    char *path = NULL;
    status code = STATUS_OK;
    if (strcmp(name, "example") == 0)
        code = file_program_data(example_file, &path, error);
    struct model *model = code == STATUS_OK ? mem_new(1, sizeof *model) : NULL;
    if (model && (model->name = mem_string(name)))
        code = load_graph(model, path ? path : name, error);
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
