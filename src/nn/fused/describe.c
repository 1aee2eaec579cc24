/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fused step is and moves, for nn/execution/times.h. */
#include <stdio.h>

#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/execution/execution.h"
#include "nn/execution/times.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"

static const struct {
    const struct fused_kind *kind;
    const char *name;
} names[] = {{&kind_convert, "convert"},
             {&kind_max_pool, "max pool"},
             {&kind_average_pool, "average pool"},
             {&kind_global_average, "global"},
             {&kind_concat, "concat"},
             {&kind_layer, "tail"},
             {&kind_move, "move"},
             {&kind_norm, "layer norm"},
             {&kind_gelu, "gelu"},
             {&kind_softmax, "softmax"},
             {&kind_sum, "sum"},
             {&kind_to_rows, "to rows"},
             {&kind_from_rows, "from rows"},
             {&kind_linear, "linear"},
             {&kind_product, "product"}};

static const char *kind_name(const struct fused *fused, const struct fused_step *step)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].kind == step->kind)
            return names[i].name;
    return fused->engine.plan->steps[step->plan_step].op->name;
}

static double per_image(const struct fused *fused, int region)
{
    return region < 0 ? 0 : (double)fused->regions[region].bytes / (double)fused->images;
}

static double content(const struct fused *fused, int value, enum form form)
{
    return value < 0 ? 0 : per_image(fused, fused->values[value].region[form]);
}

static double weights_of(const struct fused *fused, const struct blocked_family *family,
                         const struct blocked_convolution *geometry)
{
    return (double)(family->weights_size(geometry) * sizeof(float)) / (double)fused->images;
}

static void describe_convolution(const struct fused *fused, const struct fused_layer *layer,
                                 struct step_time *time)
{
    const double macs = engine_step_macs(&fused->engine, layer->conv_step);
    time->of[FORWARD_PASS].kernel = layer->family->name;
    time->of[FORWARD_PASS].macs = macs;
    time->of[FORWARD_PASS].bytes += weights_of(fused, layer->family, &layer->forward);
    if (layer->to_input == NOTHING)
        return;
    time->of[BACKWARD_PASS].kernel = layer->back->name;
    time->of[BACKWARD_PASS].macs = macs * (layer->weights ? 2 : 1);
    time->of[BACKWARD_PASS].bytes += weights_of(fused, layer->back, &layer->transposed);
}

/* Of a layer's tail, wherever it is done: G, what tells the sides and the sums, and what is written. */
static double tail_bytes(const struct fused *fused, const struct fused_layer *layer)
{
    double bytes = layer->tail_in_consumer ? 0 : per_image(fused, layer->gradient);
    if (layer->probe != NOTHING || (layer->relu && layer->activated == NOTHING))
        bytes += content(fused, layer->linear, FORM_BLOCKED);
    bytes += per_image(fused, layer->activated);
    bytes += per_image(fused, layer->to_residual) * (layer->residual_add ? 2 : 1);
    return bytes + per_image(fused, layer->delta) * (layer->delta_add ? 2 : 1);
}

static void describe_layer(const struct fused *fused, const struct fused_step *step, struct step_time *time)
{
    const struct fused_layer *layer = step->layer;
    double *forward = &time->of[FORWARD_PASS].bytes, *back = &time->of[BACKWARD_PASS].bytes;
    *forward = content(fused, step->input, step->from) + content(fused, step->output, FORM_BLOCKED) +
               content(fused, layer->residual, FORM_BLOCKED);
    if (layer->convolution && layer->linear != step->output)
        *forward += content(fused, layer->linear, FORM_BLOCKED);
    if (step->backward) {
        time->of[BACKWARD_PASS].kernel = "tail";
        if (layer->has_tail_gradient && !layer->tail_in_consumer)
            *back += tail_bytes(fused, layer);
        if (layer->to_input != NOTHING)
            *back += per_image(fused, layer->delta);
        if (layer->to_input != NOTHING && layer->producer_tail == NOTHING)
            *back += per_image(fused, layer->to_input) * (layer->input_add ? 2 : 1);
        if (layer->producer_tail != NOTHING)
            *back += tail_bytes(fused, fused->steps[layer->producer_tail].layer) +
                     (layer->input_add ? per_image(fused, layer->to_input) : 0);
    }
    if (layer->convolution)
        describe_convolution(fused, layer, time);
}

/* A linear layer whose weights have a gradient, which is a product of its own. */
static bool learns_weights(const struct fused *fused, const struct fused_step *step)
{
    if (!step->token || step->token->weight.plan_step == NOTHING)
        return false;
    const struct constant_operand *weight = &step->token->weight;
    const int value = engine_node(&fused->engine, weight->plan_step)->inputs[weight->input];
    return fused->engine.value_gradients[value].data != NULL;
}

static void describe_other(const struct fused *fused, const struct fused_step *step, struct step_time *time)
{
    const enum form to = step->kind == &kind_convert ? (enum form) !step->from : step->from;
    const double in = content(fused, step->input, step->from), out = content(fused, step->output, to);
    time->of[FORWARD_PASS].bytes = in + out;
    const int product = step->token ? step->token->weight.plan_step : step->plan_step;
    if (product != NOTHING)
        time->of[FORWARD_PASS].macs = engine_step_macs(&fused->engine, product);
    if (!step->backward)
        return;
    time->of[BACKWARD_PASS].kernel = time->of[FORWARD_PASS].kernel;
    time->of[BACKWARD_PASS].macs = time->of[FORWARD_PASS].macs * (learns_weights(fused, step) ? 2 : 1);
    time->of[BACKWARD_PASS].bytes = in + out;
}

void fused_describe(const struct engine *engine, int index, struct step_time *time)
{
    const struct fused *fused = (const struct fused *)engine;
    const struct fused_step *step = &fused->steps[index];
    const int plan_step = step->layer && step->layer->convolution ? step->layer->conv_step
                          : step->token                           ? step->token->weight.plan_step
                                                                  : step->plan_step;
    const char *name = plan_step != NOTHING ? engine_node(engine, plan_step)->name
                                            : engine->plan->graph->values[step->output].name;
    snprintf(time->name, sizeof time->name, "%s", name ? name : "");
    time->node = plan_step != NOTHING ? engine->plan->steps[plan_step].node : -1;
    time->of[FORWARD_PASS].kernel = kind_name(fused, step);
    if (step->layer)
        describe_layer(fused, step, time);
    else
        describe_other(fused, step, time);
}
