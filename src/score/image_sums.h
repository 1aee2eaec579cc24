/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from one image's probe sums and weight gradients before anything is squared and added up.
 * Private to this room. */
#ifndef IPPRO_SCORE_IMAGE_SUMS_H
#define IPPRO_SCORE_IMAGE_SUMS_H

#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "score/score.h"

struct image_sums {
    const struct score_pass *pass;
    double **factor, **mean; /* per layer with a BatchNorm, C: dL/dy over delta, and BatchNorm's mean */
    double **filters;        /* per layer, C x filter_length; NULL: no squares are needed */
    double *values;          /* of one layer: what the functions below return */
};

/* probed: per layer. To be freed after a failure too. */
status image_sums_init(struct image_sums *sums, const struct score_pass *pass, const bool *probed,
                       struct error *error);
void image_sums_free(struct image_sums *sums);

/* sum y*dL/dy per channel, from the sums of a probe (nn/execution/probe.h): with a BatchNorm scale * r * (Sd
 * + mean * S0), without one the gate, for then u = y (reductions.md, C). 0 in training mode behind a
 * BatchNorm. Borrowed until the next call. */
const double *image_filter_products(struct image_sums *sums, int layer, const double *probe);
/* The sum over a filter of (w*g)^2, g the gradient of the layer's weight. Borrowed likewise. */
const double *image_weight_squares(struct image_sums *sums, int layer, const struct operand *gradient);

#endif
