/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HRank (Lin et al. 2020, arXiv 2002.10179): the rank of a channel's map, as a matrix of height x width,
 * behind the element-wise layer. Ranks are whole numbers that seldom change from image to image, so filters
 * tie. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_hrank(const struct criterion_input *input, double *scores,
                          struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    const struct activation_statistics *maps = &input->statistics->layers[input->layer_index].activation;
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = maps->rank[c] / (double)input->statistics->images;
    return STATUS_OK;
}

const struct criterion criterion_hrank = {
    .name = "hrank",
    .title = "Rank of feature maps",
    .help = "mean over images of the rank of the channel's map, a matrix of height x width",
    .paper = "arXiv 2002.10179",
    .fixed_needs = NEED_FEATURE_RANKS,
    .score = score_hrank,
};
