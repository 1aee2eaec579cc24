/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WHC (Chen et al. 2023, arXiv 2302.08185): a filter's length times how little the others, weighted by their
 * own lengths, point its way:
 *
 *     ||F_i|| * sum over j of ||F_j|| * (1 - |cos(F_i, F_j)|)
 */
#include <math.h>
#include "base/status.h"
#include "score/cosine.h"
#include "score/criteria.h"
#include "score/layer.h"
#include "score/score.h"

static status score_whc(const struct criterion_input *input, double *scores, struct criterion_report *report,
                        struct error *error)
{
    (void)report;
    const int64_t count = input->layer->channels;
    struct filter_angles angles;
    status code = filter_angles_find(input, &angles, error);
    for (int64_t i = 0; code == STATUS_OK && i < count; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < count; j++)
            sum += angles.length[j] * (1.0 - fabs(angles.cosine[i * count + j]));
        scores[i] = angles.length[i] * sum;
    }
    filter_angles_free(&angles);
    return code;
}

const struct criterion criterion_whc = {
    .name = "whc",
    .title = "Weighted hybrid criterion",
    .help = "||F_i|| times the sum over j of ||F_j|| * (1 - |cos(F_i, F_j)|): long filters that point "
            "another way than the others stay",
    .paper = "arXiv 2302.08185",
    .spread = true,
    .fixed_needs = NEED_WEIGHTS,
    .score = score_whc,
};
