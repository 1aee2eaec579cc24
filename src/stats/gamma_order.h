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
    uint32_t cut : 1; /* the caller's mark, moves along as the next */
    int32_t weight : 31;
};

/* What can be said of an order without going through it: kept up while channels move. */
struct gamma_sums {
    int64_t first;              /* the caller's: how many of the lowest `cuts` is about */
    int64_t cuts;               /* marks among those */
    int64_t products;           /* of all weights with 2 * place + 1 - channels */
    double least_tie, most_tie; /* between which some keys are equal; INFINITY and -INFINITY: none are */
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

/* Any order of a layer's channels: by number. Marks and weights are 0. */
void gamma_order_begin(const struct gamma_curves *curves, int layer, struct gamma_rank *order);
/* Keys and ascending order, ties by channel, of a layer at lambda (over 0, may be infinite). `order` holds
 * any order of them, and the nearer that is, the faster it goes; sums are those of that order, and become
 * those of the new one. keys: room for one double per channel, written. */
void gamma_order_at(const struct gamma_curves *curves, int layer, double lambda, double *keys,
                    struct gamma_rank *order, struct gamma_sums *sums);
/* Of an order, the lowest `first` of which are looked at. */
struct gamma_sums gamma_sums_of(const struct gamma_rank *order, int64_t count, int64_t first);

/* Between which keys a channel stays from lambda = low to high (0 <= low < high, which may be infinite),
 * with room for rounding. -INFINITY and INFINITY where nothing is known. The keys are those of P^2 - 1 in the
 * order of the layer's points: of -(P^2 - 1), and of the larger of P^2 and 1/P^2, less 1. */
struct gamma_range {
    double least, most;
};
struct gamma_range gamma_range_of(const struct gamma_curves *curves, int layer, int64_t channel, double low,
                                  double high);

#endif
