/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Agreement of two score sets. */
#include "stats/agreement.h"

#include <math.h>

#include "base/status.h"
#include "stats/overlap.h"

status agreement_compute(const struct layers *layers, const struct scores *a, const struct scores *b,
                         enum correlation_method method, const int64_t *pruned, struct agreement *agreement,
                         struct error *error)
{
    double correlations = 0, overlaps = 0;
    int correlated = 0, overlapped = 0;
    for (int i = 0; i < layers->count; i++) {
        int64_t channels = layers->items[i].channels;
        struct correlation correlation;
        struct overlap overlap;
        if (!a->layer[i] || !b->layer[i])
            continue;
        status code = correlation_compute(method, a->layer[i], b->layer[i], channels, &correlation, error);
        if (code == STATUS_OK)
            code = overlap_compute(a->layer[i], b->layer[i], channels, pruned[i], &overlap, error);
        if (code != STATUS_OK)
            return error_prefix(error, "layer %s: ", layers->items[i].name);
        if (!isnan(correlation.coefficient)) {
            correlations += correlation.coefficient;
            correlated++;
        }
        if (overlap.either) {
            overlaps += (double)overlap.both / (double)overlap.either;
            overlapped++;
        }
    }
    *agreement = (struct agreement){correlated ? correlations / correlated : NAN,
                                    overlapped ? overlaps / overlapped : NAN};
    return STATUS_OK;
}
