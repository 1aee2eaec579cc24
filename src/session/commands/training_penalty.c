/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is added to the loss to make a network sparse. Gradients are those of the mean loss of a batch, to
 * which the gradient of the penalty is added:
 *   l1_scale (Liu et al. 2017, Network Slimming):  c * sum |s| over scales of BatchNorm,  c * sign(s)
 *   group_lasso (Wen et al. 2016):  c * sum over filters f of ||w_f||,  c * w / ||w_f||
 * Filters are those of layers that may be pruned. */
#include <math.h>

#include "base/status.h"
#include "nn/graph/tensor.h"
#include "score/layer.h"
#include "session/commands/training_internal.h"
#include "session/model.h"
#include "session/session.h"
#include "session/training_hooks.h"
#include "train/network.h"

static double element(const struct training_parameter *parameter, int64_t index)
{
    return parameter->real == ELEMENT_DOUBLE ? ((const double *)parameter->data)[index]
                                             : (double)((const float *)parameter->data)[index];
}

static void add_gradient(const struct training_parameter *parameter, int64_t index, double value)
{
    if (parameter->real == ELEMENT_DOUBLE)
        ((double *)parameter->gradient)[index] += value;
    else
        ((float *)parameter->gradient)[index] += (float)value;
}

static double add_scale_penalty(const struct training_parameter *parameter, double factor)
{
    double sum = 0;
    for (int64_t i = 0; i < parameter->elements; i++) {
        const double value = element(parameter, i);
        sum += fabs(value);
        if (value != 0)
            add_gradient(parameter, i, copysign(factor, value));
    }
    return factor * sum;
}

static double add_filter_penalty(const struct training_parameter *parameter, const struct layer *layer,
                                 double factor)
{
    double sum = 0;
    for (int64_t c = 0; c < layer->channels; c++) {
        double squares = 0;
        for (int64_t k = 0; k < layer->filter_length; k++) {
            const double value = element(parameter, filter_place(&layer->places, c, k));
            squares += value * value;
        }
        const double norm = sqrt(squares);
        sum += norm;
        for (int64_t k = 0; norm > 0 && k < layer->filter_length; k++) {
            const int64_t index = filter_place(&layer->places, c, k);
            add_gradient(parameter, index, factor * element(parameter, index) / norm);
        }
    }
    return factor * sum;
}

static const struct layer *layer_of(const struct layers *layers, int value)
{
    for (int i = 0; i < layers->count; i++) {
        if (layers->items[i].weight == value && !layers->items[i].output_layer)
            return &layers->items[i];
    }
    return NULL;
}

static double add_penalties(const struct training_work *work, const struct training_network *network)
{
    const struct training_plan *plan = &work->plan;
    const struct layers *layers = work->call->session->state.model->layers;
    double loss = 0;
    for (int i = 0; i < training_parameter_count(network); i++) {
        const struct training_parameter *parameter = training_parameter(network, i);
        const struct layer *layer = plan->group_lasso > 0 ? layer_of(layers, parameter->given) : NULL;
        if (plan->l1_scale > 0 && parameter->kind == PARAMETER_NORM_SCALE)
            loss += add_scale_penalty(parameter, plan->l1_scale);
        if (layer)
            loss += add_filter_penalty(parameter, layer, plan->group_lasso);
    }
    return loss;
}

status training_penalty(void *argument, struct training_network *network, int64_t step, double rate,
                        double *loss, struct error *error)
{
    struct training_work *work = argument;
    const struct training_hooks *hooks = work->call->session->hooks;
    if (work->plan.l1_scale > 0 || work->plan.group_lasso > 0)
        *loss += add_penalties(work, network);
    if (!hooks || !hooks->penalty)
        return STATUS_OK;
    status code = hooks->penalty(hooks->argument, network, step, rate, loss, error);
    if (code != STATUS_OK)
        work->trouble = *error;
    return code;
}

status training_mask(void *argument, struct training_network *network, int64_t epoch, struct error *error)
{
    struct training_work *work = argument;
    const struct training_hooks *hooks = work->call->session->hooks;
    status code = hooks->mask(hooks->argument, network, epoch, error);
    if (code != STATUS_OK)
        work->trouble = *error;
    return code;
}
