/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scaling a layer; its factor is followed by prune/rescale_follow.c. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/rescale_internal.h"

const char *rescale_part_name(int index)
{
    static const char *const names[] = {"layer", "filters", "norm"};
    return index >= 0 && index < 3 ? names[index] : NULL;
}

/* --- constants ------------------------------------------------------------------------------------------ */

void rescale_element(struct tensor *tensor, int64_t index, double factor)
{
    if (tensor->type == ELEMENT_DOUBLE)
        ((double *)tensor->data)[index] *= factor;
    else
        ((float *)tensor->data)[index] = (float)((double)((float *)tensor->data)[index] * factor);
}

/* A copy of the constant at an operand, to be changed and put in its place. */
struct tensor *rescale_copy(const struct rescaling *r, int node, int input)
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
    struct tensor *copy = rescale_copy(r, node, input);
    for (int64_t i = 0; copy && i < shape_elements(&copy->shape); i++)
        rescale_element(copy, i, factor);
    return edit_constant(r->edit, node, input, copy, error);
}

/* --- the layer itself ----------------------------------------------------------------------------------- */

/* The bias is an operand of the node that makes y: the layer's own, or the Add behind a MatMul. */
static status scale_bias(struct rescaling *r, const struct layer_call *call, struct error *error)
{
    const struct graph *graph = r->coupling->graph;
    int index = graph->values[call->linear].producer;
    for (int k = 0; k < graph->nodes[index].input_count; k++)
        if (graph->nodes[index].inputs[k] == call->bias)
            return multiply_all(r, index, k, r->factor, error);
    return STATUS_OK;
}

/* var' = C^2 (var + epsilon) - epsilon: the normalised output is exactly what it was. */
static status scale_statistics(struct rescaling *r, int norm, struct error *error)
{
    const struct layer *layer = r->layer;
    status code = multiply_all(r, norm, 3, r->factor, error);
    struct tensor *copy = code == STATUS_OK ? rescale_copy(r, norm, 4) : NULL;
    for (int64_t i = 0; copy && i < shape_elements(&copy->shape); i++) {
        double var = r->factor * r->factor * (tensor_get(copy, i) + layer->epsilon) - layer->epsilon;
        if (!(var >= 0 && var <= 1e30)) {
            tensor_free(copy);
            return error_set(error, STATUS_RANGE,
                             "layer %s: %g is too %s: the variance of channel %lld would be %g", layer->name,
                             r->factor, var < 0 ? "small" : "large", (long long)i, var);
        }
        if (copy->type == ELEMENT_DOUBLE)
            ((double *)copy->data)[i] = var;
        else
            ((float *)copy->data)[i] = (float)var;
    }
    return code == STATUS_OK ? edit_constant(r->edit, norm, 4, copy, error) : code;
}

static status scale_filters(struct rescaling *r, const struct layer_call *call, struct error *error)
{
    status code = multiply_all(r, call->node, 1, r->factor, error);
    if (code == STATUS_OK && call->bias != VALUE_NONE)
        code = scale_bias(r, call, error);
    if (code == STATUS_OK && call->norm_node >= 0)
        code = scale_statistics(r, call->norm_node, error);
    return code;
}

static status scale_norm(struct rescaling *r, const struct layer_call *call, struct error *error)
{
    status code = multiply_all(r, call->norm_node, 1, r->factor, error);
    return code == STATUS_OK ? multiply_all(r, call->norm_node, 2, r->factor, error) : code;
}

/* --- together ------------------------------------------------------------------------------------------- */

static status check(const struct layer *layer, double factor, enum rescale_part part, struct error *error)
{
    if (!(factor > 0 && isfinite(factor) && isfinite(1 / factor)))
        return error_set(error, STATUS_RANGE, "the factor %g is not a positive number", factor);
    if (layer->bound)
        return error_set(error, STATUS_STATE, "layer %s cannot be scaled: something else uses its weight too",
                         layer->name);
    if (part == RESCALE_NORM && layer->norm_node < 0)
        return error_set(error, STATUS_STATE, "layer %s has no BatchNorm to scale", layer->name);
    return STATUS_OK;
}

static status rescale(struct rescaling *r, enum rescale_part part, struct error *error)
{
    bool norm = r->layer->norm_node >= 0;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < r->layer->call_count; i++) {
        if (part != RESCALE_NORM)
            code = scale_filters(r, &r->layer->calls[i], error);
        if (code == STATUS_OK && norm && part != RESCALE_FILTERS)
            code = scale_norm(r, &r->layer->calls[i], error);
    }
    if (code == STATUS_OK && !(norm && part == RESCALE_FILTERS))
        code = rescale_follow(r, error);
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
    r.traced = *coupling;
    r.traced.arena = arena_new();
    r.traced.maps = r.traced.arena ? arena_alloc(r.traced.arena, (size_t)coupling->graph->value_count + 1,
                                                 sizeof *r.traced.maps)
                                   : NULL;
    code = r.edit && r.traced.maps ? rescale(&r, part, error) : error_memory(error);
    if (code == STATUS_OK)
        code = edit_apply(r.edit, result, error);
    edit_free(r.edit);
    arena_free(r.traced.arena);
    return code;
}
