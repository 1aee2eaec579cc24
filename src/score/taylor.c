/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taylor expansion of the loss (Molchanov et al. 2019, arXiv 1906.10771), in the six forms that are in use.
 */
#include <math.h>
#include "base/status.h"
#include "score/criteria.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/part.h"
#include "score/score.h"

struct taylor_form {
    const char *name;
    unsigned needs;
    double (*score)(const struct score_statistics *statistics, const struct layer_statistics *sums,
                    int64_t channel);
    struct part_measure part;
};

/* Mean over images of (sum_hw u*delta_n)^2; does not depend on any batch size. */
static double score_gate(const struct score_statistics *statistics, const struct layer_statistics *sums,
                         int64_t channel)
{
    return sums->gate_squared[channel] / (double)statistics->images;
}

/* Mean over batches of the squared gradient of the batch's mean loss: the published code's Taylor-FO-BN. */
static double score_gate_batch(const struct score_statistics *statistics, const struct layer_statistics *sums,
                               int64_t channel)
{
    return sums->gate_batch_squared[channel] / (double)statistics->batches;
}

static double score_gate_abs(const struct score_statistics *statistics, const struct layer_statistics *sums,
                             int64_t channel)
{
    return fabs(sums->gate[channel]) / (double)statistics->images;
}

static double score_weight(const struct score_statistics *statistics, const struct layer_statistics *sums,
                           int64_t channel)
{
    return sums->weight_abs[channel] / (double)statistics->images;
}

static double score_weight_sum(const struct score_statistics *statistics, const struct layer_statistics *sums,
                               int64_t channel)
{
    return fabs(sums->weight_dot[channel]) / (double)statistics->images;
}

/* The sum of the squares, as eq. (8) of the paper has it for a set of weights. */
static double score_weight_squares(const struct score_statistics *statistics,
                                   const struct layer_statistics *sums, int64_t channel)
{
    return sums->product_squared[channel] / ((double)statistics->images * (double)statistics->images);
}

static const struct taylor_form forms[] = {
    [TAYLOR_GATE] = {"gate", NEED_GRADIENTS, score_gate, {0}},
    [TAYLOR_GATE_BATCH] = {"gate-batch", NEED_GRADIENTS, score_gate_batch, {0}},
    [TAYLOR_GATE_ABS] = {"gate-abs", NEED_GRADIENTS, score_gate_abs, {0}},
    [TAYLOR_WEIGHT] = {"weight",
                       NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                       score_weight,
                       {PART_ABSOLUTE_PRODUCT, PART_SUM, PART_ALL}},
    [TAYLOR_WEIGHT_SUM] = {"weight-sum",
                           NEED_GRADIENTS,
                           score_weight_sum,
                           {PART_PRODUCT, PART_SIZE, PART_ALL}},
    [TAYLOR_WEIGHT_SQUARES] = {"weight-squares",
                               NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
                               score_weight_squares,
                               {PART_SQUARED_PRODUCT, PART_SUM, PART_ALL}},
};

const char *taylor_variant_name(int index)
{
    return index >= 0 && index < (int)(sizeof forms / sizeof *forms) ? forms[index].name : NULL;
}

static unsigned needs_taylor(const struct layer *layer, const struct criterion_options *options)
{
    (void)layer;
    return NEED_WEIGHTS | forms[options->taylor].needs;
}

static struct part_measure part_of(const struct criterion_options *options)
{
    return forms[options->taylor].part;
}

static bool is_batched(const struct criterion_options *options)
{
    return options->taylor == TAYLOR_GATE_BATCH;
}

static status score_taylor(const struct criterion_input *input, double *scores,
                           struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    const struct layer_statistics *sums = &input->statistics->layers[input->layer_index];
    for (int64_t c = 0; c < input->layer->channels; c++) {
        scores[c] = forms[input->options->taylor].score(input->statistics, sums, c);
    }
    return STATUS_OK;
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_TAYLOR, .what = "a form", .name = taylor_variant_name},
    {0},
};

const struct criterion criterion_taylor = {
    .name = "taylor",
    .title = "Taylor expansion",
    .help = "first-order change of the loss when a channel goes; by default the mean over images of (sum "
            "u*dL/du)^2",
    .paper = "arXiv 1906.10771",
    .headline = true,
    .options = CRITERION_TAYLOR | CRITERION_BATCH,
    .variants = variants,
    .needs = needs_taylor,
    .batched = is_batched,
    .part_of = part_of,
    .score = score_taylor,
};
