/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Constants that a file concatenates with features (zeros, a class token): repeated for every image. Whatever
 * else takes a constant that is the same for all images broadcasts it; Concat does not. */
#include "nn/simplify/simplify_internal.h"
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

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

/* The value that a new node makes of others; -1 when memory is out or one of them is not there. */
static int add_node(const struct repeat *repeat, const char *role, const char *op, const int *inputs,
                    int count, const struct attribute *attribute)
{
    const struct shape unknown = {.rank = -1};
    const char *name = new_name(repeat, role);
    int output = name == NULL ? -1 : graph_add_value(repeat->graph, name, ELEMENT_INT64, &unknown);

    for (int i = 0; i < count; i++)
        if (inputs[i] < 0)
            return -1;
    if (output < 0 || graph_add_node(repeat->graph, name, operator_find(op), inputs, count, &output, 1,
                                     attribute, attribute != NULL) < 0)
        return -1;
    return output;
}

/* Expand(constant, [1, ..., size of the features along the images' axis, 1, ...]) in the constant's place. */
static status repeat_input(const struct repeat *repeat, int features, int axis, const struct operand *planned,
                           struct error *error)
{
    const struct attribute first_axis = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = 0};
    int constant = repeat->graph->nodes[repeat->node].inputs[repeat->input];
    int rank = planned->shape.rank, parts[3], count = 0;
    int sizes = add_node(repeat, "sizes", "Shape", &features, 1, NULL);
    int place = add_list(repeat, "place", 1, axis);

    if (axis > 0)
        parts[count++] = add_list(repeat, "before", axis, 1);
    parts[count++] = add_node(repeat, "batch", "Gather", (const int[]){sizes, place}, 2, &first_axis);
    if (axis + 1 < rank)
        parts[count++] = add_list(repeat, "behind", rank - axis - 1, 1);
    int target = add_node(repeat, "target", "Concat", parts, count, &first_axis);
    int expanded = add_node(repeat, "expanded", "Expand", (const int[]){constant, target}, 2, NULL);
    if (expanded < 0)
        return error_memory(error);
    repeat->graph->values[expanded].type = planned->type;
    repeat->graph->nodes[repeat->node].inputs[repeat->input] = expanded;
    return STATUS_OK;
}

/* Repeat the constants of node `index` of the new graph, which was `old`. */
static status repeat_in_node(struct repeat *repeat, int index, const struct node *old,
                             const struct batch_trace *trace, struct error *error)
{
    int axis = trace->places[old->outputs[0]].axis, first = 0;

    while (trace->places[old->inputs[first]].axis < 0)
        first++;
    int features = repeat->graph->nodes[index].inputs[first];
    repeat->node = index;
    for (repeat->input = 0; repeat->input < old->input_count; repeat->input++)
        if (trace->places[old->inputs[repeat->input]].axis < 0 &&
            repeat_input(repeat, features, axis, &trace->plan->values[old->inputs[repeat->input]], error) !=
                STATUS_OK)
            return error->code;
    return STATUS_OK;
}

static int find_node(const struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return -1;
}

status repeat_constants(struct rewrite *rewrite, const struct batch_trace *trace, struct graph *result,
                        struct error *error)
{
    struct repeat repeat = {.graph = result, .separator = rewrite->separator, .arena = rewrite->arena};
    const struct plan *plan = trace->plan;
    int nodes = result->node_count;

    for (int i = 0; i < plan->step_count; i++) {
        const struct node *node = &plan->graph->nodes[plan->steps[i].node];
        int axis = node->outputs[0] == VALUE_NONE ? -1 : trace->places[node->outputs[0]].axis;
        int index = axis >= 0 && strcmp(node->op->name, "Concat") == 0 ? find_node(result, node->name) : -1;

        if (index >= 0 && repeat_in_node(&repeat, index, node, trace, error) != STATUS_OK)
            return error->code;
    }
    return result->node_count == nodes ? STATUS_OK : graph_finish(result, error);
}
