/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of onnx.proto, field by field. */
#include "support/small_model.h"

#include <stdbool.h>
#include <string.h>
#include "base/text.h"
#include "support/wire.h"

void add_opset(struct text *model, int64_t version)
{
    struct text opset = {0};
    wire_string(&opset, 1, "");
    wire_integer(&opset, 2, version);
    wire_message(model, MODEL_OPSET, &opset);
}

void add_value(struct text *graph, uint64_t field, const char *name, int type, const int64_t *dims)
{
    struct text value = {0}, kind = {0}, tensor = {0}, shape = {0}, dim = {0};
    wire_string(&value, 1, name);
    for (; *dims != -2; dims++) {
        if (*dims == -1)
            wire_string(&dim, 2, "N");
        else
            wire_integer(&dim, 1, *dims);
        wire_message(&shape, 1, &dim);
    }
    wire_integer(&tensor, 1, type);
    wire_message(&tensor, 2, &shape);
    wire_message(&kind, 1, &tensor);
    if (type)
        wire_message(&value, 2, &kind);
    text_free(&kind);
    wire_message(graph, field, &value);
}

struct text begin_tensor(const char *name, int type, const int64_t *dims, int rank)
{
    struct text tensor = {0};
    for (int i = 0; i < rank; i++)
        wire_integer(&tensor, TENSOR_DIMS, dims[i]);
    wire_integer(&tensor, TENSOR_TYPE, type);
    if (name)
        wire_string(&tensor, TENSOR_NAME, name);
    return tensor;
}

void add_floats(struct text *graph, const char *name, const int64_t *dims, int rank, const float *values,
                size_t count)
{
    struct text tensor = begin_tensor(name, 1, dims, rank);
    wire_bytes(&tensor, TENSOR_RAW, values, count * sizeof *values);
    wire_message(graph, GRAPH_INITIALIZER, &tensor);
}

static void add_names(struct text *node, uint64_t field, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        bool absent = length == 1 && *names == '-';
        wire_bytes(node, field, names, absent ? 0 : length);
        names += length + (names[length] == ' ');
    }
}

struct text begin_node(const char *name, const char *op, const char *inputs, const char *outputs)
{
    struct text node = {0};
    add_names(&node, NODE_INPUT, inputs);
    add_names(&node, NODE_OUTPUT, outputs);
    if (*name)
        wire_string(&node, NODE_NAME, name);
    wire_string(&node, NODE_OPERATOR, op);
    return node;
}

void add_node(struct text *graph, const char *name, const char *op, const char *inputs, const char *outputs)
{
    struct text node = begin_node(name, op, inputs, outputs);
    wire_message(graph, GRAPH_NODE, &node);
}

struct text begin_attribute(const char *name, int type)
{
    struct text attribute = {0};
    wire_string(&attribute, ATTRIBUTE_NAME, name);
    wire_integer(&attribute, ATTRIBUTE_TYPE, type);
    return attribute;
}

void add_integers(struct text *node, const char *name, const int64_t *values, int count)
{
    struct text attribute = begin_attribute(name, 7);
    for (int i = 0; i < count; i++)
        wire_integer(&attribute, ATTRIBUTE_INTS, values[i]);
    wire_message(node, NODE_ATTRIBUTE, &attribute);
}

static void add_string(struct text *node, const char *name, const char *value)
{
    struct text attribute = begin_attribute(name, 3);
    wire_string(&attribute, ATTRIBUTE_S, value);
    wire_message(node, NODE_ATTRIBUTE, &attribute);
}

struct text wrap_model(struct text *graph, int64_t opset)
{
    struct text model = {0}, entry = {0};
    wire_integer(&model, MODEL_IR, 7);
    wire_string(&model, MODEL_PRODUCER, "by hand");
    wire_message(&model, MODEL_GRAPH, graph);
    add_opset(&model, opset);
    wire_string(&entry, 1, "trained on");
    wire_string(&entry, 2, "nothing");
    wire_message(&model, MODEL_METADATA, &entry);
    return model;
}

static void add_small_graph(struct text *graph)
{
    static const int64_t x[] = {-1, 2, 3, 3, -2}, y[] = {-1, 2, -2}, weight[] = {2, 2, 1, 1}, two[] = {2};
    static const int64_t ones[] = {1, 1}, axes[] = {2, 3}, target[] = {0, 2};
    static const float weights[] = {1, -2, 3, 0.5f};
    static const uint16_t halves[] = {0x3c00, 0xc000}; /* 1, -2 */
    static const char *const statistics[] = {"bn.weight", "bn.bias", "bn.mean", "bn.var"};
    struct text node = begin_node("/conv", "Conv", "x conv.weight conv.bias", "c"), tensor, attribute;
    add_integers(&node, "kernel_shape", ones, 2);
    add_string(&node, "auto_pad", "VALID");
    wire_message(graph, GRAPH_NODE, &node);
    node = begin_node("/bn", "BatchNormalization", "c bn.weight bn.bias bn.mean bn.var", "b");
    attribute = begin_attribute("epsilon", 1);
    wire_float(&attribute, ATTRIBUTE_F, 0.5f);
    wire_message(&node, NODE_ATTRIBUTE, &attribute);
    wire_message(graph, GRAPH_NODE, &node);
    add_node(graph, "", "Relu", "b", "r");
    node = begin_node("/mean", "ReduceMean", "r", "m");
    add_integers(&node, "axes", axes, 2);
    wire_message(graph, GRAPH_NODE, &node);
    add_node(graph, "/view", "Reshape", "m target", "y");
    wire_string(graph, GRAPH_NAME, "small");
    add_floats(graph, "conv.weight", weight, 4, weights, 4);
    tensor = begin_tensor("conv.bias", 10, two, 1);
    wire_bytes(&tensor, TENSOR_RAW, halves, sizeof halves);
    wire_message(graph, GRAPH_INITIALIZER, &tensor);
    for (int i = 0; i < 4; i++) {
        const float values[] = {(float)i + 1, (float)i + 2};
        tensor = begin_tensor(statistics[i], 1, two, 1);
        wire_bytes(&tensor, TENSOR_FLOATS, values, sizeof values);
        wire_message(graph, GRAPH_INITIALIZER, &tensor);
    }
    tensor = begin_tensor("target", 7, two, 1);
    wire_bytes(&tensor, TENSOR_RAW, target, sizeof target);
    wire_message(graph, GRAPH_INITIALIZER, &tensor);
    add_value(graph, GRAPH_INPUT, "x", 1, x);
    add_value(graph, GRAPH_OUTPUT, "y", 1, y);
}

struct text small_model(void)
{
    struct text graph = {0};
    add_small_graph(&graph);
    return wrap_model(&graph, 13);
}
