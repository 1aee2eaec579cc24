/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What layers multiply with: packed weights and per-channel parameters, made once per network and shared by
 * the engines of all workers. */
#include "nn/fused/internal.h"
#include "nn/fused/packed_weights.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

struct packed_weights {
    int shares;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    int count, next, busy; /* steps, the first that nobody has taken, engines that pack one now */
    struct error failure;
    struct layer_parameters
        *items; /* per fused step; the content without the lock, by who has taken the step */
};

static int layer_channels(const struct fused *fused, const struct fused_layer *layer)
{
    return fused->values[layer->linear].channels;
}

static size_t padded(const struct fused *fused, const struct fused_layer *layer)
{
    return (size_t)blocked_blocks(layer_channels(fused, layer)) * LANES;
}

/* Floats of the per-channel parameters, the weights and the transposed ones. */
static void sizes_of(const struct fused *fused, const struct fused_layer *layer, size_t sizes[3])
{
    sizes[0] = 3 * padded(fused, layer);
    sizes[1] = layer->convolution ? layer->family->weights_size(&layer->forward) : 0;
    sizes[2] =
        layer->to_input != NOTHING && layer->convolution ? layer->back->weights_size(&layer->transposed) : 0;
}

size_t parameters_bytes(const struct fused *fused, const struct fused_layer *layer)
{
    size_t sizes[3];
    sizes_of(fused, layer, sizes);
    return (sizes[0] + sizes[1] + sizes[2]) * sizeof(float);
}

status parameters_allocate(const struct fused *fused, const struct fused_layer *layer,
                           struct layer_parameters *parameters, struct error *error)
{
    size_t sizes[3];
    float *blocks[3] = {NULL};
    bool complete = true;
    sizes_of(fused, layer, sizes);
    for (int i = 0; i < 3 && complete; i++) {
        if (sizes[i] > 0) /* packed weights are written whole */
            blocks[i] =
                i == 0 ? mem_aligned(sizes[i], sizeof(float)) : mem_aligned_raw(sizes[i], sizeof(float));
        complete = blocks[i] || sizes[i] == 0;
    }
    *parameters = (struct layer_parameters){.bias = blocks[0], .weights = blocks[1], .transposed = blocks[2]};
    if (!complete)
        return error_memory(error);
    parameters->scale = parameters->bias + padded(fused, layer);
    parameters->shift = parameters->scale + padded(fused, layer);
    return STATUS_OK;
}

void parameters_free(struct layer_parameters *parameters)
{
    mem_free(parameters->bias);
    mem_free(parameters->weights);
    mem_free(parameters->transposed);
    *parameters = (struct layer_parameters){0};
}

static const struct operand *operands_of(const struct fused *fused, int plan_step)
{
    return fused->engine.steps[plan_step].inputs;
}

/* A Mul by one number for each channel. */
static void fill_scale(const struct fused *fused, const struct fused_layer *layer,
                       struct layer_parameters *parameters)
{
    const struct node *node = engine_node(&fused->engine, layer->norm_step);
    const struct operand *factor = &operands_of(fused, layer->norm_step)[node->inputs[0] == layer->linear];
    memcpy(parameters->scale, factor->data, (size_t)layer_channels(fused, layer) * sizeof(float));
}

/* u = scale * r * (y - mean) + shift as scale' * y + shift', in double and rounded once. */
static void fill_norm(const struct fused *fused, const struct fused_layer *layer,
                      struct layer_parameters *parameters)
{
    const struct node *node = engine_node(&fused->engine, layer->norm_step);
    const struct operand *inputs = operands_of(fused, layer->norm_step);
    const float *scale = inputs[1].data, *shift = inputs[2].data, *mean = inputs[3].data,
                *var = inputs[4].data;
    const double epsilon = node_real(node, "epsilon", 1e-5);
    for (int c = 0; c < layer_channels(fused, layer); c++) {
        const double factor = (double)scale[c] / sqrt((double)var[c] + epsilon);
        parameters->scale[c] = (float)factor;
        parameters->shift[c] = (float)((double)shift[c] - factor * (double)mean[c]);
    }
}

/* The transposed weights take the BatchNorm's scale in, so that the gradient need not be multiplied. */
static void fill_transposed(const struct fused_layer *layer, const struct operand *weight, const float *scale,
                            float *space, float *packed)
{
    const size_t filters = (size_t)weight->shape.dim[0], all = (size_t)shape_elements(&weight->shape),
                 filter = all / filters;
    const float *weights = weight->data;
    if (layer->folded && layer->norm_step != NOTHING) {
        for (size_t f = 0; f < filters; f++)
            for (size_t i = f * filter; i < (f + 1) * filter; i++)
                space[i] = weights[i] * scale[f];
        weights = space;
    }
    layer->back->pack_weights(&layer->transposed, weights, packed);
}

void parameters_fill(const struct fused *fused, const struct fused_layer *layer,
                     struct layer_parameters *parameters)
{
    const bool normed = layer->norm_step != NOTHING && layer->batch_norm == NOTHING;
    if (normed && engine_node(&fused->engine, layer->norm_step)->input_count == 2)
        fill_scale(fused, layer, parameters);
    else if (normed)
        fill_norm(fused, layer, parameters);
    if (!layer->convolution)
        return;
    const struct operand *inputs = operands_of(fused, layer->conv_step);
    if (layer->biased)
        memcpy(parameters->bias, inputs[2].data,
               (size_t)layer->forward.out_channels * sizeof *parameters->bias);
    layer->family->pack_weights(&layer->forward, inputs[1].data, parameters->weights);
}

void parameters_refill(struct fused *fused, int step)
{
    const struct fused_layer *layer = fused->steps[step].layer;
    struct layer_parameters *parameters = &fused->packed->items[step];
    if (!layer)
        return;
    parameters_fill(fused, layer, parameters);
    /* Where the scale is folded in, nobody learns the weights. */
    if (parameters->transposed && !layer->folded)
        fill_transposed(layer, &operands_of(fused, layer->conv_step)[1], NULL, NULL, parameters->transposed);
}

static status make_layer(struct fused *fused, const struct fused_layer *layer,
                         struct layer_parameters *parameters, struct error *error)
{
    if (parameters_allocate(fused, layer, parameters, error))
        return error->code;
    parameters_fill(fused, layer, parameters);
    if (!parameters->transposed)
        return STATUS_OK;
    const struct operand *weight = &operands_of(fused, layer->conv_step)[1];
    float *space = mem_new((size_t)shape_elements(&weight->shape), sizeof *space);
    if (!space)
        return error_memory(error);
    fill_transposed(layer, weight, parameters->scale, space, parameters->transposed);
    mem_free(space);
    return STATUS_OK;
}

/* Under the lock: memory for all that will be packed, when the first engine comes. */
static status make_room(struct packed_weights *packed, const struct fused *fused, struct error *error)
{
    if (packed->items)
        return STATUS_OK;
    packed->items = mem_new((size_t)fused->step_count, sizeof *packed->items);
    if (!packed->items)
        return error_memory(error);
    packed->count = fused->step_count;
    return STATUS_OK;
}

static status pack_one(struct packed_weights *packed, struct fused *fused, int step, struct error *error)
{
    if (progress_cancelled(fused->engine.progress))
        return error_set(error, STATUS_CANCELLED, "cancelled");
    const struct fused_layer *layer = fused->steps[step].layer;
    return layer ? make_layer(fused, layer, &packed->items[step], error) : STATUS_OK;
}

/* Under the lock, which is free while weights are packed: take what nobody has taken yet, one step after the
 * other, then wait for those who are still at it. What fails for one engine fails for all. */
static status pack_together(struct packed_weights *packed, struct fused *fused, struct error *error)
{
    while (packed->next < packed->count && packed->failure.code == STATUS_OK) {
        struct error failure = {0};
        const int step = packed->next++;
        packed->busy++;
        pthread_mutex_unlock(&packed->lock);
        status code = pack_one(packed, fused, step, &failure);
        pthread_mutex_lock(&packed->lock);
        packed->busy--;
        if (code != STATUS_OK && packed->failure.code == STATUS_OK)
            packed->failure = failure;
    }
    pthread_cond_broadcast(&packed->changed);
    while (packed->busy > 0)
        pthread_cond_wait(&packed->changed, &packed->lock);
    if (packed->failure.code != STATUS_OK)
        *error = packed->failure;
    return packed->failure.code;
}

status parameters_make(struct fused *fused, struct packed_weights *packed, struct error *error)
{
    if (packed)
        share_add(&packed->shares);
    else if (!(packed = packed_weights_new()))
        return error_memory(error);
    fused->packed = packed;
    pthread_mutex_lock(&packed->lock);
    status code = make_room(packed, fused, error);
    if (code == STATUS_OK)
        code = pack_together(packed, fused, error);
    pthread_mutex_unlock(&packed->lock);
    for (int s = 0; s < fused->step_count && code == STATUS_OK; s++)
        if (fused->steps[s].layer)
            fused->steps[s].layer->parameters = &packed->items[s];
    return code;
}

struct packed_weights *packed_weights_new(void)
{
    struct packed_weights *packed = mem_new(1, sizeof *packed);
    if (!packed)
        return NULL;
    pthread_mutex_init(&packed->lock, NULL); /* with default attributes these cannot fail on Linux */
    pthread_cond_init(&packed->changed, NULL);
    return packed;
}

void packed_weights_free(struct packed_weights *packed)
{
    if (!packed || !share_drop(&packed->shares))
        return;
    for (int s = 0; s < packed->count; s++)
        parameters_free(&packed->items[s]);
    pthread_cond_destroy(&packed->changed);
    pthread_mutex_destroy(&packed->lock);
    mem_free(packed->items);
    mem_free(packed);
}
