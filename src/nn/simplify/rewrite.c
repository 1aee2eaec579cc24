/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noting changes to a graph. The changed graph is built in rewrite_apply.c. */
#include "nn/simplify/rewrite.h"
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"

/* One more '#' than any name has in a row: a name with that many is new. */
static char *unused_separator(const struct graph *graph, struct arena *arena)
{
    size_t longest = 0;
    char *separator;

    for (int v = 0; v < graph->value_count; v++)
        for (const char *at = graph->values[v].name; (at = strchr(at, '#')) != NULL;) {
            size_t run = strspn(at, "#");

            longest = run > longest ? run : longest;
            at += run;
        }
    separator = arena_alloc(arena, longest + 2, 1);
    if (separator != NULL)
        memset(separator, '#', longest + 1);
    return separator;
}

static bool allocate(struct rewrite *rewrite)
{
    const struct graph *graph = rewrite->graph;
    size_t values = (size_t)graph->value_count, nodes = (size_t)graph->node_count;

    rewrite->arena = arena_new();
    if (rewrite->arena == NULL)
        return false;
    rewrite->alias = arena_alloc(rewrite->arena, values, sizeof(*rewrite->alias));
    rewrite->producer = arena_alloc(rewrite->arena, values, sizeof(*rewrite->producer));
    rewrite->is_input = arena_alloc(rewrite->arena, values, sizeof(*rewrite->is_input));
    rewrite->is_output = arena_alloc(rewrite->arena, values, sizeof(*rewrite->is_output));
    rewrite->constants = arena_alloc(rewrite->arena, values, sizeof(*rewrite->constants));
    rewrite->nodes = arena_copy(rewrite->arena, graph->nodes, nodes * sizeof(*rewrite->nodes));
    rewrite->dropped = arena_alloc(rewrite->arena, nodes, sizeof(*rewrite->dropped));
    rewrite->separator = unused_separator(graph, rewrite->arena);
    return rewrite->alias != NULL && rewrite->producer != NULL && rewrite->is_input != NULL &&
           rewrite->is_output != NULL && rewrite->constants != NULL && rewrite->nodes != NULL &&
           rewrite->dropped != NULL && rewrite->separator != NULL;
}

status rewrite_new(const struct graph *graph, const struct plan *const *plans, struct rewrite **result,
                   struct error *error)
{
    struct rewrite *rewrite = mem_new(1, sizeof(*rewrite));

    if (rewrite == NULL)
        return error_memory(error);
    rewrite->graph = graph;
    if (!allocate(rewrite)) {
        rewrite_free(rewrite);
        return error_memory(error);
    }
    for (int i = 0; plans != NULL && i < 2; i++)
        rewrite->plans[i] = plans[i];
    for (int v = 0; v < graph->value_count; v++) {
        rewrite->alias[v] = v;
        rewrite->producer[v] = graph->values[v].producer;
        rewrite->constants[v] = graph->values[v].constant;
        rewrite->halves |=
            graph->values[v].file_type == FILE_FLOAT16 || graph->values[v].file_type == FILE_BFLOAT16;
    }
    for (int i = 0; i < graph->input_count; i++)
        rewrite->is_input[graph->inputs[i]] = true;
    for (int i = 0; i < graph->output_count; i++)
        rewrite->is_output[graph->outputs[i]] = true;
    *result = rewrite;
    return STATUS_OK;
}

void rewrite_free(struct rewrite *rewrite)
{
    if (rewrite == NULL)
        return;
    for (int i = 0; i < rewrite->added_count; i++)
        tensor_free(rewrite->added[i].tensor);
    mem_free(rewrite->added);
    arena_free(rewrite->arena);
    mem_free(rewrite);
}

/* --- noting changes ------------------------------------------------------------------------------------- */

int rewrite_resolve(struct rewrite *rewrite, int value)
{
    if (value == VALUE_NONE || value >= rewrite->graph->value_count)
        return value;
    while (rewrite->alias[value] != value) {
        rewrite->alias[value] = rewrite->alias[rewrite->alias[value]]; /* halves the way for the next time */
        value = rewrite->alias[value];
    }
    return value;
}

/* Index of the new constant; -1 when memory is out. Takes over the reference. */
static int add_constant(struct rewrite *rewrite, const struct node *node, const char *role,
                        struct tensor *tensor)
{
    struct new_constant constant = {.tensor = tensor};

    constant.name = arena_format(rewrite->arena, "%s%s%s", node->name, rewrite->separator, role);
    if (constant.name == NULL || !mem_grow(&rewrite->added, &rewrite->added_capacity,
                                           (size_t)rewrite->added_count + 1, sizeof(constant))) {
        tensor_free(tensor);
        return -1;
    }
    rewrite->added[rewrite->added_count] = constant;
    return rewrite->graph->value_count + rewrite->added_count++;
}

status rewrite_input_constant(struct rewrite *rewrite, struct node *node, int index, const char *role,
                              struct tensor *tensor, struct error *error)
{
    int count = node->input_count > index ? node->input_count : index + 1;
    int *inputs, value = add_constant(rewrite, node, role, tensor);

    if (value < 0)
        return error_memory(error);
    inputs = arena_alloc(rewrite->arena, (size_t)count, sizeof(*inputs));
    if (inputs == NULL)
        return error_memory(error);
    for (int i = 0; i < count; i++)
        inputs[i] = i < node->input_count ? node->inputs[i] : VALUE_NONE;
    inputs[index] = value;
    node->inputs = inputs;
    node->input_count = count;
    return STATUS_OK;
}

status rewrite_attribute(struct rewrite *rewrite, struct node *node, const char *name,
                         const struct attribute *attribute, struct error *error)
{
    struct attribute *attributes =
        arena_alloc(rewrite->arena, (size_t)node->attribute_count + 1, sizeof(*attributes));
    int count = 0;

    if (attributes == NULL)
        return error_memory(error);
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) != 0)
            attributes[count++] = node->attributes[i];
    if (attribute != NULL)
        attributes[count++] = *attribute;
    node->attributes = attributes;
    node->attribute_count = count;
    return STATUS_OK;
}

/* The maker of `from` makes the network's output `to` instead. */
static status take_over_output(struct rewrite *rewrite, int from, int to, struct error *error)
{
    struct node *maker = &rewrite->nodes[rewrite->producer[from]];
    int *outputs = arena_copy(rewrite->arena, maker->outputs, (size_t)maker->output_count * sizeof(*outputs));

    if (outputs == NULL)
        return error_memory(error);
    for (int i = 0; i < maker->output_count; i++)
        if (outputs[i] == from)
            outputs[i] = to;
    maker->outputs = outputs;
    rewrite->producer[to] = rewrite->producer[from];
    rewrite->alias[from] = to;
    return STATUS_OK;
}

status rewrite_bypass(struct rewrite *rewrite, int n, struct error *error)
{
    const struct node *node = &rewrite->nodes[n];
    int from = rewrite_resolve(rewrite, node->inputs[0]), to = node->outputs[0];

    if (!rewrite->is_output[to]) {
        rewrite->alias[to] = from;
    } else if (from >= rewrite->graph->value_count || rewrite->is_output[from] ||
               rewrite->producer[from] == VALUE_NONE) {
        return STATUS_OK;
    } else if (take_over_output(rewrite, from, to, error) != STATUS_OK) {
        return error->code;
    }
    rewrite->dropped[n] = true;
    return STATUS_OK;
}

bool rewrite_integers(struct rewrite *rewrite, const struct node *node, int index, const char *name,
                      const int64_t **values, int *count)
{
    const struct attribute *attribute = name == NULL ? NULL : node_attribute(node, name);
    int value =
        index >= 0 && index < node->input_count ? rewrite_resolve(rewrite, node->inputs[index]) : VALUE_NONE;

    if (value != VALUE_NONE) {
        int old = rewrite->graph->value_count;
        const struct tensor *tensor =
            value < old ? rewrite->constants[value] : rewrite->added[value - old].tensor;

        if (tensor == NULL || tensor->type != ELEMENT_INT64 || tensor->shape.rank > 1)
            return false;
        *values = tensor->data;
        *count = (int)shape_elements(&tensor->shape);
        return true;
    }
    if (attribute == NULL || attribute->kind != ATTRIBUTE_INTEGERS)
        return false;
    *values = attribute->integers;
    *count = (int)attribute->count;
    return true;
}
