/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The channels of all layers in the order of PROscore, for one lambda after the other. */
#ifndef IPPRO_STATS_GAMMA_ORDER_H
#define IPPRO_STATS_GAMMA_ORDER_H

#include "base/status.h"
#include "stats/gamma_sweep.h"

struct gamma_rank {
    double key; /* rises with the score; equal keys are equal scores. -INFINITY and INFINITY where the score
                   is */
    int64_t channel;
};

struct gamma_orders {
    struct gamma_rank *items; /* per channel of all layers; within a layer ascending, ties by channel */
    struct gamma_rates {      /* PROscore^2 - 1 = lambda (first + lambda second) / (1 - lambda lift)^2 */
        double first, second, lift;
    } * rates;        /* per channel of all layers */
    double *keys;     /* of one layer, in the order of its channels */
    double *reach;    /* per layer: the largest of its points' rates */
    int64_t *start;   /* per layer: where its items begin */
    int64_t channels; /* of all layers */
};

/* Room for the layers, in the order of the channels. Freed by gamma_orders_free, also after a failure. */
status gamma_orders_new(const struct gamma_layer *layers, int count, struct gamma_orders *orders,
                        struct error *error);
void gamma_orders_free(struct gamma_orders *orders);
/* Keys and order at lambda (over 0, may be infinite). The faster, the nearer the last order is to it. */
void gamma_orders_at(struct gamma_orders *orders, const struct gamma_layer *layers, int count, double lambda);

#endif
