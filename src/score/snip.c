/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SNIP (Lee et al. 2019, arXiv 1810.02340): the connection sensitivity of a weight is |w * dL/dw| over the
 * sum of all weights'. A filter has the sum of its weights'. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/part.h"
#include "score/score.h"

/* Over the layers of the pass; layers->count is that of the statistics. */
static double whole_sum(const struct criterion_input *input, const struct layers *layers)
{
    double sum = 0.0;
    for (int i = 0; i < layers->count; i++) {
        const double *parts = input->statistics->layers[i].weight_abs;
        for (int64_t c = 0; parts && c < layers->items[i].channels; c++)
            sum += parts[c];
    }
    return sum;
}

static status score_snip(const struct criterion_input *input, double *scores, struct criterion_report *report,
                         struct error *error)
{
    (void)report;
    (void)error;
    const double *parts = input->statistics->layers[input->layer_index].weight_abs;
    const double whole = whole_sum(input, input->layers);
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = whole > 0.0 ? parts[c] / whole : parts[c];
    return STATUS_OK;
}

const struct criterion criterion_snip = {
    .name = "snip",
    .title = "Connection sensitivity",
    .help = "sum over the filter's weights of |w*dL/dw|, over the same sum of all layers: the order of "
            "taylor:weight, as shares of the network",
    .paper = "arXiv 1810.02340",
    .fixed_needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS,
    .part = {PART_ABSOLUTE_PRODUCT, PART_SUM, PART_ALL}, /* as sums: which share is asked for differs */
    .score = score_snip,
};
