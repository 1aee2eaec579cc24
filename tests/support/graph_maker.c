/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building graphs, with an assertion for each step. */
#include "support/graph_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

struct graph *make_graph(int opset)
{
    struct graph *graph = graph_new();

    assert_non_null(graph);
    graph->opset = opset;
    return graph;
}

int named(struct graph *graph, const char *name)
{
    int value;

    if (name[0] == '\0')
        return VALUE_NONE;
    value = graph_find_value(graph, name);
    return value >= 0 ? value : graph_add_value(graph, name, ELEMENT_FLOAT, NULL);
}

int make_input(struct graph *graph, const char *name, int rank, const int64_t *dims)
{
    struct shape shape = shape_of(rank, dims);
    int value = graph_add_value(graph, name, ELEMENT_FLOAT, &shape);

    assert_true(value >= 0 && graph_add_input(graph, value) >= 0);
    return value;
}

void make_output(struct graph *graph, const char *name)
{
    assert_true(graph_add_output(graph, named(graph, name)) >= 0);
}

int make_tensor(struct graph *graph, const char *name, struct tensor *tensor)
{
    int value;

    assert_non_null(tensor);
    value = graph_add_constant(graph, name, tensor);
    tensor_free(tensor);
    assert_true(value >= 0);
    return value;
}

struct tensor *integers(int count, const int64_t *values)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);

    assert_non_null(tensor);
    memcpy(tensor->data, values, (size_t)count * sizeof(*values));
    return tensor;
}

int make_integers(struct graph *graph, const char *name, int count, const int64_t *values)
{
    return make_tensor(graph, name, integers(count, values));
}

int make_integer(struct graph *graph, const char *name, int64_t number)
{
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &(struct shape){.rank = 0});

    assert_non_null(tensor);
    *(int64_t *)tensor->data = number;
    return make_tensor(graph, name, tensor);
}

int make_reals(struct graph *graph, const char *name, int rank, const int64_t *dims, float start)
{
    struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);

    assert_non_null(tensor);
    tensor->file_type = 1;
    for (int64_t i = 0; i < shape_elements(&shape); i++)
        ((float *)tensor->data)[i] = start + (float)i;
    return make_tensor(graph, name, tensor);
}

int make_node(struct graph *graph, const char *name, const char *op, const char *const *inputs,
              const char *const *outputs, const struct attribute *attributes, int attribute_count)
{
    int in[64], out[64], in_count = 0, out_count = 0, node;

    assert_non_null(operator_find(op));
    for (; inputs[in_count] != NULL; in_count++)
        in[in_count] = named(graph, inputs[in_count]);
    for (; outputs[out_count] != NULL; out_count++)
        out[out_count] = named(graph, outputs[out_count]);
    node = graph_add_node(graph, name, operator_find(op), in, in_count, out, out_count, attributes,
                          attribute_count);
    assert_true(node >= 0);
    return node;
}

const struct node *find_node(const struct graph *graph, const char *name)
{
    for (int n = 0; n < graph->node_count; n++)
        if (strcmp(graph->nodes[n].name, name) == 0)
            return &graph->nodes[n];
    return NULL;
}

int count_nodes(const struct graph *graph, const char *op)
{
    int count = 0;

    for (int n = 0; n < graph->node_count; n++)
        count += strcmp(graph->nodes[n].op->name, op) == 0;
    return count;
}
