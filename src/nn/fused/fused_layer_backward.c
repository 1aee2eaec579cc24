/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plan a layer's backward pass: where the gradient G of its output goes on, in as few passes over memory as
 * possible. G's own memory becomes delta; where the residual has no gradient yet, it becomes that too. Where
 * a convolution is the last to add to G, it takes G through the tail's gradient itself, before G is in
 * memory. */
#include "nn/fused/internal.h"

#include "base/status.h"
#include "nn/execution/execution.h"

/* Take G's memory over as the gradient of a value that has none yet. */
static bool inherit(struct fused *fused, const struct fused_layer *layer, int value)
{
    int *gradient = &fused->values[value].gradient[FORM_BLOCKED];
    if (*gradient != NOTHING)
        return false;
    *gradient = layer->gradient;
    fused->values[value].last_writer = NOTHING; /* a tail, not a convolution */
    return true;
}

static status open_residual(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct fused_layer *layer = step->layer;
    status code = gradient_open(fused, step, layer->residual, FORM_BLOCKED, &layer->residual_add, error);
    layer->to_residual = fused->values[layer->residual].gradient[FORM_BLOCKED];
    return code;
}

/* What the tail's gradient reads to know the relu's side, and for the sums. */
static void use_sources(struct fused *fused, const struct fused_step *step)
{
    struct fused_layer *layer = step->layer;
    int time = backward_time(fused, step);
    const bool summed = layer->probe != NOTHING || layer->batch_norm != NOTHING;
    bool derivable = layer->residual == NOTHING &&
                     fused->values[layer->linear].region[FORM_BLOCKED] != NOTHING &&
                     (summed || !layer->convolution);
    if (layer->relu && !derivable)
        layer->activated = fused->values[step->output].region[FORM_BLOCKED];
    region_use(fused, layer->activated, time);
    if (summed || (layer->relu && derivable))
        region_use(fused, fused->values[layer->linear].region[FORM_BLOCKED], time);
}

/* A BatchNorm in training mode without a convolution: delta takes G's place, x's gradient follows from it. */
static status plan_batch_norm(struct fused *fused, struct fused_step *step, bool to_input, bool to_residual,
                              struct error *error)
{
    struct fused_layer *layer = step->layer;
    layer->delta = layer->gradient;
    if (to_input && gradient_open(fused, step, step->input, FORM_BLOCKED, &layer->input_add, error))
        return error->code;
    layer->to_input = to_input ? fused->values[step->input].gradient[FORM_BLOCKED] : NOTHING;
    return to_residual ? open_residual(fused, step, error) : STATUS_OK;
}

/* Without a convolution: x's gradient is scale * delta. */
static status plan_elementwise(struct fused *fused, struct fused_step *step, bool to_input, bool to_residual,
                               struct error *error)
{
    struct fused_layer *layer = step->layer;
    layer->has_tail_gradient = true;
    if (layer->batch_norm != NOTHING)
        return plan_batch_norm(fused, step, to_input, to_residual, error);
    bool inherited = to_input && inherit(fused, layer, step->input);
    if (inherited) {
        layer->delta = layer->gradient;
    } else if (to_input) {
        if (gradient_open(fused, step, step->input, FORM_BLOCKED, &layer->delta_add, error))
            return error->code;
        layer->delta = fused->values[step->input].gradient[FORM_BLOCKED];
    }
    if (!to_residual)
        return STATUS_OK;
    if (!inherited && inherit(fused, layer, layer->residual)) {
        layer->to_residual = layer->gradient;
        return STATUS_OK;
    }
    return open_residual(fused, step, error);
}

/* x, for the gradient of the weights. An activation that follows from what the BatchNorm before it keeps
 * anyway is given up on the way forward and made anew: that halves what waits for the way back. */
static status plan_weights(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct fused_layer *layer = step->layer;
    struct fused_value *x = &fused->values[step->input];
    layer->weights = true;
    layer->weights_input = x->region[step->from];
    if (step->from == FORM_BLOCKED && x->producer != NOTHING &&
        batch_norm_remakes(fused, &fused->steps[x->producer])) {
        layer->remakes = x->again == NOTHING;
        if (layer->remakes)
            x->again = region_new(fused, value_bytes(fused, step->input, FORM_BLOCKED));
        layer->weights_input = x->again;
    }
    if (layer->weights_input == NOTHING)
        return error_memory(error);
    region_use(fused, layer->weights_input, backward_time(fused, step));
    return STATUS_OK;
}

static status plan_convolution(struct fused *fused, struct fused_step *step, bool to_input, bool to_residual,
                               bool weights, struct error *error)
{
    struct fused_layer *layer = step->layer;
    bool normed = layer->norm_step != NOTHING;
    bool inherited = to_residual && layer->residual != step->input && inherit(fused, layer, layer->residual);
    layer->folded = !weights && layer->batch_norm == NOTHING;
    layer->delta = layer->gradient;
    if (inherited && normed && !layer->folded) {
        layer->to_residual = layer->gradient;
        layer->delta = region_new(fused, value_bytes(fused, step->output, FORM_BLOCKED));
        if (layer->delta == NOTHING)
            return error_memory(error);
        region_use(fused, layer->delta, backward_time(fused, step));
    } else if (to_residual && !inherited && open_residual(fused, step, error)) {
        return error->code;
    }
    layer->has_tail_gradient =
        layer->relu || layer->probe != NOTHING || layer->to_residual != NOTHING || (normed && !layer->folded);
    if (weights && plan_weights(fused, step, error))
        return error->code;
    if (!to_input)
        return STATUS_OK;
    if (gradient_open(fused, step, step->input, FORM_BLOCKED, &layer->input_add, error))
        return error->code;
    layer->to_input = fused->values[step->input].gradient[FORM_BLOCKED];
    return STATUS_OK;
}

/* The layer whose convolution finishes G, when nothing between the two takes part in the backward pass. */
static struct fused_layer *finishing_consumer(struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct fused_value *out = &fused->values[step->output];
    if (out->last_writer == NOTHING || out->pinned)
        return NULL;
    const struct fused_step *consumer = &fused->steps[out->last_writer];
    struct fused_layer *other = consumer->layer;
    if (!other || !other->convolution || consumer->input != step->output ||
        other->to_input != layer->gradient)
        return NULL;
    for (int s = step->index + 1; s < consumer->index; s++)
        if (fused->steps[s].backward)
            return NULL;
    /* Its convolution still reads its own delta while the tail's gradient is written. */
    return other->delta == layer->delta || other->delta == layer->to_residual ? NULL : other;
}

static void move_tail_gradient(struct fused *fused, const struct fused_step *step)
{
    struct fused_layer *layer = step->layer, *other = finishing_consumer(fused, step);
    if (!other)
        return;
    const int time = backward_time(fused, &fused->steps[fused->values[step->output].last_writer]);
    other->producer_tail = step->index;
    layer->tail_in_consumer = true;
    region_use(fused, layer->delta, time);
    region_use(fused, layer->to_residual, time);
}

static bool weights_wanted(const struct fused *fused, const struct fused_layer *layer)
{
    const struct engine *engine = &fused->engine;
    if (!layer->convolution)
        return false;
    const struct node *node = engine_node(engine, layer->conv_step);
    for (int i = 1; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && engine->value_gradients[node->inputs[i]].data)
            return true;
    return false;
}

status layer_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct fused_layer *layer = step->layer;
    bool to_input = fused->values[step->input].exists;
    bool to_residual = layer->residual != NOTHING && fused->values[layer->residual].exists;
    bool weights = weights_wanted(fused, layer);
    layer->gradient = fused->values[step->output].gradient[FORM_BLOCKED];
    const bool summed = layer->probe != NOTHING || layer->batch_norm != NOTHING;
    if (layer->gradient == NOTHING || !(to_input || to_residual || weights || summed))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, layer->gradient, backward_time(fused, step));
    status code = layer->convolution ? plan_convolution(fused, step, to_input, to_residual, weights, error)
                                     : plan_elementwise(fused, step, to_input, to_residual, error);
    if (code == STATUS_OK && layer->has_tail_gradient) {
        use_sources(fused, step);
        move_tail_gradient(fused, step);
    }
    return code;
}
