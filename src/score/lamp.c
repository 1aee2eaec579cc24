/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LAMP (Lee et al. 2021, arXiv 2010.07611): the paper gives each weight its square over the sum of the
 * squares of its layer's weights that are not smaller. Here the same of filters and their squared lengths.
 * Within a layer the order is that of l2; over layers the largest filter of each has the score 1. */
#include <math.h>
#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/part.h"
#include "score/score.h"

/* Lengths of all filters over the largest, so that no square overflows. */
static status shares_of_largest(const struct criterion_input *input, double *lengths, struct error *error)
{
    const struct layer *layer = input->layer;
    double *filter = mem_new((size_t)layer->filter_length, sizeof *filter), largest = 0.0;
    if (!filter)
        return error_memory(error);
    for (int64_t c = 0; c < layer->channels; c++) {
        layer_filter(input->graph, layer, c, filter);
        lengths[c] = vector_norm(filter, layer->filter_length);
        if (!isfinite(lengths[c])) {
            mem_free(filter);
            return error_set(error, STATUS_NAN, "a weight is not a finite number");
        }
        largest = fmax(largest, lengths[c]);
    }
    for (int64_t c = 0; largest > 0.0 && c < layer->channels; c++)
        lengths[c] /= largest;
    mem_free(filter);
    return STATUS_OK;
}

static status score_lamp(const struct criterion_input *input, double *scores, struct criterion_report *report,
                         struct error *error)
{
    (void)report;
    const int64_t count = input->layer->channels;
    int64_t *order = mem_new((size_t)count, sizeof *order);
    status code = order ? shares_of_largest(input, scores, error) : error_memory(error);
    if (code == STATUS_OK)
        code = order_of(scores, count, order, error);
    double not_smaller = 0.0;
    for (int64_t i = count - 1; code == STATUS_OK && i >= 0; i--) {
        const double square = scores[order[i]] * scores[order[i]];
        not_smaller += square;
        scores[order[i]] = not_smaller > 0.0 ? square / not_smaller : 0.0;
    }
    mem_free(order);
    return code;
}

const struct criterion criterion_lamp = {
    .name = "lamp",
    .title = "Layer-adaptive magnitude",
    .help = "||F_i||^2 over the sum of ||F_j||^2 of the filters of its layer that are not smaller, so that "
            "layers can be ranked together",
    .paper = "arXiv 2010.07611",
    .fixed_needs = NEED_WEIGHTS,
    .part = {PART_SQUARE, PART_SHARE, PART_ALL},
    .score = score_lamp,
};
