/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fisher information of a gate (Group Fisher pruning, Liu et al. 2021, arXiv 2108.00708): to second order the
 * loss rises by half the mean over images of (dL_n/dg)^2 when a gate g = 1 on the channel is closed, because
 * the gradient itself is near 0 after training and the Hessian near the Fisher information. The paper divides
 * by what the channel takes of memory: its positions. dL_n/dg is the sum over them of u*dL_n/du, the gate in
 * front of the activation function, which for a ReLU is the same as behind it. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/score.h"

static double memory_of(const struct layer_statistics *sums)
{
    return (double)sums->positions;
}

static double nothing_of(const struct layer_statistics *sums)
{
    (void)sums;
    return 1.0;
}

static const struct {
    const char *name, *help;
    double (*cost)(const struct layer_statistics *sums);
} shares[] = {
    [FISHER_MEMORY] = {"memory", "divided by the numbers that the channel's map has, as in the paper",
                       memory_of},
    [FISHER_PLAIN] = {"plain", "half the mean of the squares, not divided: half of taylor:gate", nothing_of},
};

const char *fisher_share_name(int index)
{
    return index >= 0 && index < (int)(sizeof shares / sizeof *shares) ? shares[index].name : NULL;
}

static const char *share_help(int index)
{
    return fisher_share_name(index) ? shares[index].help : NULL;
}

static status score_fisher(const struct criterion_input *input, double *scores,
                           struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    const struct layer_statistics *sums = &input->statistics->layers[input->layer_index];
    const double cost = shares[input->options->fisher].cost(sums);
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = sums->gate_squared[c] / (2.0 * (double)input->statistics->images * cost);
    return STATUS_OK;
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_FISHER, .what = "a measure", .name = fisher_share_name, .help = share_help},
    {0},
};

const struct criterion criterion_fisher = {
    .name = "fisher",
    .title = "Fisher information",
    .help =
        "half the mean over images n of (sum u*dL_n/du)^2, over the memory of the channel's map in numbers; "
        "fisher:plain is not divided",
    .paper = "arXiv 2108.00708",
    .options = CRITERION_FISHER,
    .variants = variants,
    .fixed_needs = NEED_GRADIENTS,
    .score = score_fisher,
};
