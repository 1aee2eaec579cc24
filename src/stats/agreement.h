/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far two score sets of one network agree, as means over its layers. */
#ifndef IPPRO_STATS_AGREEMENT_H
#define IPPRO_STATS_AGREEMENT_H

#include "score/criterion.h"
#include "stats/correlation.h"

struct agreement {
    double correlation; /* mean over the layers where it is defined; NaN: nowhere */
    double overlap; /* Jaccard index of what is pruned: mean over the layers that lose something; NaN: none */
};

/* a, b: scores of `layers`. Each layer i prunes its lowest pruned[i] channels. */
status agreement_compute(const struct layers *layers, const struct scores *a, const struct scores *b,
                         enum correlation_method method, const int64_t *pruned, struct agreement *agreement,
                         struct error *error);

#endif
