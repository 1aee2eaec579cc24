/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers: forward, and the backward pass as unit_backward.c has planned it. */
#include "nn/fused/internal.h"

#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/engine/engine.h"
#include "nn/operator/operator.h"

static const struct unit_numbers *numbers_of(const struct unit *unit)
{
    return unit->owns ? &unit->own : unit->numbers;
}

void unit_forward(struct fused *fused, const struct fused_step *step)
{
    struct unit *unit = step->unit;
    const struct fused_value *out = &fused->values[step->output];
    const struct unit_numbers *numbers = numbers_of(unit);
    const float *input = value_data(fused, step->input, step->from);
    float *raw = value_data(fused, unit->linear, FORM_BLOCKED);
    if (unit->stale) {
        numbers_fill(fused, unit, &unit->own);
        unit->stale = false;
    }
    const struct blocked_epilogue epilogue = {
        .bias = unit->biased ? numbers->bias : NULL,
        .raw = unit->linear != step->output && unit->convolution ? raw : NULL,
        .scale = unit->norm_step != NOTHING ? numbers->scale : NULL,
        .shift = numbers->shift,
        .residual = value_data(fused, unit->residual, FORM_BLOCKED),
        .relu = unit->relu,
        .ceiling = unit->ceiling,
        .out = value_data(fused, step->output, FORM_BLOCKED),
    };
    if (unit->convolution)
        unit->family->run(&unit->forward, numbers->weights, input, &epilogue, fused->workspace);
    else
        fused->kernels->layer->tail(fused->images, out->channels, value_positions(out), input, &epilogue);
}

/* The sums of score/reductions.md (B) from those of the gate: u = scale * (y - center) + rest. */
static void finish_sums(const struct fused *fused, const struct unit *unit)
{
    const struct probe_state *state = &fused->engine->probes[unit->probe];
    const struct unit_numbers *numbers = unit->numbers;
    const int64_t channels = state->channels;
    const size_t stride = (size_t)blocked_blocks((int)channels) * LANES;
    for (int n = 0; n < fused->images; n++) {
        const double *from = fused->sums + (size_t)n * GATE_SUMS * stride;
        double *to = state->sums + (int64_t)n * PROBE_SUMS * channels;
        for (int64_t c = 0; c < channels; c++) {
            const double near = (double)unit->center[c];
            const double exact = state->probe.center ? state->probe.center[c] : 0;
            const double scale = unit->norm_step != NOTHING ? (double)numbers->scale[c] : 1;
            const double shift = unit->norm_step != NOTHING ? (double)numbers->shift[c] : 0;
            const double rest = scale * near + shift;
            const double delta = from[c], centered = from[stride + (size_t)c];
            const double gate = scale * centered + rest * delta;
            to[PROBE_DELTA * channels + c] = delta;
            to[PROBE_DELTA_CENTERED * channels + c] = centered + (near - exact) * delta;
            to[PROBE_GATE * channels + c] = gate;
            if (!unit->lifts)
                continue;
            to[PROBE_LIFT * channels + c] =
                state->probe.activated == state->probe.target
                    ? gate
                    : scale * from[3 * stride + (size_t)c] + rest * from[2 * stride + (size_t)c];
        }
    }
}

static struct blocked_gate gate_of(const struct fused *fused, const struct fused_step *step)
{
    const struct unit *unit = step->unit;
    const struct fused_value *out = &fused->values[step->output];
    const bool linear = unit->probe != NOTHING || (unit->relu && unit->activated == NOTHING);
    const bool scaled = unit->norm_step != NOTHING, multiplied = scaled && !unit->folded;
    /* Without a relu and a factor, G's memory holds delta already, once G is there. */
    const bool there = !unit->given && unit->delta == unit->gradient && !unit->relu && !multiplied;
    return (struct blocked_gate){
        .images = fused->images,
        .channels = out->channels,
        .positions = value_positions(out),
        .gradient = region_data(fused, unit->gradient),
        .linear = linear ? value_data(fused, unit->linear, FORM_BLOCKED) : NULL,
        .scale = scaled ? unit->numbers->scale : NULL,
        .shift = scaled ? unit->numbers->shift : NULL,
        .activated = region_data(fused, unit->activated),
        .relu = unit->relu,
        .ceiling = unit->ceiling,
        .residual = region_data(fused, unit->to_residual),
        .residual_add = unit->residual_add,
        .out = there ? NULL : region_data(fused, unit->delta),
        .out_add = unit->delta_add,
        .scaled = multiplied,
        .sums = unit->probe != NOTHING ? fused->sums : NULL,
        .center = unit->center,
    };
}

static void run_gate(struct fused *fused, const struct fused_step *step)
{
    const struct blocked_gate gate = gate_of(fused, step);
    fused->kernels->layer->gate(&gate);
    if (gate.sums)
        finish_sums(fused, step->unit);
}

static void blocked_weight_gradient(struct fused *fused, const struct fused_step *step)
{
    const struct unit *unit = step->unit;
    const struct kernel_call *call = &fused->engine->steps[unit->conv_step].call;
    fused->kernels->layer->weight_gradient(&unit->forward, value_data(fused, step->input, FORM_BLOCKED),
                                           region_data(fused, unit->delta), call->input_gradients[1].data);
}

static void plain_weight_gradients(struct fused *fused, const struct fused_step *step)
{
    const struct unit *unit = step->unit;
    const struct engine_step *own = &fused->engine->steps[unit->conv_step];
    const struct fused_value *in = &fused->values[step->input];
    const struct blocked_convolution *g = &unit->forward;
    const struct blocked_layer_kernels *layer = fused->kernels->layer;
    struct operand inputs[3] = {{0}}, input_gradients[3] = {{0}}, output_gradient = own->call.outputs[0];
    struct kernel_call call = own->call;
    for (int i = 0; i < call.input_count; i++) {
        inputs[i] = call.inputs[i];
        input_gradients[i] = call.input_gradients[i];
    }
    input_gradients[0].data = NULL;
    inputs[0].data = region_data(fused, unit->plain_input);
    output_gradient.data = region_data(fused, unit->plain_delta);
    if (step->from == FORM_BLOCKED)
        layer->to_plain(fused->images, g->in_channels, value_positions(in),
                        value_data(fused, step->input, FORM_BLOCKED), inputs[0].data, false);
    layer->to_plain(fused->images, g->out_channels, g->out_height * g->out_width,
                    region_data(fused, unit->delta), output_gradient.data, false);
    call.inputs = inputs;
    call.input_gradients = input_gradients;
    call.output_gradients = &output_gradient;
    fused->engine->plan->steps[unit->conv_step].kernels->backward(&call);
}

/* x's gradient; where it goes through another unit's gate, that too. */
static void data_gradient(struct fused *fused, const struct unit *unit)
{
    const struct fused_step *gated = unit->gives != NOTHING ? &fused->steps[unit->gives] : NULL;
    const struct blocked_gate gate = gated ? gate_of(fused, gated) : (struct blocked_gate){0};
    const struct blocked_epilogue epilogue = {
        .out = region_data(fused, unit->to_input), .add = unit->input_add, .gate = gated ? &gate : NULL};
    if (gate.sums)
        memset(gate.sums, 0,
               (size_t)(gate.images * GATE_SUMS * blocked_blocks(gate.channels)) * LANES * sizeof *gate.sums);
    unit->back->run(&unit->transposed, unit->numbers->transposed, region_data(fused, unit->delta), &epilogue,
                    fused->workspace);
    if (gate.sums)
        finish_sums(fused, gated->unit);
}

void unit_backward(struct fused *fused, const struct fused_step *step)
{
    const struct unit *unit = step->unit;
    if (unit->gate && !unit->given)
        run_gate(fused, step);
    if (!unit->convolution)
        return;
    if (unit->weights)
        blocked_weight_gradient(fused, step);
    if (unit->plain_delta != NOTHING)
        plain_weight_gradients(fused, step);
    if (unit->to_input != NOTHING)
        data_gradient(fused, unit);
}

const struct fused_kind kind_unit = {"layer", unit_forward, unit_plan_backward, unit_backward};
