/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scaling a layer and following the factor to the weights that take it out again. */
#include "prune/rescale.h"

#include <math.h>
#include <string.h>

#include "nn/edit.h"
#include "nn/operator.h"

struct rescaling {
    const struct coupling *coupling;
    const struct layer *layer;
    double factor;
    struct edit *edit;
    bool *classes; /* per class: a channel of the layer */
    bool *scaled;  /* per value: its channels of the layer are C times what they were */
};

const char *rescale_part_name(int index)
{
    static const char *const names[] = {"layer", "filters", "norm"};
    return index >= 0 && index < 3 ? names[index] : NULL;
}

/* --- constants ---------------------------------------------------------------------------------------------
 */

static void multiply_element(struct tensor *tensor, int64_t index, double factor)
{
    if (tensor->type == ELEMENT_DOUBLE)
        ((double *)tensor->data)[index] *= factor;
    else
        ((float *)tensor->data)[index] = (float)((double)((float *)tensor->data)[index] * factor);
}

/* A copy of the constant at an operand, to be changed and put in its place. */
static struct tensor *operand_copy(const struct rescaling *r, int node, int input)
{
    const struct tensor *old = edit_get(r->edit, node, input);
    if (!old || old->type == ELEMENT_INT64)
        return NULL;
    struct tensor *copy = tensor_new(old->type, &old->shape);
    if (copy) {
        copy->file_type = old->file_type;
        memcpy(copy->data, old->data, (size_t)shape_elements(&old->shape) * element_size(old->type));
    }
    return copy;
}

static status multiply_all(struct rescaling *r, int node, int input, double factor, struct error *error)
{
    struct tensor *copy = operand_copy(r, node, input);
    for (int64_t i = 0; copy && i < shape_elements(&copy->shape); i++)
        multiply_element(copy, i, factor);
    return edit_constant(r->edit, node, input, copy, error);
}

/* Is the element of a value at `position` of `axis` a channel of the layer? */
static bool is_channel(const struct rescaling *r, int value, int axis, int64_t position)
{
    const struct label_map *map = &r->coupling->maps[value];
    int64_t index[TENSOR_MAX_RANK] = {0};
    if (!map->labels || axis >= map->shape.rank)
        return false;
    index[axis] = position;
    int class = r->coupling->class_of[label_map_at(map, index)];
    return class >= 0 && r->classes[class];
}

/* --- the layer itself --------------------------------------------------------------------------------------
 */

/* The operand of the layer's nodes that holds a value. */
static bool find_operand(const struct graph *graph, const struct layer *layer, int value, int *node,
                         int *input)
{
    for (int i = layer->node; i < graph->node_count; i++) {
        for (int k = 0; k < graph->nodes[i].input_count; k++) {
            if (graph->nodes[i].inputs[k] == value) {
                *node = i;
                *input = k;
                return true;
            }
        }
    }
    return false;
}

/* var' = C^2 (var + epsilon) - epsilon: the normalised output is exactly what it was. */
static status scale_statistics(struct rescaling *r, struct error *error)
{
    const struct layer *layer = r->layer;
    status code = multiply_all(r, layer->norm_node, 3, r->factor, error);
    struct tensor *copy = code == STATUS_OK ? operand_copy(r, layer->norm_node, 4) : NULL;
    for (int64_t i = 0; copy && i < shape_elements(&copy->shape); i++) {
        double var = r->factor * r->factor * (tensor_get(copy, i) + layer->epsilon) - layer->epsilon;
        if (!(var >= 0 && var <= 1e30)) {
            tensor_release(copy);
            return error_set(error, STATUS_RANGE,
                             "layer %s: %g is too %s: the variance of channel %lld would be %g", layer->name,
                             r->factor, var < 0 ? "small" : "large", (long long)i, var);
        }
        if (copy->type == ELEMENT_DOUBLE)
            ((double *)copy->data)[i] = var;
        else
            ((float *)copy->data)[i] = (float)var;
    }
    return code == STATUS_OK ? edit_constant(r->edit, layer->norm_node, 4, copy, error) : code;
}

static status scale_filters(struct rescaling *r, struct error *error)
{
    const struct layer *layer = r->layer;
    int node, input;
    status code = multiply_all(r, layer->node, 1, r->factor, error);
    if (code == STATUS_OK && layer->bias != VALUE_NONE &&
        find_operand(r->coupling->graph, layer, layer->bias, &node, &input))
        code = multiply_all(r, node, input, r->factor, error);
    if (code == STATUS_OK && layer->norm_node >= 0)
        code = scale_statistics(r, error);
    return code;
}

static status scale_norm(struct rescaling *r, struct error *error)
{
    status code = multiply_all(r, r->layer->norm_node, 1, r->factor, error);
    return code == STATUS_OK ? multiply_all(r, r->layer->norm_node, 2, r->factor, error) : code;
}

/* --- following the factor ----------------------------------------------------------------------------------
 */

static status refuse(const struct rescaling *r, int index, const char *why, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    return error_set(error, STATUS_STATE, "layer %s: %s %s %s", r->layer->name, node->op->name, node->name,
                     why);
}

/* Element [o, k, ...] of a convolution's weights reads channel group(o) * columns + k. */
static status divide_convolution(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    struct tensor *copy = operand_copy(r, index, 1);
    if (!copy)
        return error_memory(error);
    int64_t filters = copy->shape.dim[0], columns = copy->shape.dim[1];
    int64_t area = shape_product(&copy->shape, 2, copy->shape.rank);
    int64_t per_group = filters / node_integer(node, "group", 1);
    for (int64_t o = 0; o < filters; o++) {
        for (int64_t k = 0; k < columns; k++) {
            if (!is_channel(r, node->inputs[0], 1, o / per_group * columns + k))
                continue;
            for (int64_t i = 0; i < area; i++)
                multiply_element(copy, (o * columns + k) * area + i, 1 / r->factor);
        }
    }
    return edit_constant(r->edit, index, 1, copy, error);
}

static status divide_linear(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    int axis = r->coupling->maps[node->inputs[0]].shape.rank - 1;
    bool transposed = node_integer(node, "transB", 0) != 0;
    if (!r->scaled[node->inputs[0]] || !edit_get(r->edit, index, 1))
        return refuse(r, index, "does not pass a factor on", error);
    struct tensor *copy = operand_copy(r, index, 1);
    if (!copy)
        return error_memory(error);
    int64_t rows = copy->shape.dim[0], columns = copy->shape.dim[1];
    for (int64_t i = 0; i < rows * columns; i++) {
        if (is_channel(r, node->inputs[0], axis, transposed ? i % columns : i / columns))
            multiply_element(copy, i, 1 / r->factor);
    }
    return edit_constant(r->edit, index, 1, copy, error);
}

/* A BatchNorm further on: scale/C * (C*x - C*mean) is scale * (x - mean). */
static status absorb_norm(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    struct tensor *scale = operand_copy(r, index, 1), *mean = operand_copy(r, index, 3);
    if (!scale || !mean) {
        tensor_release(scale);
        tensor_release(mean);
        return error_memory(error);
    }
    for (int64_t i = 0; i < shape_elements(&scale->shape); i++) {
        if (!is_channel(r, node->inputs[0], 1, i))
            continue;
        multiply_element(scale, i, 1 / r->factor);
        multiply_element(mean, i, r->factor);
    }
    status code = edit_constant(r->edit, index, 1, scale, error);
    status other = edit_constant(r->edit, index, 3, mean, error);
    return code == STATUS_OK ? other : code;
}

static status pass_on(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    (void)error;
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] != VALUE_NONE)
            r->scaled[node->outputs[i]] = true;
    }
    return STATUS_OK;
}

static status pass_pad(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    const struct tensor *value = edit_get(r->edit, index, 2);
    double constant = value ? tensor_get(value, 0) : node_real(node, "value", 0);
    bool plain = strcmp(node_string(node, "mode", "constant"), "constant") == 0;
    return plain && constant != 0 ? refuse(r, index, "pads with a number that is not zero", error)
                                  : pass_on(r, index, error);
}

/* A product passes on the factor of one operand. */
static status pass_product(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    return node->input_count == 2 && r->scaled[node->inputs[0]] && r->scaled[node->inputs[1]]
               ? refuse(r, index, "multiplies its channels with each other", error)
               : pass_on(r, index, error);
}

static status refuse_sum(struct rescaling *r, int index, struct error *error)
{
    return refuse(r, index, "adds its channels to others, which are not scaled", error);
}

static const struct {
    const char *op;
    status (*follow)(struct rescaling *r, int index, struct error *error);
} rows[] = {
    {"Conv", divide_convolution},
    {"Gemm", divide_linear},
    {"MatMul", divide_linear},
    {"BatchNormalization", absorb_norm},
    {"Relu", pass_on},
    {"LeakyRelu", pass_on},
    {"PRelu", pass_on},
    {"Identity", pass_on},
    {"Dropout", pass_on},
    {"MaxPool", pass_on},
    {"AveragePool", pass_on},
    {"GlobalAveragePool", pass_on},
    {"GlobalMaxPool", pass_on},
    {"ReduceMean", pass_on},
    {"ReduceSum", pass_on},
    {"Concat", pass_on},
    {"Slice", pass_on},
    {"Split", pass_on},
    {"Transpose", pass_on},
    {"Gather", pass_on},
    {"Expand", pass_on},
    {"Reshape", pass_on},
    {"Flatten", pass_on},
    {"Squeeze", pass_on},
    {"Unsqueeze", pass_on},
    {"Resize", pass_on},
    {"Upsample", pass_on},
    {"Cast", pass_on},
    {"Neg", pass_on},
    {"Abs", pass_on},
    {"Pad", pass_pad},
    {"Mul", pass_product},
    {"Add", refuse_sum},
    {"Sub", refuse_sum},
    {"Sum", refuse_sum},
};

static status follow_node(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = &r->coupling->graph->nodes[index];
    bool reached = false;
    for (int i = 0; i < node->input_count; i++)
        reached |= node->inputs[i] != VALUE_NONE && r->scaled[node->inputs[i]];
    if (!reached)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].op, node->op->name) == 0)
            return rows[i].follow(r, index, error);
    }
    return refuse(r, index, "does not pass a factor on", error);
}

/* From the layer's target to every weight that reads it. */
static status follow(struct rescaling *r, struct error *error)
{
    const struct graph *graph = r->coupling->graph;
    status code = STATUS_OK;
    r->scaled[r->layer->target] = true;
    for (int i = 0; code == STATUS_OK && i < graph->node_count; i++)
        code = follow_node(r, i, error);
    for (int i = 0; code == STATUS_OK && i < graph->output_count; i++) {
        if (r->scaled[graph->outputs[i]])
            code = error_set(error, STATUS_STATE, "layer %s: the factor would reach the network's output",
                             r->layer->name);
    }
    return code;
}

/* --- together ----------------------------------------------------------------------------------------------
 */

static status check(const struct layer *layer, double factor, enum rescale_part part, struct error *error)
{
    if (!(factor > 0 && isfinite(factor) && isfinite(1 / factor)))
        return error_set(error, STATUS_RANGE, "the factor %g is not a positive number", factor);
    if (part == RESCALE_NORM && layer->norm_node < 0)
        return error_set(error, STATUS_STATE, "layer %s has no BatchNorm to scale", layer->name);
    return STATUS_OK;
}

static status rescale(struct rescaling *r, enum rescale_part part, struct error *error)
{
    const struct coupling *c = r->coupling;
    int layer = (int)(r->layer - c->layers->items);
    for (int64_t i = 0; i < r->layer->channels; i++)
        r->classes[c->layer_classes[layer][i]] = true;
    bool norm = r->layer->norm_node >= 0;
    status code = part != RESCALE_NORM ? scale_filters(r, error) : STATUS_OK;
    if (code == STATUS_OK && norm && part != RESCALE_FILTERS)
        code = scale_norm(r, error);
    if (code == STATUS_OK && !(norm && part == RESCALE_FILTERS))
        code = follow(r, error);
    return code;
}

status rescale_apply(const struct coupling *coupling, int layer, double factor, enum rescale_part part,
                     struct graph **result, struct error *error)
{
    struct rescaling r = {.coupling = coupling, .layer = &coupling->layers->items[layer], .factor = factor};
    status code = check(r.layer, factor, part, error);
    if (code != STATUS_OK)
        return code;
    r.edit = edit_new(coupling->graph);
    r.classes = mem_new((size_t)coupling->class_count + 1, sizeof *r.classes);
    r.scaled = mem_new((size_t)coupling->graph->value_count + 1, sizeof *r.scaled);
    code = r.edit && r.classes && r.scaled ? rescale(&r, part, error) : error_memory(error);
    if (code == STATUS_OK)
        code = edit_apply(r.edit, result, error);
    edit_free(r.edit);
    mem_free(r.classes);
    mem_free(r.scaled);
    return code;
}
