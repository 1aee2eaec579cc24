/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the order of the file: a choice that knows nothing and is not drawn. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_sequential(const struct criterion_input *input, double *scores,
                               struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    for (int64_t c = 0; c < input->layer->channels; c++)
        scores[c] = (double)c;
    return STATUS_OK;
}

const struct criterion criterion_sequential = {
    .name = "sequential",
    .title = "In order",
    .help = "the number of the channel: the first of a layer go first, whatever they hold",
    .fixed_needs = NEED_WEIGHTS,
    .score = score_sequential,
};
