/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a network costs: parameters, multiply-adds, activation memory.
 *
 * Parameters are the numbers that training changes, as far as a file tells: real constants that are weights
 * or biases of a convolution or a matrix product, scale or shift of a normalisation, or slopes of a PRelu;
 * and constants of more than one number that meet activations in an Add, Mul, Concat or the like (a scale for
 * each channel, a class token). None are: running means and variances; integers; bounds, scales and shapes; a
 * single number beside activations, whatever its rank, which is how exporters write the 3 and the 1/6 of a
 * hard swish. A constant that several nodes share counts once. Every place that tells a number of parameters
 * takes it from here. */
#ifndef IPPRO_PRUNE_COST_H
#define IPPRO_PRUNE_COST_H

#include "prune/coupling.h"

enum cost_rule {
    COST_MACS,    /* convolutions and linear layers, weights only */
    COST_PTFLOPS, /* as Torch-Pruning counts: also 2 per BatchNorm element, 1 per element of ReLU and its
                     like, per element that pooling reads, per element that a bias is added to */
};
const char *cost_rule_name(int index); /* "macs", "ptflops", NULL past the end */

/* One layer with its BatchNorm, for one image. */
struct layer_cost {
    int64_t channels, input_channels; /* kept */
    int64_t parameters; /* weights, bias, BatchNorm scale and shift, without what an earlier layer shares */
    double macs;
    int64_t activation_bytes; /* of the layer's output in float */
};

extern const char cost_other_name[]; /* of a row for the parameters of no layer, in tables */

struct cost {
    struct layer_cost *layers; /* one per layer, owned */
    int layer_count;
    int64_t channels;         /* of all layers */
    int64_t parameters;       /* in total */
    int64_t other_parameters; /* of them: those of no layer (slopes, factors, a BatchNorm of its own) */
    double macs;
    int64_t activation_bytes; /* of all layers' outputs */
};

/* removed: per class, or NULL for the whole network. What it says of a selection is what the pruned network
 * costs. Linear in the labels: fast enough to follow every key press. Fails only when memory is out; *cost is
 * then empty. */
status cost_compute(const struct coupling *coupling, const bool *removed, enum cost_rule rule,
                    struct cost *cost, struct error *error);
void cost_free(struct cost *cost);

#endif
