/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The channels of layers in the order of PROscore, for one lambda after the other. */
#ifndef IPPRO_STATS_GAMMA_ORDER_H
#define IPPRO_STATS_GAMMA_ORDER_H

#include "base/status.h"
#include "stats/gamma_sweep.h"

struct gamma_rank {
    double key; /* rises with the score; equal keys are equal scores. -INFINITY and INFINITY where the score
                   is */
    int32_t channel;
    int32_t mark; /* the caller's, moves along */
};

/* How the scores of all channels move with lambda: P^2 = ((1 - lambda along)^2 + (lambda across)^2) /
 * (1 - lambda lift)^2 of P = PROscore, and P^2 - 1 = lambda (first + lambda second) / (1 - lambda lift)^2.
 * For all channels of the first layer, then for those of the next, and so on. Of a zero filter `first` is NaN
 * and the others are 0. */
struct gamma_curves {
    const struct gamma_layer *layers; /* borrowed */
    int count;
    double *along, *across, *lift, *first, *second;
    int64_t *start;   /* per layer: where its channels begin */
    double *reach;    /* per layer: the largest of its points' rates */
    int64_t channels; /* of all layers */
    int64_t widest;   /* of one layer */
};

/* Freed by gamma_curves_free, also after a failure. */
status gamma_curves_new(const struct gamma_layer *layers, int count, struct gamma_curves *curves,
                        struct error *error);
void gamma_curves_free(struct gamma_curves *curves);

/* Any order of a layer's channels: by number. Marks are 0. */
void gamma_order_begin(const struct gamma_curves *curves, int layer, struct gamma_rank *order);
/* Keys and ascending order, ties by channel, of a layer at lambda (over 0, may be infinite). `order` holds
 * any order of them, and the nearer that is, the faster it goes. keys: room for one double per channel,
 * written. */
void gamma_order_at(const struct gamma_curves *curves, int layer, double lambda, double *keys,
                    struct gamma_rank *order);

/* Between which keys a channel stays from lambda = low to high (0 <= low < high, which may be infinite),
 * with room for rounding. -INFINITY and INFINITY where nothing is known. The keys are those of P^2 - 1 in the
 * order of the layer's points: of -(P^2 - 1), and of the larger of P^2 and 1/P^2, less 1. */
struct gamma_range {
    double least, most;
};
struct gamma_range gamma_range_of(const struct gamma_curves *curves, int layer, int64_t channel, double low,
                                  double high);

#endif
