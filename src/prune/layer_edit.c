/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of layers, replaced. */
#include "prune/layer_edit.h"

#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

/* Where a call adds its bias, or could. */
static bool call_bias_place(const struct graph *graph, const struct layer_call *call, int *node, int *input)
{
    *node = call->bias == VALUE_NONE ? call->node : graph->values[call->linear].producer;
    *input = 2;
    if (call->bias == VALUE_NONE)
        return graph->nodes[call->node].op->flags & (OPERATOR_CONVOLUTION | OPERATOR_GENERAL);
    for (int k = 0; k < graph->nodes[*node].input_count; k++)
        if (graph->nodes[*node].inputs[k] == call->bias)
            *input = k;
    return true;
}

bool layer_takes_bias(const struct graph *graph, const struct layer *layer)
{
    int node, input;
    return layer->bias_factor != 0 && call_bias_place(graph, &layer->calls[0], &node, &input);
}

static void put(struct tensor *tensor, int64_t index, double value)
{
    if (tensor->type == ELEMENT_DOUBLE)
        ((double *)tensor->data)[index] = value;
    else
        ((float *)tensor->data)[index] = (float)value;
}

/* One number per channel, of the type of `like`; NULL when memory is out. */
static struct tensor *vector_of(const struct tensor *like, int64_t count, const double *values)
{
    const struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(like->type, &shape);
    for (int64_t i = 0; tensor != NULL && i < count; i++)
        put(tensor, i, values[i]);
    if (tensor != NULL)
        tensor->file_type = like->file_type;
    return tensor;
}

/* An operand of a call: where layer_edit_* put their tensor. */
typedef void place_of(const struct graph *graph, const struct layer_call *call, int *node, int *input);

static void bias_place(const struct graph *graph, const struct layer_call *call, int *node, int *input)
{
    call_bias_place(graph, call, node, input);
}

static void norm_place(const struct graph *graph, const struct layer_call *call, int *node, int *input)
{
    (void)graph, (void)input;
    *node = call->norm_node;
}

static void weight_place(const struct graph *graph, const struct layer_call *call, int *node, int *input)
{
    (void)graph;
    *node = call->node;
    *input = 1;
}

/* The same tensor for all calls, so that it stays one. Takes the reference; NULL fails. */
static status put_in_calls(struct edit *edit, const struct graph *graph, const struct layer *layer,
                           place_of *place, int input, struct tensor *tensor, struct error *error)
{
    status code = tensor != NULL ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < layer->call_count; i++) {
        int node;
        place(graph, &layer->calls[i], &node, &input);
        code = edit_constant(edit, node, input, tensor_retain(tensor), error);
    }
    tensor_free(tensor);
    return code;
}

status layer_edit_bias(struct edit *edit, const struct graph *graph, const struct layer *layer,
                       const double *bias, struct error *error)
{
    if (!layer_takes_bias(graph, layer))
        return error_set(error, STATUS_STATE, "layer %s takes no bias", layer->name);
    return put_in_calls(edit, graph, layer, bias_place, 2,
                        vector_of(graph->values[layer->weight].constant, layer->channels, bias), error);
}

status layer_edit_norm(struct edit *edit, const struct graph *graph, const struct layer *layer, int input,
                       const double *values, struct error *error)
{
    const int old = graph->nodes[layer->norm_node].inputs[input];
    return put_in_calls(edit, graph, layer, norm_place, input,
                        vector_of(graph->values[old].constant, layer->channels, values), error);
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
    return put_in_calls(edit, graph, layer, weight_place, 1, tensor, error);
}

double layer_weight_factor(const struct graph *graph, const struct layer *layer)
{
    const struct node *node = &graph->nodes[layer->node];
    return node->op->flags & OPERATOR_GENERAL ? node_real(node, "alpha", 1) : 1;
}
