/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of layers, replaced. */
#include "prune/layer_edit.h"

#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

bool layer_bias_place(const struct graph *graph, const struct layer *layer, int *node, int *input)
{
    if (layer->bias_factor == 0)
        return false;
    *node = layer->bias == VALUE_NONE ? layer->node : graph->values[layer->linear].producer;
    *input = 2;
    if (layer->bias == VALUE_NONE)
        return graph->nodes[layer->node].op->flags & (OPERATOR_CONVOLUTION | OPERATOR_GENERAL);
    for (int k = 0; k < graph->nodes[*node].input_count; k++)
        if (graph->nodes[*node].inputs[k] == layer->bias)
            *input = k;
    return true;
}

static void put(struct tensor *tensor, int64_t index, double value)
{
    if (tensor->type == ELEMENT_DOUBLE)
        ((double *)tensor->data)[index] = value;
    else
        ((float *)tensor->data)[index] = (float)value;
}

/* One number per channel, of the type of `like`. */
static status edit_vector(struct edit *edit, int node, int input, const struct tensor *like, int64_t count,
                          const double *values, struct error *error)
{
    const struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(like->type, &shape);
    for (int64_t i = 0; tensor != NULL && i < count; i++)
        put(tensor, i, values[i]);
    if (tensor != NULL)
        tensor->file_type = like->file_type;
    return edit_constant(edit, node, input, tensor, error);
}

status layer_edit_bias(struct edit *edit, const struct graph *graph, const struct layer *layer,
                       const double *bias, struct error *error)
{
    int node, input;
    if (!layer_bias_place(graph, layer, &node, &input))
        return error_set(error, STATUS_STATE, "layer %s takes no bias", layer->name);
    return edit_vector(edit, node, input, graph->values[layer->weight].constant, layer->channels, bias,
                       error);
}

status layer_edit_norm(struct edit *edit, const struct graph *graph, const struct layer *layer, int input,
                       const double *values, struct error *error)
{
    const int old = graph->nodes[layer->norm_node].inputs[input];
    return edit_vector(edit, layer->norm_node, input, graph->values[old].constant, layer->channels, values,
                       error);
}

status layer_edit_filters(struct edit *edit, const struct graph *graph, const struct layer *layer,
                          const double *filters, struct error *error)
{
    const struct tensor *old = graph->values[layer->weight].constant;
    struct tensor *tensor = tensor_new(old->type, &old->shape);
    for (int64_t c = 0; tensor != NULL && c < layer->channels; c++)
        for (int64_t k = 0; k < layer->filter_length; k++)
            put(tensor, filter_place(&layer->places, c, k), filters[c * layer->filter_length + k]);
    if (tensor != NULL)
        tensor->file_type = old->file_type;
    return edit_constant(edit, layer->node, 1, tensor, error);
}

double layer_weight_factor(const struct graph *graph, const struct layer *layer)
{
    const struct node *node = &graph->nodes[layer->node];
    return node->op->flags & OPERATOR_GENERAL ? node_real(node, "alpha", 1) : 1;
}
