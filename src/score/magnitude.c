/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Magnitude: sum of absolute weights (l1), Euclidean length (l2), BatchNorm scale (bn). The bias is left out.
 */
#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/part.h"
#include "score/score.h"

static double absolute_sum(const double *values, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        sum += fabs(values[i]);
    }
    return sum;
}

static status score_filters(const struct criterion_input *input, double *scores,
                            double (*measure)(const double *values, int64_t count), struct error *error)
{
    return layer_measure_filters(input->graph, input->layer, measure, scores) ? STATUS_OK
                                                                              : error_memory(error);
}

static status score_l1(const struct criterion_input *input, double *scores, struct criterion_report *report,
                       struct error *error)
{
    (void)report;
    return score_filters(input, scores, absolute_sum, error);
}

static status score_l2(const struct criterion_input *input, double *scores, struct criterion_report *report,
                       struct error *error)
{
    (void)report;
    return score_filters(input, scores, vector_norm, error);
}

static const char *lack_of_norm(const struct layer *layer)
{
    return layer->norm_node < 0 ? "it has no BatchNorm" : NULL;
}

static status score_bn(const struct criterion_input *input, double *scores, struct criterion_report *report,
                       struct error *error)
{
    const struct layer *layer = input->layer;
    (void)report;
    double *scale = layer_parameter(input->graph, layer, layer->scale);
    if (!scale) {
        return error_memory(error);
    }
    for (int64_t c = 0; c < layer->channels; c++) {
        scores[c] = fabs(scale[c]);
    }
    mem_free(scale);
    return STATUS_OK;
}

const struct criterion criterion_l1 = {
    .name = "l1",
    .title = "Magnitude (l1)",
    .help = "sum of the absolute weights of a filter",
    .paper = "arXiv 1608.08710",
    .headline = true,
    .fixed_needs = NEED_WEIGHTS,
    .part = {PART_ABSOLUTE, PART_SUM, PART_ALL},
    .score = score_l1,
};
const struct criterion criterion_l2 = {
    .name = "l2",
    .title = "Magnitude (l2)",
    .help = "Euclidean length of a filter",
    .fixed_needs = NEED_WEIGHTS,
    .part = {PART_SQUARE, PART_ROOT, PART_ALL},
    .score = score_l2,
};
const struct criterion criterion_bn = {
    .name = "bn",
    .title = "BatchNorm scale",
    .help = "absolute value of a channel's BatchNorm scale",
    .paper = "arXiv 1708.06519",
    .lack = lack_of_norm,
    .fixed_needs = NEED_WEIGHTS,
    .part = {PART_ABSOLUTE, PART_SUM, PART_SCALES},
    .score = score_bn,
};
