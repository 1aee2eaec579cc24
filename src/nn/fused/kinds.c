/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that are no layers: plain kernels, conversions, pooling, joined channels. */
#include "nn/fused/internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"

static bool has_gradient(const struct fused *fused, int value)
{
    return value >= 0 && fused->values[value].exists;
}

static void use_value(struct fused *fused, const struct fused_step *step, int value, enum form form)
{
    if (value >= 0)
        region_use(fused, fused->values[value].region[form], backward_time(fused, step));
}

/* Open the gradient of a value; a new one is zeroed before the step runs. */
static status open_zeroed(struct fused *fused, struct fused_step *step, int value, enum form form,
                          struct error *error)
{
    bool added;
    status code = gradient_open(fused, step, value, form, &added, error);
    if (code == STATUS_OK && !added)
        step->zeroed[step->zeroed_count++] = fused->values[value].gradient[form];
    return code;
}

static status room_for_zeroed(struct fused *fused, struct fused_step *step, int count, struct error *error)
{
    step->zeroed = arena_alloc(fused->engine.arena, (size_t)count, sizeof *step->zeroed);
    return step->zeroed ? STATUS_OK : error_memory(error);
}

/* --- plain kernels -------------------------------------------------------------------------------------- */

static void plain_forward(struct fused *fused, const struct fused_step *step)
{
    const struct engine_step *own = &fused->engine.steps[step->plan_step];
    if (own->forward)
        own->forward(&own->call);
}

static bool is_view_of(const struct fused *fused, const struct node *node)
{
    int in = node->inputs[0], out = node->outputs[0];
    return in >= 0 && out >= 0 && fused->values[in].region[FORM_PLAIN] != NOTHING &&
           fused->values[in].region[FORM_PLAIN] == fused->values[out].region[FORM_PLAIN];
}

static status plain_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, step->plan_step);
    bool arriving = false;
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];
        if (v < 0 || fused->values[v].gradient[FORM_PLAIN] == NOTHING)
            continue;
        arriving = true;
        region_use(fused, fused->values[v].gradient[FORM_PLAIN], backward_time(fused, step));
    }
    if (!arriving || !fused->engine.plan->steps[step->plan_step].kernels->backward)
        return STATUS_OK;
    if (room_for_zeroed(fused, step, node->input_count, error))
        return error->code;
    int in = node->inputs[0];
    if (is_view_of(fused, node) && has_gradient(fused, in) &&
        fused->values[in].gradient[FORM_PLAIN] == NOTHING) {
        fused->values[in].gradient[FORM_PLAIN] = fused->values[node->outputs[0]].gradient[FORM_PLAIN];
        return STATUS_OK; /* what arrives is there already */
    }
    step->backward = true;
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        use_value(fused, step, v, FORM_PLAIN);
        if (has_gradient(fused, v) && !fused->engine.value_gradients[v].data &&
            open_zeroed(fused, step, v, FORM_PLAIN, error))
            return error->code;
    }
    for (int i = 0; i < node->output_count; i++)
        use_value(fused, step, node->outputs[i], FORM_PLAIN);
    return STATUS_OK;
}

static void plain_backward(struct fused *fused, const struct fused_step *step)
{
    fused->engine.plan->steps[step->plan_step].kernels->backward(&fused->engine.steps[step->plan_step].call);
}

const struct fused_kind kind_plain = {plain_forward, plain_plan_backward, plain_backward};

/* --- conversions ---------------------------------------------------------------------------------------- */

static void convert(const struct fused *fused, int value, bool to_blocked, const float *from, float *to,
                    bool add)
{
    const struct fused_value *v = &fused->values[value];
    (to_blocked ? fused->kernels->layer->to_blocked : fused->kernels->layer->to_plain)(
        fused->images, v->channels, value_positions(v), from, to, add);
}

static void convert_forward(struct fused *fused, const struct fused_step *step)
{
    enum form to = (enum form) !step->from;
    convert(fused, step->output, to == FORM_BLOCKED, value_data(fused, step->input, step->from),
            value_data(fused, step->output, to), false);
}

static status convert_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    int from = fused->values[step->output].gradient[!step->from];
    if (from == NOTHING || !has_gradient(fused, step->input))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, from, backward_time(fused, step));
    return gradient_open(fused, step, step->input, step->from, &step->add, error);
}

static void convert_backward(struct fused *fused, const struct fused_step *step)
{
    enum form from = (enum form) !step->from;
    convert(fused, step->output, from == FORM_PLAIN, value_gradient(fused, step->output, from),
            value_gradient(fused, step->input, step->from), step->add);
}

const struct fused_kind kind_convert = {convert_forward, convert_plan_backward, convert_backward};

/* --- pooling -------------------------------------------------------------------------------------------- */

static struct blocked_pooling pooling_of(const struct fused *fused, const struct fused_step *step)
{
    return (struct blocked_pooling){fused->images, fused->values[step->input].channels,
                                    fused->engine.plan->steps[step->plan_step].plan};
}

static void max_forward(struct fused *fused, const struct fused_step *step)
{
    const struct blocked_pooling pooling = pooling_of(fused, step);
    fused->kernels->layer->max_forward(&pooling, value_data(fused, step->input, FORM_BLOCKED),
                                       value_data(fused, step->output, FORM_BLOCKED));
}

static void average_forward(struct fused *fused, const struct fused_step *step)
{
    const struct blocked_pooling pooling = pooling_of(fused, step);
    fused->kernels->layer->average_forward(&pooling, value_data(fused, step->input, FORM_BLOCKED),
                                           value_data(fused, step->output, FORM_BLOCKED));
}

/* The gradient arrives in the form that the step makes. */
static status pool_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    const struct fused_value *out = &fused->values[step->output];
    int gradient = out->gradient[out->made];
    if (gradient == NOTHING || !has_gradient(fused, step->input))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, gradient, backward_time(fused, step));
    return room_for_zeroed(fused, step, 1, error) ||
                   open_zeroed(fused, step, step->input, FORM_BLOCKED, error)
               ? error->code
               : STATUS_OK;
}

static status max_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    status code = pool_plan_backward(fused, step, error);
    if (step->backward)
        use_value(fused, step, step->input, FORM_BLOCKED);
    return code;
}

static void max_backward(struct fused *fused, const struct fused_step *step)
{
    const struct blocked_pooling pooling = pooling_of(fused, step);
    fused->kernels->layer->max_backward(&pooling, value_data(fused, step->input, FORM_BLOCKED),
                                        value_gradient(fused, step->output, FORM_BLOCKED),
                                        value_gradient(fused, step->input, FORM_BLOCKED));
}

static void average_backward(struct fused *fused, const struct fused_step *step)
{
    const struct blocked_pooling pooling = pooling_of(fused, step);
    fused->kernels->layer->average_backward(&pooling, value_gradient(fused, step->output, FORM_BLOCKED),
                                            value_gradient(fused, step->input, FORM_BLOCKED));
}

/* The mean over all positions, from blocks to one number per channel in the plain layout. */
static void global_forward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_value *v = &fused->values[step->input];
    const float *from = value_data(fused, step->input, FORM_BLOCKED);
    float *to = value_data(fused, step->output, FORM_PLAIN);
    const int positions = value_positions(v);
    for (int n = 0; n < fused->images; n++)
        for (int first = 0; first < v->channels; first += LANES) {
            double sums[LANES] = {0};
            for (int i = 0; i < positions; i++, from += LANES)
                for (int c = 0; c < LANES; c++)
                    sums[c] += (double)from[c];
            for (int c = 0; c < LANES && first + c < v->channels; c++)
                *to++ = (float)(sums[c] / positions);
        }
}

static void global_backward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_value *v = &fused->values[step->input];
    const float *from = value_gradient(fused, step->output, FORM_PLAIN);
    float *to = value_gradient(fused, step->input, FORM_BLOCKED);
    const int positions = value_positions(v);
    for (int n = 0; n < fused->images; n++)
        for (int first = 0; first < v->channels; first += LANES) {
            float share[LANES] = {0};
            for (int c = 0; c < LANES && first + c < v->channels; c++)
                share[c] = (float)((double)*from++ / positions);
            for (int i = 0; i < positions; i++, to += LANES)
                for (int c = 0; c < LANES; c++)
                    to[c] += share[c];
        }
}

const struct fused_kind kind_max_pool = {max_forward, max_plan_backward, max_backward};
const struct fused_kind kind_average_pool = {average_forward, pool_plan_backward, average_backward};
const struct fused_kind kind_global_average = {global_forward, pool_plan_backward, global_backward};

/* --- joined channels ------------------------------------------------------------------------------------ */

static void concat_forward(struct fused *fused, const struct fused_step *step)
{
    const struct node *node = engine_node(&fused->engine, step->plan_step);
    float *to = value_data(fused, step->output, FORM_BLOCKED);
    for (int n = 0; n < fused->images; n++)
        for (int i = 0; i < node->input_count; i++) {
            const size_t floats = value_image_floats(&fused->values[node->inputs[i]]);
            memcpy(to, value_data(fused, node->inputs[i], FORM_BLOCKED) + (size_t)n * floats,
                   floats * sizeof *to);
            to += floats;
        }
}

static status concat_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, step->plan_step);
    int gradient = fused->values[step->output].gradient[FORM_BLOCKED];
    if (gradient == NOTHING)
        return STATUS_OK;
    step->backward = true;
    region_use(fused, gradient, backward_time(fused, step));
    if (room_for_zeroed(fused, step, node->input_count, error))
        return error->code;
    for (int i = 0; i < node->input_count; i++)
        if (has_gradient(fused, node->inputs[i]) &&
            open_zeroed(fused, step, node->inputs[i], FORM_BLOCKED, error))
            return error->code;
    return STATUS_OK;
}

static void concat_backward(struct fused *fused, const struct fused_step *step)
{
    const struct node *node = engine_node(&fused->engine, step->plan_step);
    const float *from = value_gradient(fused, step->output, FORM_BLOCKED);
    for (int n = 0; n < fused->images; n++)
        for (int i = 0; i < node->input_count; i++) {
            const size_t floats = value_image_floats(&fused->values[node->inputs[i]]);
            float *to = value_gradient(fused, node->inputs[i], FORM_BLOCKED);
            for (size_t k = 0; to && k < floats; k++)
                to[(size_t)n * floats + k] += from[k];
            from += floats;
        }
}

const struct fused_kind kind_concat = {concat_forward, concat_plan_backward, concat_backward};
