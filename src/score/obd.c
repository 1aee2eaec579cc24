/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimal brain damage (LeCun et al. 1989): the loss rises by half of h_kk * w_k^2 when weight k goes, h
 * being the Hessian's diagonal. Of a filter it is the sum over its weights, and h_kk the empirical Fisher
 * information, the mean over images of (dL_n/dw_k)^2, as programs have it that call it Hessian importance. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_obd(const struct criterion_input *input, double *scores, struct criterion_report *report,
                        struct error *error)
{
    (void)report;
    (void)error;
    const struct layer_statistics *sums = &input->statistics->layers[input->layer_index];
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = sums->weight_squared[c] / (2.0 * (double)input->statistics->images);
    return STATUS_OK;
}

const struct criterion criterion_obd = {
    .name = "obd",
    .title = "Optimal brain damage, diagonal",
    .help =
        "half the sum over the filter's weights of w^2 * E[(dL_n/dw)^2], the mean being over images n, which "
        "therefore run one by one",
    .paper = "NIPS 1989, 598",
    .fixed_needs = NEED_GRADIENTS | NEED_WEIGHT_GRADIENTS | NEED_WEIGHT_SQUARES,
    .score = score_obd,
};
