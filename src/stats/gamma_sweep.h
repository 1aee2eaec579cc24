/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What PROscore's gamma decides: scores, ranks and pruned sets at many gammas, compared with those at one of
 * them (IPPRO, arXiv 2507.14171, appendix G). The gradients do not depend on gamma, so no gamma needs a pass.
 *
 * The pruned set of a layer are its `pruned` channels of the lowest score, ties by channel, as in
 * stats/overlap.h. */
#ifndef IPPRO_STATS_GAMMA_SWEEP_H
#define IPPRO_STATS_GAMMA_SWEEP_H

#include <stdint.h>
#include "base/pool.h"
#include "base/progress.h"
#include "score/proscore.h"

/* One layer. */
struct gamma_layer {
    const struct proscore_point *points; /* per channel, none of them NaN; borrowed */
    int64_t channels, pruned;            /* 0 <= pruned <= channels */
};

/* What is compared. */
struct gamma_settings {
    const struct gamma_layer *layers;
    int layer_count;
    double scale;     /* lambda / gamma */
    double reference; /* a gamma, over 0, may be infinite */
    struct pool *pool;
    struct progress *progress;
};

/* At one gamma. */
struct gamma_result {
    double spread;      /* highest less lowest log PROscore that is finite: mean over layers */
    double correlation; /* Spearman with the scores at the reference: mean over layers where it is defined,
                           NaN where it is nowhere */
    double overlap;     /* Jaccard index with the pruned set of the reference: mean over layers that lose
                           something, NaN where none does */
    int64_t pruned, changed; /* channels of all layers: pruned, and of those not pruned at the reference */
    int layers_changed;      /* layers whose pruned set is another one */
    int64_t sign_changes;    /* channels whose D changes sign */
};

/* results: one per gamma, written. O(gammas * channels), on all threads of the pool. Cancelled
 * (STATUS_CANCELLED), the results are not to be used. */
status gamma_sweep(const struct gamma_settings *settings, const double *gammas, int count,
                   struct gamma_result *results, struct error *error);

/* The first change of the pruned set on the way from the reference gamma up (or down), and the pair that
 * changes sides. */
struct gamma_flip {
    double gamma;           /* NaN: the set stays the same all the way to infinity (to 0) */
    int layer;              /* index into settings->layers */
    int64_t leaves, enters; /* channels: no longer pruned, pruned in its place */
};

/* Exact but for rounding: for channels i, j two scores are equal where a polynomial of third degree in lambda
 * is zero, because squares of PROscore are quotients of squares; the first flip is the nearest root with a
 * change of sign over all pairs of a pruned and a kept channel. Sums of lambda are never stepped through.
 * Pairs whose scores cannot meet before the nearest change that is known are passed over; at worst this is
 * O(sum of pruned * kept). A tie that is not broken beyond rounding is no change. */
status gamma_first_flip(const struct gamma_settings *settings, bool upward, struct gamma_flip *flip,
                        struct error *error);

/* Largest |a| and |b| of all points, times scale: by these gamma must be multiplied to get lambda*max|a| and
 * lambda*max|b|. */
void gamma_limits(const struct gamma_settings *settings, double *max_a, double *max_b);

#endif
