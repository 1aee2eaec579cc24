/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/simplify/adapt.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/file_type.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* Inputs of both operators. */
enum { SOURCE, SCALE, ZERO };

static bool is(const struct node *node, const char *op)
{
    return strcmp(node->op->name, op) == 0;
}

/* Per value: it depends on the images. NULL when memory is out. */
static bool *find_features(const struct graph *graph)
{
    bool *features = mem_new((size_t)graph->value_count + 1, sizeof *features);
    for (int i = 0; features && i < graph->input_count; i++)
        features[graph->inputs[i]] = true;
    for (int n = 0; features && n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        bool any = false;
        for (int i = 0; i < node->input_count; i++)
            any |= node->inputs[i] != VALUE_NONE && features[node->inputs[i]];
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE)
                features[node->outputs[i]] = any;
    }
    return features;
}

static int input_of(const struct node *node, int index)
{
    return index < node->input_count ? node->inputs[index] : VALUE_NONE;
}

/* What a file says of a value outright, through nodes that hand it on; tensor NULL where it is left out or
 * computed. */
struct said {
    const struct tensor *tensor;
    int64_t file_type;
};

static struct said said_of(const struct graph *graph, int value)
{
    int64_t cast = FILE_UNDEFINED;
    enum { MOST_STEPS = 16 }; /* any file may have longer chains, but no exporter writes them */
    for (int i = 0; i < MOST_STEPS && value != VALUE_NONE && graph->values[value].producer != VALUE_NONE;
         i++) {
        const struct node *node = &graph->nodes[graph->values[value].producer];
        const struct attribute *attribute = node_attribute(node, "value");
        if (attribute && attribute->tensor)
            return (struct said){attribute->tensor, cast ? cast : attribute->tensor->file_type};
        if (!is(node, "Identity") && !is(node, "Cast"))
            break;
        if (!cast)
            cast = node_integer(node, "to", FILE_UNDEFINED);
        value = input_of(node, SOURCE);
    }
    const struct tensor *constant = value == VALUE_NONE ? NULL : graph->values[value].constant;
    return (struct said){constant, cast || !constant ? cast : constant->file_type};
}

static bool same_content(const struct graph *graph, int a, int b)
{
    const struct tensor *x = said_of(graph, a).tensor, *y = said_of(graph, b).tensor;
    if (a == b)
        return true;
    return x && y && x->type == y->type && shape_equal(&x->shape, &y->shape) &&
           memcmp(x->data, y->data, (size_t)shape_elements(&x->shape) * element_size(x->type)) == 0;
}

/* The node that quantises what this one dequantises, by the same numbers; NULL where there is none. */
static const struct node *partner_of(const struct graph *graph, const struct node *node)
{
    const int source = input_of(node, SOURCE);
    const int producer = source == VALUE_NONE ? VALUE_NONE : graph->values[source].producer;
    const struct node *partner = producer == VALUE_NONE ? NULL : &graph->nodes[producer];
    return partner && is(partner, "QuantizeLinear") && input_of(partner, SOURCE) != VALUE_NONE &&
                   same_content(graph, input_of(partner, SCALE), input_of(node, SCALE)) &&
                   same_content(graph, input_of(partner, ZERO), input_of(node, ZERO))
               ? partner
               : NULL;
}

/* The least number of an integer type. */
static int64_t least_of(int64_t file_type)
{
    return file_type == FILE_INT8    ? INT8_MIN
           : file_type == FILE_INT16 ? INT16_MIN
           : file_type == FILE_INT4  ? -8
                                     : 0;
}

/* Does quantising cut off all that is negative, and nothing else below? */
static bool cuts_at_zero(const struct graph *graph, const struct node *quantise)
{
    const int value = input_of(quantise, ZERO);
    const struct said zero = said_of(graph, value);
    if (!zero.tensor || zero.tensor->type != ELEMENT_INT64)
        return value == VALUE_NONE && node_integer(quantise, "output_dtype", FILE_UINT8) == FILE_UINT8;
    for (int64_t i = 0; i < shape_elements(&zero.tensor->shape); i++)
        if (tensor_get_integer(zero.tensor, i) != least_of(zero.file_type))
            return false;
    return true;
}

/* What has negative results that a Relu would follow. */
static bool is_layer(const struct graph *graph, int value)
{
    enum {
        LAYER = OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_GENERAL | OPERATOR_NORMALIZATION |
                OPERATOR_ADDITION
    };
    const int producer = graph->values[value].producer;
    return producer != VALUE_NONE && (graph->nodes[producer].op->flags & LAYER);
}

static void pass_over(const struct graph *graph, struct node *node, const struct node *partner,
                      struct quantised *found)
{
    const int source = input_of(partner, SOURCE);
    const bool rectifies = is_layer(graph, source) && cuts_at_zero(graph, partner);
    node->op = operator_find(rectifies ? "Relu" : "Identity");
    node->inputs[SOURCE] = source;
    node->input_count = 1;
    for (int i = 0; i < node->attribute_count; i++)
        tensor_free(node->attributes[i].tensor);
    node->attribute_count = 0;
    found->pairs++;
    found->rectifiers += rectifies;
}

status adapt_quantised(struct graph *graph, struct quantised *found, struct error *error)
{
    bool *features = find_features(graph);
    *found = (struct quantised){0};
    if (!features)
        return error_memory(error);
    for (int n = 0; n < graph->node_count; n++) {
        struct node *node = &graph->nodes[n];
        if (!is(node, "DequantizeLinear") || node->output_count < 1 || node->outputs[0] == VALUE_NONE)
            continue;
        const struct node *partner = features[node->outputs[0]] ? partner_of(graph, node) : NULL;
        if (partner)
            pass_over(graph, node, partner, found);
        else
            found->constants += !features[node->outputs[0]];
    }
    mem_free(features);
    return STATUS_OK;
}
