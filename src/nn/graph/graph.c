/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph: building it piece by piece, and checking and ordering what was built. */
#include "nn/graph/graph.h"
#include <limits.h>
#include <string.h>

struct graph *graph_new(void)
{
    struct graph *graph = mem_new(1, sizeof(*graph));

    if (graph == NULL)
        return NULL;
    graph->arena = arena_new();
    if (graph->arena == NULL) {
        mem_free(graph);
        return NULL;
    }
    graph->name = graph->producer = graph->producer_version = graph->domain = graph->documentation = "";
    return graph;
}

void graph_free(struct graph *graph)
{
    if (graph == NULL)
        return;
    for (int i = 0; i < graph->value_count; i++)
        tensor_free(graph->values[i].constant);
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].attribute_count; k++)
            tensor_free(graph->nodes[i].attributes[k].tensor);
    mem_free(graph->values);
    mem_free(graph->nodes);
    mem_free(graph->inputs);
    mem_free(graph->outputs);
    arena_free(graph->arena);
    mem_free(graph);
}

int graph_add_value(struct graph *graph, const char *name, enum element_type type, const struct shape *shape)
{
    struct value value = {.type = type, .producer = VALUE_NONE, .shape = {.rank = -1}};

    if (graph->value_count == INT_MAX ||
        !mem_grow(&graph->values, &graph->value_capacity, (size_t)graph->value_count + 1, sizeof(value)))
        return -1;
    value.name = arena_string(graph->arena, name);
    if (value.name == NULL)
        return -1;
    if (shape != NULL)
        value.shape = *shape;
    graph->values[graph->value_count] = value;
    return graph->value_count++;
}

int graph_add_constant(struct graph *graph, const char *name, struct tensor *tensor)
{
    int index = graph_add_value(graph, name, tensor->type, &tensor->shape);

    if (index >= 0) {
        graph->values[index].file_type = tensor->file_type;
        graph->values[index].constant = tensor_retain(tensor);
    }
    return index;
}

/* Copies everything that an attribute points to, except the tensor, which the caller retains when the whole
 * node has been copied. */
static bool copy_attribute(struct arena *arena, const struct attribute *from, struct attribute *to)
{
    *to = *from;
    to->name = arena_string(arena, from->name);
    if (to->name == NULL)
        return false;
    if (from->string != NULL && (to->string = arena_string(arena, from->string)) == NULL)
        return false;
    if (from->integers != NULL &&
        (to->integers = arena_copy(arena, from->integers, from->count * sizeof(*from->integers))) == NULL)
        return false;
    if (from->reals != NULL &&
        (to->reals = arena_copy(arena, from->reals, from->count * sizeof(*from->reals))) == NULL)
        return false;
    if (from->strings == NULL)
        return true;
    to->strings = arena_alloc(arena, from->count, sizeof(*to->strings));
    for (size_t i = 0; to->strings != NULL && i < from->count; i++)
        if ((to->strings[i] = arena_string(arena, from->strings[i])) == NULL)
            return false;
    return to->strings != NULL;
}

static bool copy_node(struct arena *arena, struct node *node, const char *name, const int *inputs,
                      const int *outputs, const struct attribute *attributes)
{
    node->name = arena_string(arena, name == NULL ? "" : name);
    node->inputs = arena_copy(arena, inputs, (size_t)node->input_count * sizeof(*inputs));
    node->outputs = arena_copy(arena, outputs, (size_t)node->output_count * sizeof(*outputs));
    node->attributes = arena_alloc(arena, (size_t)node->attribute_count, sizeof(*attributes));
    if (node->name == NULL || node->inputs == NULL || node->outputs == NULL || node->attributes == NULL)
        return false;
    for (int i = 0; i < node->attribute_count; i++)
        if (!copy_attribute(arena, &attributes[i], &node->attributes[i]))
            return false;
    return true;
}

int graph_add_node(struct graph *graph, const char *name, const struct op *op, const int *inputs,
                   int input_count, const int *outputs, int output_count, const struct attribute *attributes,
                   int attribute_count)
{
    struct node node = {.op = op,
                        .input_count = input_count,
                        .output_count = output_count,
                        .attribute_count = attribute_count};

    if (graph->node_count == INT_MAX ||
        !mem_grow(&graph->nodes, &graph->node_capacity, (size_t)graph->node_count + 1, sizeof(node)) ||
        !copy_node(graph->arena, &node, name, inputs, outputs, attributes))
        return -1;
    for (int i = 0; i < attribute_count; i++)
        if (node.attributes[i].tensor != NULL)
            tensor_retain(node.attributes[i].tensor);
    for (int i = 0; i < output_count; i++)
        if (outputs[i] != VALUE_NONE)
            graph->values[outputs[i]].producer = graph->node_count;
    graph->nodes[graph->node_count] = node;
    return graph->node_count++;
}

static int add_index(int **list, size_t *capacity, int *count, int value)
{
    if (*count == INT_MAX || !mem_grow(list, capacity, (size_t)*count + 1, sizeof(**list)))
        return -1;
    (*list)[*count] = value;
    return (*count)++;
}

int graph_add_input(struct graph *graph, int value)
{
    return add_index(&graph->inputs, &graph->input_capacity, &graph->input_count, value);
}

int graph_add_output(struct graph *graph, int value)
{
    return add_index(&graph->outputs, &graph->output_capacity, &graph->output_count, value);
}

int graph_find_value(const struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->value_count; i++)
        if (strcmp(graph->values[i].name, name) == 0)
            return i;
    return -1;
}

status graph_uses(const struct graph *graph, struct arena *arena, struct graph_uses *uses,
                  struct error *error)
{
    size_t total = 0;
    int *end;

    for (int n = 0; n < graph->node_count; n++)
        total += (size_t)graph->nodes[n].input_count;
    if (total > INT_MAX)
        return error_set(error, STATUS_UNSUPPORTED, "the graph has too many edges");
    uses->start = arena_alloc(arena, (size_t)graph->value_count + 2, sizeof(int));
    uses->list = arena_alloc(arena, total, sizeof(int));
    if (uses->start == NULL || uses->list == NULL)
        return error_memory(error);
    /* Counted two places ahead, summed up, and then moved on by filling in: start[v] ends where v's list
     * begins. */
    end = uses->start + 1;
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != VALUE_NONE)
                end[graph->nodes[n].inputs[i] + 1]++;
    for (int v = 0; v < graph->value_count; v++)
        end[v + 1] += end[v];
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != VALUE_NONE)
                uses->list[end[graph->nodes[n].inputs[i]]++] = n;
    return STATUS_OK;
}

const struct attribute *node_attribute(const struct node *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

int64_t node_integer(const struct node *node, const char *name, int64_t fallback)
{
    const struct attribute *attribute = node_attribute(node, name);

    return attribute != NULL && attribute->kind == ATTRIBUTE_INTEGER ? attribute->integer : fallback;
}

double node_real(const struct node *node, const char *name, double fallback)
{
    const struct attribute *attribute = node_attribute(node, name);

    return attribute != NULL && attribute->kind == ATTRIBUTE_REAL ? attribute->real : fallback;
}

const char *node_string(const struct node *node, const char *name, const char *fallback)
{
    const struct attribute *attribute = node_attribute(node, name);

    return attribute != NULL && attribute->kind == ATTRIBUTE_STRING ? attribute->string : fallback;
}
