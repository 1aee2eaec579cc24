/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "onnx/onnx_write_input.h"

#include <string.h>

static bool is_taken(const struct graph *graph, const char *name)
{
    for (int n = 0; n < graph->node_count; n++)
        if (strcmp(graph->nodes[n].name, name) == 0)
            return true;
    return graph_find_value(graph, name) >= 0;
}

/* For the node and its output; NULL when memory is out. */
static char *new_name(struct arena *arena, const struct graph *graph, const char *input)
{
    char *name = arena_format(arena, "%s_channels_first", input);
    while (name && is_taken(graph, name))
        name = arena_format(arena, "%s_", name);
    return name;
}

static Onnx__NodeProto *build_transpose(struct arena *arena, const char *from, char *to)
{
    static const int64_t perm[] = {0, 3, 1, 2};
    Onnx__NodeProto *node = arena_alloc(arena, 1, sizeof *node);
    Onnx__AttributeProto *attribute = arena_alloc(arena, 1, sizeof *attribute);
    char **names = arena_alloc(arena, 2, sizeof *names);
    Onnx__AttributeProto **attributes = arena_alloc(arena, 1, sizeof *attributes);
    if (!node || !attribute || !names || !attributes)
        return NULL;
    onnx__attribute_proto__init(attribute);
    attribute->name = "perm";
    attribute->has_type = true;
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    attribute->n_ints = sizeof perm / sizeof *perm;
    attribute->ints = (int64_t *)perm;
    attributes[0] = attribute;
    names[0] = (char *)from;
    names[1] = to;
    onnx__node_proto__init(node);
    node->name = to;
    node->op_type = "Transpose";
    node->n_input = node->n_output = node->n_attribute = 1;
    node->input = &names[0];
    node->output = &names[1];
    node->attribute = attributes;
    return node;
}

/* Names of operands are the graph's own texts, so that the input is told by its address. */
static void rename_uses(Onnx__GraphProto *proto, const char *from, char *to)
{
    for (size_t n = 0; n < proto->n_node; n++)
        for (size_t i = 0; i < proto->node[n]->n_input; i++)
            if (proto->node[n]->input[i] == from)
                proto->node[n]->input[i] = to;
}

static void turn_shape(Onnx__TensorShapeProto *shape)
{
    enum { CHANNELS = 1, RANK = 4 };
    Onnx__TensorShapeProto__Dimension *channels = shape->dim[CHANNELS];
    for (int i = CHANNELS; i + 1 < RANK; i++)
        shape->dim[i] = shape->dim[i + 1];
    shape->dim[RANK - 1] = channels;
}

bool onnx_write_channels_last(struct arena *arena, const struct graph *graph, Onnx__GraphProto *proto)
{
    const char *input = graph->values[graph->inputs[0]].name;
    char *name = new_name(arena, graph, input);
    Onnx__NodeProto *transpose = name ? build_transpose(arena, input, name) : NULL;
    Onnx__NodeProto **nodes = arena_alloc(arena, proto->n_node + 1, sizeof *nodes);
    if (!transpose || !nodes)
        return false;
    rename_uses(proto, input, name);
    nodes[0] = transpose;
    for (size_t n = 0; n < proto->n_node; n++)
        nodes[n + 1] = proto->node[n];
    proto->node = nodes;
    proto->n_node++;
    turn_shape(proto->input[0]->type->tensor_type->shape);
    return true;
}
