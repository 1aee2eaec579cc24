/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Variance-based pruning (Berisha et al. 2025, arXiv 2507.12988): the variance of what a channel is behind
 * its activation function, over images and positions. What hardly varies can be replaced by its mean, which
 * `apply compensate=yes` puts into the biases behind it (prune/compensate.h): the paper's mean-shift
 * compensation. */
#include <math.h>
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_variance(const struct criterion_input *input, double *scores,
                             struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    const struct activation_statistics *maps = &input->statistics->layers[input->layer_index].activation;
    const double count = (double)input->statistics->images * (double)maps->positions;
    for (int64_t c = 0; c < input->layer->channels; c++) {
        const double mean = maps->sum[c] / count, variance = maps->squared[c] / count - mean * mean;
        scores[c] = variance < 0.0 ? 0.0 : variance; /* rounding, where nothing varies */
    }
    return STATUS_OK;
}

const struct criterion criterion_variance = {
    .name = "variance",
    .title = "Variance",
    .help = "E[h^2] - E[h]^2 of a channel behind its activation function, over images and positions; the "
            "paper goes on with the means of what goes: apply compensate=yes",
    .paper = "arXiv 2507.12988",
    .fixed_needs = NEED_ACTIVATIONS,
    .score = score_variance,
};
