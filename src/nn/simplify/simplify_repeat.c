/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Constants that a file exported for one image concatenates with features (zeros, a class token): repeated
 * along the batch. Whatever else takes a constant with a first dimension of 1 broadcasts it; Concat does not.
 */
#include "nn/simplify/simplify_internal.h"
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { EXPAND_OPSET = 8 };

struct repeat {
    struct graph *graph;
    const char *separator;
    struct arena *arena;
    int node, input; /* the constant at hand */
};

static const char *new_name(const struct repeat *repeat, const char *role)
{
    return arena_format(repeat->arena, "%s%s%d%s%s", repeat->graph->nodes[repeat->node].name,
                        repeat->separator, repeat->input, repeat->separator, role);
}

/* A list of integers as a constant of the graph; -1 when memory is out. */
static int add_list(const struct repeat *repeat, const char *role, int count, int64_t number)
{
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &(struct shape){.rank = 1, .dim = {count}});
    const char *name = new_name(repeat, role);
    int value;

    if (tensor == NULL || name == NULL) {
        tensor_free(tensor);
        return -1;
    }
    tensor->file_type = 7; /* TensorProto.INT64 */
    for (int i = 0; i < count; i++)
        ((int64_t *)tensor->data)[i] = number;
    value = graph_add_constant(repeat->graph, name, tensor);
    tensor_free(tensor);
    return value;
}

/* The value that a new node makes of one or two others; -1 when memory is out or one of them is not there. */
static int add_node(const struct repeat *repeat, const char *role, const char *op, int first, int second,
                    const struct attribute *attribute)
{
    const struct shape unknown = {.rank = -1};
    const char *name = new_name(repeat, role);
    int inputs[] = {first, second}, count = second == VALUE_NONE ? 1 : 2;
    int output = name == NULL ? -1 : graph_add_value(repeat->graph, name, ELEMENT_INT64, &unknown);

    if (output < 0 || first < 0 ||
        graph_add_node(repeat->graph, name, operator_find(op), inputs, count, &output, 1, attribute,
                       attribute != NULL) < 0)
        return -1;
    return output;
}

/* Expand(constant, [size of dimension 0 of the features, 1, 1, ...]) in the constant's place. */
static status repeat_input(const struct repeat *repeat, int features, struct error *error)
{
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = 0};
    int constant = repeat->graph->nodes[repeat->node].inputs[repeat->input];
    int rank = repeat->graph->values[constant].constant->shape.rank;
    enum element_type type = repeat->graph->values[constant].type;
    int first = add_list(repeat, "first", 1, 0), ones = add_list(repeat, "ones", rank - 1, 1);
    int sizes = add_node(repeat, "sizes", "Shape", features, VALUE_NONE, NULL), batch, target, expanded;

    if (first < 0 || ones < 0 || sizes < 0)
        return error_memory(error);
    batch = add_node(repeat, "batch", "Gather", sizes, first, &axis);
    target = batch < 0 ? -1 : add_node(repeat, "target", "Concat", batch, ones, &axis);
    expanded = target < 0 ? -1 : add_node(repeat, "expanded", "Expand", constant, target, NULL);
    if (expanded < 0)
        return error_memory(error);
    repeat->graph->values[expanded].type = type;
    repeat->graph->nodes[repeat->node].inputs[repeat->input] = expanded;
    return STATUS_OK;
}

static bool is_single(const struct graph *graph, int value)
{
    const struct tensor *constant = graph->values[value].constant;

    return constant != NULL && constant->shape.rank > 1 && constant->shape.dim[0] == 1;
}

/* The first input that is not constant, VALUE_NONE where there is none or the node joins batches. */
static int find_features(const struct graph *graph, const struct node *node)
{
    int64_t axis = node_integer(node, "axis", 0);

    for (int i = 0; i < node->input_count && axis != 0; i++)
        if (is_single(graph, node->inputs[i]) && axis == -graph->values[node->inputs[i]].constant->shape.rank)
            return VALUE_NONE;
    for (int i = 0; i < node->input_count && axis != 0; i++)
        if (graph->values[node->inputs[i]].constant == NULL)
            return node->inputs[i];
    return VALUE_NONE;
}

status repeat_constants(struct graph *graph, const char *separator, struct arena *arena, struct error *error)
{
    struct repeat repeat = {.graph = graph, .separator = separator, .arena = arena};
    int nodes = graph->node_count;

    if (graph->opset < EXPAND_OPSET)
        return STATUS_OK;
    for (repeat.node = 0; repeat.node < nodes; repeat.node++) {
        if (strcmp(graph->nodes[repeat.node].op->name, "Concat") != 0)
            continue;
        int features = find_features(graph, &graph->nodes[repeat.node]);

        for (repeat.input = 0; features != VALUE_NONE && repeat.input < graph->nodes[repeat.node].input_count;
             repeat.input++)
            if (is_single(graph, graph->nodes[repeat.node].inputs[repeat.input]) &&
                repeat_input(&repeat, features, error) != STATUS_OK)
                return error->code;
    }
    return graph->node_count == nodes ? STATUS_OK : graph_finish(graph, error);
}
