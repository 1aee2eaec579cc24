/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plan a layer's backward pass: where the gradient G of its output goes on, in as few passes over memory as
 * possible. G's own memory becomes delta; where the residual has no gradient yet, it becomes that too. Where
 * a convolution is the last to add to G, it takes G through the tail's gradient itself, before G is in
 * memory. */
#include "nn/fused/internal.h"

#include "base/status.h"

/* Take G's memory over as the gradient of a value that has none yet. */
static bool inherit(struct fused *fused, const struct unit *unit, int value)
{
    int *gradient = &fused->values[value].gradient[FORM_BLOCKED];
    if (*gradient != NOTHING)
        return false;
    *gradient = unit->gradient;
    fused->values[value].giver = NOTHING; /* a gate, not a convolution */
    return true;
}

static status give_residual(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct unit *unit = step->unit;
    status code = gradient_open(fused, step, unit->residual, FORM_BLOCKED, &unit->residual_add, error);
    unit->to_residual = fused->values[unit->residual].gradient[FORM_BLOCKED];
    return code;
}

/* What the gate reads to know the relu's side, and for the sums. */
static void use_sources(struct fused *fused, const struct fused_step *step)
{
    struct unit *unit = step->unit;
    int time = backward_time(fused, step);
    bool derivable = unit->residual == NOTHING &&
                     fused->values[unit->linear].region[FORM_BLOCKED] != NOTHING &&
                     (unit->probe != NOTHING || !unit->convolution);
    if (unit->relu && !derivable)
        unit->activated = fused->values[step->output].region[FORM_BLOCKED];
    region_use(fused, unit->activated, time);
    if (unit->probe != NOTHING || (unit->relu && derivable))
        region_use(fused, fused->values[unit->linear].region[FORM_BLOCKED], time);
}

/* Without a convolution: x's gradient is scale * delta. */
static status plan_loose(struct fused *fused, struct fused_step *step, bool to_input, bool to_residual,
                         struct error *error)
{
    struct unit *unit = step->unit;
    bool inherited = to_input && inherit(fused, unit, step->input);
    unit->gate = true;
    if (inherited) {
        unit->delta = unit->gradient;
    } else if (to_input) {
        if (gradient_open(fused, step, step->input, FORM_BLOCKED, &unit->delta_add, error))
            return error->code;
        unit->delta = fused->values[step->input].gradient[FORM_BLOCKED];
    }
    if (!to_residual)
        return STATUS_OK;
    if (!inherited && inherit(fused, unit, unit->residual)) {
        unit->to_residual = unit->gradient;
        return STATUS_OK;
    }
    return give_residual(fused, step, error);
}

static bool bias_wanted(const struct engine *engine, const struct node *node)
{
    return node->input_count > 2 && node->inputs[2] >= 0 && engine->value_gradients[node->inputs[2]].data;
}

static status plan_weights(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct unit *unit = step->unit;
    const struct engine *engine = fused->engine;
    const struct node *node = &engine->plan->graph->nodes[engine->plan->steps[unit->conv_step].node];
    int time = backward_time(fused, step), x = fused->values[step->input].region[step->from];
    if (step->from == FORM_BLOCKED && unit->forward.groups == 1 && !bias_wanted(engine, node)) {
        unit->weights = true;
        region_use(fused, x, time);
        return STATUS_OK;
    }
    unit->plain_input = x;
    if (step->from == FORM_BLOCKED)
        unit->plain_input = region_new(fused, value_bytes(fused, step->input, FORM_PLAIN));
    unit->plain_delta = region_new(fused, value_bytes(fused, node->outputs[0], FORM_PLAIN));
    if (unit->plain_input == NOTHING || unit->plain_delta == NOTHING)
        return error_memory(error);
    region_use(fused, x, time);
    region_use(fused, unit->plain_input, time);
    region_use(fused, unit->plain_delta, time);
    return STATUS_OK;
}

static status plan_convolution(struct fused *fused, struct fused_step *step, bool to_input, bool to_residual,
                               bool weights, struct error *error)
{
    struct unit *unit = step->unit;
    bool normed = unit->norm_step != NOTHING;
    bool inherited = to_residual && unit->residual != step->input && inherit(fused, unit, unit->residual);
    unit->folded = !weights;
    unit->delta = unit->gradient;
    if (inherited && normed && !unit->folded) {
        unit->to_residual = unit->gradient;
        unit->delta = region_new(fused, value_bytes(fused, step->output, FORM_BLOCKED));
        if (unit->delta == NOTHING)
            return error_memory(error);
        region_use(fused, unit->delta, backward_time(fused, step));
    } else if (to_residual && !inherited && give_residual(fused, step, error)) {
        return error->code;
    }
    unit->gate =
        unit->relu || unit->probe != NOTHING || unit->to_residual != NOTHING || (normed && !unit->folded);
    if (weights && plan_weights(fused, step, error))
        return error->code;
    if (!to_input)
        return STATUS_OK;
    if (gradient_open(fused, step, step->input, FORM_BLOCKED, &unit->input_add, error))
        return error->code;
    unit->to_input = fused->values[step->input].gradient[FORM_BLOCKED];
    return STATUS_OK;
}

/* The unit whose convolution finishes G, when nothing between the two takes part in the backward pass. */
static struct unit *finisher(struct fused *fused, const struct fused_step *step)
{
    const struct unit *unit = step->unit;
    const struct fused_value *out = &fused->values[step->output];
    if (out->giver == NOTHING || out->pinned)
        return NULL;
    const struct fused_step *giver = &fused->steps[out->giver];
    struct unit *other = giver->unit;
    if (!other || !other->convolution || giver->input != step->output || other->to_input != unit->gradient)
        return NULL;
    for (int s = step->index + 1; s < giver->index; s++)
        if (fused->steps[s].backward)
            return NULL;
    /* Its convolution still reads its own delta while the gate writes. */
    return other->delta == unit->delta || other->delta == unit->to_residual ? NULL : other;
}

static void join_gate(struct fused *fused, const struct fused_step *step)
{
    struct unit *unit = step->unit, *other = finisher(fused, step);
    if (!other)
        return;
    const int time = backward_time(fused, &fused->steps[fused->values[step->output].giver]);
    other->gives = step->index;
    unit->given = true;
    region_use(fused, unit->delta, time);
    region_use(fused, unit->to_residual, time);
}

static bool weights_wanted(const struct fused *fused, const struct unit *unit)
{
    const struct engine *engine = fused->engine;
    if (!unit->convolution)
        return false;
    const struct node *node = &engine->plan->graph->nodes[engine->plan->steps[unit->conv_step].node];
    for (int i = 1; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && engine->value_gradients[node->inputs[i]].data)
            return true;
    return false;
}

status unit_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct unit *unit = step->unit;
    bool to_input = fused->values[step->input].exists;
    bool to_residual = unit->residual != NOTHING && fused->values[unit->residual].exists;
    bool weights = weights_wanted(fused, unit);
    unit->gradient = fused->values[step->output].gradient[FORM_BLOCKED];
    if (unit->gradient == NOTHING || !(to_input || to_residual || weights || unit->probe != NOTHING))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, unit->gradient, backward_time(fused, step));
    status code = unit->convolution ? plan_convolution(fused, step, to_input, to_residual, weights, error)
                                    : plan_loose(fused, step, to_input, to_residual, error);
    if (code == STATUS_OK && unit->gate) {
        use_sources(fused, step);
        join_gate(fused, step);
    }
    return code;
}
