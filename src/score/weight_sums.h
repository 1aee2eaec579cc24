/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gradient of a layer's weight comes to, filter by filter and input channel by input channel.
 * Private to this room. */
#ifndef IPPRO_SCORE_WEIGHT_SUMS_H
#define IPPRO_SCORE_WEIGHT_SUMS_H

#include "score/layer.h"
#include "score/score.h"

/* In the weight's own layout; the gradient is `all`, or what `all` has and `less` has not. */
struct weight_gradient {
    const double *all, *less; /* less NULL: nothing */
};

/* Adds <w, g>, the sum of |w g| and that of (w g)^2 of every filter, and sets the length of its gradient,
 * where sums->weight_dot is there; the first three of every input channel where sums->columns.dot is. The
 * weight is read once, in the order in which it lies. Arrays are zero before. */
status weight_sums(const struct graph *graph, const struct layer *layer,
                   const struct weight_gradient *gradient, struct layer_statistics *sums,
                   struct error *error);

#endif
