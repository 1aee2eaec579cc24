/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the steps of a plan to layers: convolutions and what they take in, and what else has blocked kernels
 * of a layer's tail. */
#include "nn/fused/recognise_internal.h"

#include <limits.h>
#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/activation.h"
#include "nn/operator/convolution.h"
#include "nn/operator/operator.h"
#include "nn/operator/window.h"

/* --- what can be fused ---------------------------------------------------------------------------------- */

static bool norm_fits(const struct fused *fused, int p)
{
    if (!plan_step_is(fused, p, "BatchNormalization") || fused->absorbed[p])
        return false;
    const struct node *node = engine_node(&fused->engine, p);
    if (!fused->values[node->inputs[0]].fits)
        return false;
    for (int i = 1; i < node->input_count; i++)
        if (!value_is_constant(fused, node->inputs[i]) || value_is_wanted(fused, node->inputs[i]))
            return false;
    return true;
}

/* A Mul by one constant number for each channel, which is a BatchNorm without a shift. */
static bool scale_fits(const struct fused *fused, int p, int value)
{
    if (!plan_step_is(fused, p, "Mul") || fused->absorbed[p] || !fused->values[value].fits)
        return false;
    const int factor = other_operand(fused, p, value);
    if (!value_is_constant(fused, factor) || value_is_constant(fused, value) ||
        value_is_wanted(fused, factor))
        return false;
    const struct shape *shape = &fused->engine.values[factor].shape;
    const int rank = shape->rank;
    return (rank == 3 || (rank == 4 && shape->dim[0] == 1)) && shape->dim[rank - 1] == 1 &&
           shape->dim[rank - 2] == 1 && shape->dim[rank - 3] == fused->values[value].channels;
}

/* Relu, or Clip from 0 to something; *ceiling is 0 for Relu. */
static bool activation_fits(const struct fused *fused, int p, float *ceiling)
{
    *ceiling = 0;
    if (p < 0 || fused->absorbed[p])
        return false;
    if (plan_step_is(fused, p, "Relu"))
        return true;
    if (!plan_step_is(fused, p, "Clip"))
        return false;
    const struct activation *clip = fused->engine.plan->steps[p].plan;
    if (clip->alpha != 0 || !(clip->beta > 0))
        return false;
    *ceiling = isinf(clip->beta) ? 0 : (float)clip->beta;
    return true;
}

static bool geometry_of(const struct fused *fused, int p, struct blocked_convolution *geometry)
{
    const struct convolution *plan = fused->engine.plan->steps[p].plan;
    const struct node *node = engine_node(&fused->engine, p);
    const struct window *w = &plan->window;
    if (w->spatial != 2 || !fused->values[node->inputs[0]].fits || !fused->values[node->outputs[0]].fits ||
        !value_is_constant(fused, node->inputs[1]) ||
        (node->input_count > 2 && !value_is_constant(fused, node->inputs[2])))
        return false;
    for (int d = 1; d < WINDOW_DIMENSIONS; d++)
        if (w->kernel[d] > SHRT_MAX || w->stride[d] > SHRT_MAX || w->dilation[d] > SHRT_MAX ||
            w->before[d] > SHRT_MAX || w->after[d] > SHRT_MAX)
            return false;
    *geometry = (struct blocked_convolution){
        .images = fused->images,
        .in_channels = (int)(plan->channels * plan->groups),
        .out_channels = (int)(plan->filters * plan->groups),
        .in_height = (int)w->in[1],
        .in_width = (int)w->in[2],
        .out_height = (int)w->out[1],
        .out_width = (int)w->out[2],
        .kernel_height = (int)w->kernel[1],
        .kernel_width = (int)w->kernel[2],
        .stride_height = (int)w->stride[1],
        .stride_width = (int)w->stride[2],
        .dilation_height = (int)w->dilation[1],
        .dilation_width = (int)w->dilation[2],
        .pad_top = (int)w->before[1],
        .pad_left = (int)w->before[2],
        .groups = (int)plan->groups,
    };
    return convolution_fits(fused, geometry);
}

/* --- probes --------------------------------------------------------------------------------------------- */

/* What a convolution's layer will have of what the probe looks at: nothing, y and u only, or G as well. */
enum probe_fit { PROBE_APART, PROBE_TARGET, PROBE_WHOLE };

static enum probe_fit probe_fits(const struct fused *fused, const struct probe *probe, const int *producer)
{
    struct blocked_convolution geometry;
    float ceiling;
    int p = producer[probe->linear], next, target = probe->linear;
    if (p < 0 || !plan_step_is(fused, p, "Conv") || !geometry_of(fused, p, &geometry))
        return PROBE_APART;
    if ((next = sole_user(fused, target)) != NOTHING && norm_fits(fused, next))
        target = engine_node(&fused->engine, next)->outputs[0];
    if (target != probe->target)
        return PROBE_APART;
    if (probe->activated == target)
        return PROBE_WHOLE;
    next = sole_user(fused, target);
    if (next == NOTHING) /* h is made of several steps that read u: the layer ends with u */
        return PROBE_TARGET;
    return activation_fits(fused, next, &ceiling) &&
                   engine_node(&fused->engine, next)->outputs[0] == probe->activated
               ? PROBE_WHOLE
               : PROBE_APART;
}

void pin_probes(struct fused *fused, const int *producer)
{
    const struct engine *engine = &fused->engine;
    for (int i = 0; i < engine->probe_count; i++) {
        const struct probe *probe = &engine->probes[i].probe;
        enum probe_fit fit = probe_fits(fused, probe, producer);
        for (int k = 0; k < engine->probe_count; k++)
            if (k != i && engine->probes[k].probe.linear == probe->linear)
                fit = PROBE_APART;
        if (fit == PROBE_APART)
            fused->values[probe->linear].pinned = fused->values[probe->target].pinned = true;
        if (fit != PROBE_WHOLE)
            fused->values[probe->activated].pinned = true;
    }
}

static int probe_at(const struct fused *fused, int linear, int target)
{
    const struct engine *engine = &fused->engine;
    for (int i = 0; i < engine->probe_count; i++)
        if (engine->probes[i].probe.linear == linear && engine->probes[i].probe.target == target &&
            !fused->values[linear].pinned && !fused->values[target].pinned)
            return i;
    return NOTHING;
}

/* Whether G is the gradient of the layer's output, or of its target. */
static bool has_lift(const struct fused *fused, const struct fused_layer *layer, int output)
{
    const int activated = fused->engine.probes[layer->probe].probe.activated;
    return activated == layer->target || activated == output;
}

/* --- layers --------------------------------------------------------------------------------------------- */

/* An Add of `value` to another value of the same shape, which is there already. */
static bool add_fits(const struct fused *fused, int p, int value)
{
    if (!plan_step_is(fused, p, "Add") || fused->absorbed[p])
        return false;
    int other = other_operand(fused, p, value);
    const struct operand *operands = fused->engine.values;
    return other != value && !value_is_constant(fused, other) && fused->values[other].fits &&
           shape_equal(&operands[other].shape, &operands[value].shape) && value_is_made(fused, other);
}

/* What a layer takes in, in a list that is absorbed once the step is there. */
struct layer_draft {
    struct fused_layer layer;
    int input, output; /* values */
    int taken[4], taken_count;
};

static int take(const struct fused *fused, struct layer_draft *draft, int p)
{
    draft->taken[draft->taken_count++] = p;
    draft->output = engine_node(&fused->engine, p)->outputs[0];
    return draft->output;
}

/* The tail behind value `at`: BatchNorm, Add, Relu, each only where nobody else looks at what is before. A
 * layer without a convolution begins with one of them, `first`. */
static void draft_epilogue(const struct fused *fused, struct layer_draft *draft, int at, int first)
{
    struct fused_layer *layer = &draft->layer;
    layer->linear = at;
    int next = first != NOTHING ? first : sole_user(fused, at);
    if (first != NOTHING && scale_fits(fused, next, at)) {
        layer->norm_step = next;
        at = take(fused, draft, next);
        next = sole_user(fused, at);
    } else if (norm_fits(fused, next)) {
        layer->norm_step = next;
        layer->batch_norm = fused->engine.norm_of ? fused->engine.norm_of[next] : NOTHING;
        at = take(fused, draft, next);
        next = sole_user(fused, at);
    }
    layer->target = at;
    if (next != NOTHING && add_fits(fused, next, at)) {
        layer->residual = other_operand(fused, next, at);
        at = take(fused, draft, next);
        next = sole_user(fused, at);
    }
    if (activation_fits(fused, next, &layer->ceiling)) {
        layer->relu = true;
        take(fused, draft, next);
    }
}

static status make_layer(struct fused *fused, struct layer_draft *draft, enum form from, struct error *error)
{
    struct fused_layer *layer = arena_alloc(fused->engine.arena, 1, sizeof *layer);
    if (!layer)
        return error_memory(error);
    if (value_in_form(fused, draft->input, from, error))
        return error->code;
    if (draft->layer.residual != NOTHING && value_in_form(fused, draft->layer.residual, FORM_BLOCKED, error))
        return error->code;
    *layer = draft->layer;
    struct fused_step *step = step_new(fused, &kind_layer, NOTHING, draft->input, from);
    if (!step)
        return error_memory(error);
    step->layer = layer;
    step->output = draft->output;
    for (int i = 0; i < draft->taken_count; i++)
        step_absorb(fused, draft->taken[i], step->index);
    const bool kept = layer->probe != NOTHING || layer->batch_norm != NOTHING;
    if (kept && layer->convolution && layer->linear != step->output &&
        step_makes(fused, step, layer->linear, FORM_BLOCKED, error))
        return error->code;
    return step_makes(fused, step, step->output, FORM_BLOCKED, error);
}

static struct layer_draft empty_draft(int input)
{
    return (struct layer_draft){.input = input,
                                .layer = {.conv_step = NOTHING,
                                          .norm_step = NOTHING,
                                          .batch_norm = NOTHING,
                                          .residual = NOTHING,
                                          .probe = NOTHING,
                                          .activated = NOTHING,
                                          .to_residual = NOTHING,
                                          .delta = NOTHING,
                                          .to_input = NOTHING,
                                          .gradient = NOTHING,
                                          .weights_input = NOTHING,
                                          .producer_tail = NOTHING}};
}

status recognise_convolution(struct fused *fused, int p, bool *made, struct error *error)
{
    struct blocked_convolution geometry;
    if (!plan_step_is(fused, p, "Conv") || !geometry_of(fused, p, &geometry))
        return STATUS_OK;
    *made = true;
    const struct node *node = engine_node(&fused->engine, p);
    int input = node->inputs[0];
    struct layer_draft draft = empty_draft(input);
    struct fused_layer *layer = &draft.layer;
    layer->convolution = true;
    layer->conv_step = p;
    layer->forward = geometry;
    layer->biased = node->input_count > 2 && node->inputs[2] != VALUE_NONE;
    draft_epilogue(fused, &draft, take(fused, &draft, p), NOTHING);
    layer->probe = probe_at(fused, layer->linear, layer->target);
    layer->sums_lift = layer->probe != NOTHING && has_lift(fused, layer, draft.output);
    /* The images themselves: no need to spread their three channels over a block. */
    layer->forward.planar =
        geometry.groups == 1 && geometry.in_channels < LANES / 2 && input == fused->engine.input;
    layer->family = choose_family(fused, &layer->forward);
    layer->transposed = blocked_transposed(&geometry);
    if (fused->values[input].exists)
        layer->back = choose_family(fused, &layer->transposed);
    return make_layer(fused, &draft, layer->forward.planar ? FORM_PLAIN : FORM_BLOCKED, error);
}

/* On values that are blocked already. */
status recognise_elementwise(struct fused *fused, int p, bool *made, struct error *error)
{
    float ceiling;
    const struct node *node = engine_node(&fused->engine, p);
    bool add = plan_step_is(fused, p, "Add");
    int input = node->inputs[0];
    if (plan_step_is(fused, p, "Mul") && value_is_constant(fused, input))
        input = node->inputs[1];
    if (!add && !norm_fits(fused, p) && !scale_fits(fused, p, input) && !activation_fits(fused, p, &ceiling))
        return STATUS_OK;
    if (value_is_constant(fused, input) || !fused->values[input].fits)
        return STATUS_OK;
    if (add && (!add_fits(fused, p, input) || !value_is_made(fused, input)))
        return STATUS_OK;
    if (!value_has_form(fused, input, FORM_BLOCKED) &&
        !(add && value_has_form(fused, node->inputs[1], FORM_BLOCKED)))
        return STATUS_OK;
    struct layer_draft draft = empty_draft(input);
    draft_epilogue(fused, &draft, input, p);
    *made = true;
    return make_layer(fused, &draft, FORM_BLOCKED, error);
}
