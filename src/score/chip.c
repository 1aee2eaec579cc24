/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CHIP (Sui et al. 2021, arXiv 2110.13981): the independence of a channel is how much the nuclear norm of an
 * image's maps, one row per channel, falls when the channel's row is set to zero (score/nuclear.h). */
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_chip(const struct criterion_input *input, double *scores, struct criterion_report *report,
                         struct error *error)
{
    (void)report;
    (void)error;
    const struct activation_statistics *maps = &input->statistics->layers[input->layer_index].activation;
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = maps->independence[c] / (double)input->statistics->images;
    return STATUS_OK;
}

const struct criterion criterion_chip = {
    .name = "chip",
    .title = "Channel independence",
    .help =
        "mean over images of ||A|| - ||A without channel i||, the nuclear norms of the layer's maps, one row "
        "per channel",
    .paper = "arXiv 2110.13981",
    .fixed_needs = NEED_INDEPENDENCE,
    .score = score_chip,
};
