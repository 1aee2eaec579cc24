/* SPDX-License-Identifier: GPL-3.0-or-later */
/* APoZ (Hu et al. 2016, arXiv 1607.03250): the average share of zeros behind a ReLU. Channels with many zeros
 * go first, so the score is the share of the others. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/function.h"
#include "score/layer.h"
#include "score/score.h"

static const char no_zeros[] = "its activation function gives no zeros";

static const char *lack_of_activation(const struct layer *layer)
{
    if (layer->activation_node < 0)
        return "no activation function follows it, so that nothing is 0";
    return function_has_zeros(layer->activation_name) ? NULL : no_zeros;
}

/* A function that nobody knows by its values may have none either. */
static const char *lack_of_zeros(const struct layer *layer, const struct activation_statistics *maps)
{
    for (int64_t c = 0; c < layer->channels; c++)
        if (maps->zeros[c] > 0.0)
            return NULL;
    return no_zeros;
}

static status score_apoz(const struct criterion_input *input, double *scores, struct criterion_report *report,
                         struct error *error)
{
    (void)error;
    const struct activation_statistics *maps = &input->statistics->layers[input->layer_index].activation;
    const double count = (double)input->statistics->images * (double)maps->positions;
    report->lack = lack_of_zeros(input->layer, maps);
    for (int64_t c = 0; !report->lack && c < input->layer->channels; c++)
        scores[c] = 1.0 - maps->zeros[c] / count;
    return STATUS_OK;
}

const struct criterion criterion_apoz = {
    .name = "apoz",
    .title = "Share of activations that are not zero",
    .help = "1 - APoZ, the share of zeros behind the ReLU over images and positions: what is seldom active "
            "goes first",
    .paper = "arXiv 1607.03250",
    .fixed_needs = NEED_ACTIVATIONS,
    .lack = lack_of_activation,
    .score = score_apoz,
};
