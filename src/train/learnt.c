/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is learnt in a graph, and a graph in which it is nobody else's.
 *
 * Exporters write equal constants once: the scales of untrained BatchNormalizations, or biases of zero, are
 * one tensor in the file and many parameters in the network. So what a layer has is made its own, unless the
 * layer's weights are shared too: then the layer is called twice. A norm that follows no layer tells by its
 * numbers: such as differ are shared on purpose. */
#include "train/learnt.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "train/beside.h"

/* What is found so far in a graph. */
struct finding {
    const struct graph *graph;
    struct learnt_list list;
    size_t capacity;
};

bool learnt_is_constant(const struct graph *graph, const struct node *node, int input)
{
    const int value = input < node->input_count ? node->inputs[input] : VALUE_NONE;
    return value != VALUE_NONE && graph->values[value].constant &&
           graph->values[value].constant->type != ELEMENT_INT64;
}

static bool add_learnt(struct finding *finding, int node, int input, enum parameter_kind kind,
                       bool statistics)
{
    if (!learnt_is_constant(finding->graph, &finding->graph->nodes[node], input))
        return true;
    if (!mem_grow(&finding->list.items, &finding->capacity, (size_t)finding->list.count + 1,
                  sizeof *finding->list.items))
        return false;
    finding->list.items[finding->list.count++] = (struct learnt){node, input, kind, statistics};
    return true;
}

/* Scale and shift of a norm that takes its statistics from every image. */
static bool find_in_norm(struct finding *finding, int n)
{
    if (norm_is_bare(finding->graph, &finding->graph->nodes[n]))
        return true;
    return add_learnt(finding, n, 1, PARAMETER_NORM_SCALE, false) &&
           add_learnt(finding, n, 2, PARAMETER_NORM_SHIFT, false);
}

static bool find_in_node(struct finding *finding, int n)
{
    const struct node *node = &finding->graph->nodes[n];
    const unsigned flags = node->op->flags;
    enum parameter_kind kind;
    const int beside = beside_operand(finding->graph, node, &kind);
    bool complete = true;
    if (flags & OPERATOR_NORMALIZATION)
        return add_learnt(finding, n, 1, PARAMETER_NORM_SCALE, false) &&
               add_learnt(finding, n, 2, PARAMETER_NORM_SHIFT, false) &&
               add_learnt(finding, n, 3, PARAMETER_NORM_SCALE, true) &&
               add_learnt(finding, n, 4, PARAMETER_NORM_SCALE, true);
    if (flags & OPERATOR_OWN_STATISTICS)
        return find_in_norm(finding, n);
    if (flags & OPERATOR_PRODUCT && !(flags & OPERATOR_GENERAL))
        complete = add_learnt(finding, n, 0, PARAMETER_WEIGHT, false);
    if (flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_LEARNT))
        complete = complete && add_learnt(finding, n, 1, PARAMETER_WEIGHT, false);
    if (flags & (OPERATOR_CONVOLUTION | OPERATOR_GENERAL))
        complete = complete && add_learnt(finding, n, 2, PARAMETER_BIAS, false);
    if (beside >= 0)
        complete = complete && add_learnt(finding, n, beside, kind, false);
    return complete;
}

/* The weights that tell whether two nodes are the same layer: their own, or of what they follow. */
static int layer_weights(const struct graph *graph, const struct node *node)
{
    if (node->op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT))
        return node->inputs[1];
    for (int i = 0; i < node->input_count; i++) {
        const int producer =
            node->inputs[i] == VALUE_NONE ? VALUE_NONE : graph->values[node->inputs[i]].producer;
        if (producer != VALUE_NONE &&
            graph->nodes[producer].op->flags & (OPERATOR_CONVOLUTION | OPERATOR_PRODUCT))
            return graph->nodes[producer].inputs[1];
    }
    return VALUE_NONE;
}

/* Equal numbers throughout are how untrained parameters begin. */
static bool is_uniform(const struct graph *graph, int value)
{
    const struct tensor *tensor = graph->values[value].constant;
    const int64_t count = shape_elements(&tensor->shape);
    int64_t i = 1;
    while (i < count && tensor_get(tensor, i) == tensor_get(tensor, 0))
        i++;
    return i >= count;
}

/* Operators whose weights are a layer's: shared, they make it the same layer. */
enum { WEIGHTED = OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_LEARNT };

/* An earlier item that is the same parameter of the same layer; -1 when there is none. */
static int same_parameter(const struct graph *graph, const struct learnt_list *list, int index)
{
    const struct learnt *item = &list->items[index];
    const struct node *node = &graph->nodes[item->node];
    const int value = node->inputs[item->input];
    for (int i = 0; i < index; i++) {
        const struct learnt *other = &list->items[i];
        const struct node *earlier = &graph->nodes[other->node];
        if (earlier->inputs[other->input] != value)
            continue;
        if (earlier->op->flags & node->op->flags & WEIGHTED && item->kind == PARAMETER_WEIGHT)
            return i;
        const int weights = layer_weights(graph, node);
        if (layer_weights(graph, earlier) == weights && (weights != VALUE_NONE || !is_uniform(graph, value)))
            return i;
    }
    return -1;
}

/* The same numbers in memory of their own. */
static struct tensor *own_tensor(struct tensor *tensor, enum element_type real)
{
    if (tensor->type != real)
        return tensor_convert(tensor, real);
    struct tensor *own = tensor_new(real, &tensor->shape);
    if (own) {
        own->file_type = tensor->file_type;
        memcpy(own->data, tensor->data, (size_t)shape_elements(&tensor->shape) * element_size(real));
    }
    return own;
}

static status own_constants(const struct graph *graph, const struct learnt_list *list, enum element_type real,
                            struct edit *edit, struct error *error)
{
    edit_keep_apart(edit);
    for (int i = 0; i < list->count; i++) {
        const struct learnt *item = &list->items[i];
        const int same = same_parameter(graph, list, i);
        const struct node *node = &graph->nodes[item->node];
        struct tensor *tensor =
            same >= 0 ? tensor_retain(edit_replacement(edit, list->items[same].node, list->items[same].input))
                      : own_tensor(graph->values[node->inputs[item->input]].constant, real);
        if (edit_constant(edit, item->node, item->input, tensor, error))
            return error->code;
    }
    return STATUS_OK;
}

status learnt_find(const struct graph *graph, struct learnt_list *list, struct error *error)
{
    struct finding finding = {.graph = graph};
    for (int n = 0; n < graph->node_count; n++)
        if (!find_in_node(&finding, n)) {
            mem_free(finding.list.items);
            return error_memory(error);
        }
    *list = finding.list;
    return STATUS_OK;
}

status learnt_own_graph(const struct graph *graph, enum element_type real, struct graph **own,
                        struct error *error)
{
    struct learnt_list list;
    struct edit *edit = edit_new(graph);
    status code = edit ? learnt_find(graph, &list, error) : error_memory(error);
    if (code == STATUS_OK) {
        code = own_constants(graph, &list, real, edit, error);
        mem_free(list.items);
    }
    if (code == STATUS_OK)
        code = edit_apply(edit, own, error);
    edit_free(edit);
    return code;
}
