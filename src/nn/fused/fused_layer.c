/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers: forward, and the backward pass as fused_layer_backward.c has planned it. */
#include "nn/fused/internal.h"

#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/execution/probe.h"
#include "nn/operator/operator.h"

static const struct layer_parameters *parameters_of(const struct fused_layer *layer)
{
    return layer->owns ? &layer->own : layer->parameters;
}

void layer_forward(struct fused *fused, const struct fused_step *step)
{
    struct fused_layer *layer = step->layer;
    const struct fused_value *out = &fused->values[step->output];
    const struct layer_parameters *parameters = parameters_of(layer);
    const float *input = value_data(fused, step->input, step->from);
    float *raw = value_data(fused, layer->linear, FORM_BLOCKED);
    if (layer->stale) {
        parameters_fill(fused, layer, &layer->own);
        layer->stale = false;
    }
    const struct blocked_epilogue epilogue = {
        .bias = layer->biased ? parameters->bias : NULL,
        .raw = layer->linear != step->output && layer->convolution ? raw : NULL,
        .scale = layer->norm_step != NOTHING ? parameters->scale : NULL,
        .shift = parameters->shift,
        .residual = value_data(fused, layer->residual, FORM_BLOCKED),
        .relu = layer->relu,
        .ceiling = layer->ceiling,
        .out = value_data(fused, step->output, FORM_BLOCKED),
    };
    if (layer->convolution)
        layer->family->run(&layer->forward, parameters->weights, input, &epilogue, fused->workspace);
    else
        fused->kernels->layer->tail(fused->images, out->channels, value_positions(out), input, &epilogue);
}

/* The sums of score/reductions.md (B) from those of the tail's gradient: u = scale * (y - center) + rest. */
static void finish_sums(const struct fused *fused, const struct fused_layer *layer)
{
    const struct probe_state *state = &fused->engine.probes[layer->probe];
    const float *scales = layer_scale(fused, layer), *shifts = layer_shift(fused, layer);
    const int64_t channels = state->channels;
    const size_t stride = (size_t)blocked_blocks((int)channels) * LANES;
    for (int n = 0; n < fused->images; n++) {
        const double *from = fused->sums + (size_t)n * TAIL_SUMS * stride;
        double *to = state->sums + (int64_t)n * PROBE_SUMS * channels;
        for (int64_t c = 0; c < channels; c++) {
            const double rounded = (double)layer->center[c];
            const double exact = state->probe.center ? state->probe.center[c] : 0;
            const double scale = scales ? (double)scales[c] : 1, shift = scales ? (double)shifts[c] : 0;
            const double rest = scale * rounded + shift;
            const double delta = from[c], centered = from[stride + (size_t)c];
            const double gate = scale * centered + rest * delta;
            to[PROBE_DELTA * channels + c] = delta;
            to[PROBE_DELTA_CENTERED * channels + c] = centered + (rounded - exact) * delta;
            to[PROBE_GATE * channels + c] = gate;
            if (!layer->sums_lift)
                continue;
            to[PROBE_LIFT * channels + c] =
                state->probe.activated == state->probe.target
                    ? gate
                    : scale * from[3 * stride + (size_t)c] + rest * from[2 * stride + (size_t)c];
        }
    }
}

static struct tail_gradient tail_gradient_of(const struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct fused_value *out = &fused->values[step->output];
    const bool summed = layer->probe != NOTHING || layer->batch_norm != NOTHING;
    const bool linear = summed || (layer->relu && layer->activated == NOTHING);
    const bool scaled = layer->norm_step != NOTHING;
    const bool multiplied = scaled && !layer->folded && layer->batch_norm == NOTHING;
    /* Without a relu and a factor, G's memory holds delta already, once G is there. */
    const bool there =
        !layer->tail_in_consumer && layer->delta == layer->gradient && !layer->relu && !multiplied;
    return (struct tail_gradient){
        .images = fused->images,
        .channels = out->channels,
        .positions = value_positions(out),
        .gradient = region_data(fused, layer->gradient),
        .linear = linear ? value_data(fused, layer->linear, FORM_BLOCKED) : NULL,
        .scale = layer_scale(fused, layer),
        .shift = layer_shift(fused, layer),
        .activated = region_data(fused, layer->activated),
        .relu = layer->relu,
        .ceiling = layer->ceiling,
        .residual = region_data(fused, layer->to_residual),
        .residual_add = layer->residual_add,
        .out = there ? NULL : region_data(fused, layer->delta),
        .out_add = layer->delta_add,
        .scaled = multiplied,
        .sums = summed ? fused->sums : NULL,
        .center = layer->center,
    };
}

void layer_tail_gradient(struct fused *fused, const struct fused_step *step)
{
    const struct tail_gradient tail = tail_gradient_of(fused, step);
    fused->kernels->layer->tail_gradient(&tail);
    if (step->layer->probe != NOTHING)
        finish_sums(fused, step->layer);
}

size_t weight_workspace(const struct fused_layer *layer)
{
    return layer->family->weight_workspace ? layer->family->weight_workspace(&layer->forward) : 0;
}

static void parameter_gradients(struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct blocked_convolution *g = &layer->forward;
    const struct blocked_layer_kernels *kernels = fused->kernels->layer;
    const struct kernel_call *call = &fused->engine.steps[layer->conv_step].call;
    const float *delta = region_data(fused, layer->delta);
    float *weights = call->input_gradients[1].data;
    float *bias = call->input_count > 2 ? call->input_gradients[2].data : NULL;
    if (layer->remakes)
        batch_norm_remake(fused, &fused->steps[fused->values[step->input].producer]);
    const float *input = region_data(fused, layer->weights_input);
    if (weights && weight_workspace(layer) > 0)
        layer->family->weight_gradient(g, input, delta, weights, fused->workspace);
    else if (weights)
        kernels->weight_gradient(g, input, delta, weights);
    if (bias)
        kernels->bias_gradient(g->images, g->out_channels, g->out_height * g->out_width, delta, bias);
}

/* x's gradient; where it goes through another layer's tail, that too. */
static void data_gradient(struct fused *fused, const struct fused_layer *layer)
{
    const struct fused_step *producer =
        layer->producer_tail != NOTHING ? &fused->steps[layer->producer_tail] : NULL;
    const struct tail_gradient tail =
        producer ? tail_gradient_of(fused, producer) : (struct tail_gradient){0};
    const struct blocked_epilogue epilogue = {
        .out = region_data(fused, layer->to_input), .add = layer->input_add, .tail = producer ? &tail : NULL};
    if (tail.sums)
        memset(tail.sums, 0,
               (size_t)(tail.images * TAIL_SUMS * blocked_blocks(tail.channels)) * LANES * sizeof *tail.sums);
    layer->back->run(&layer->transposed, layer->parameters->transposed, region_data(fused, layer->delta),
                     &epilogue, fused->workspace);
    if (producer && producer->layer->probe != NOTHING)
        finish_sums(fused, producer->layer);
}

void layer_backward(struct fused *fused, const struct fused_step *step)
{
    if (step->layer->has_tail_gradient && !step->layer->tail_in_consumer)
        layer_tail_gradient(fused, step);
    layer_convolution_backward(fused, step);
}

void layer_convolution_backward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    if (!layer->convolution)
        return;
    if (layer->weights)
        parameter_gradients(fused, step);
    if (layer->to_input != NOTHING)
        data_gradient(fused, layer);
}

const struct fused_kind kind_layer = {layer_forward, layer_plan_backward, layer_backward};
