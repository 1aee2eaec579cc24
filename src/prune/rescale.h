/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scale attack: the same network with one layer's numbers C times as large.
 *
 * A factor C > 0 passes through what is positively homogeneous (ReLU, LeakyReLU, pooling, concatenation, ...)
 * and is taken out again where the channels are next read with weights: h(C*u) = C*h(u), and (w/C)*(C*h) =
 * w*h. A product of two scaled channels is C^2 times as large, a quotient is what it was, and so on. What is
 * computed stays the same; every criterion that looks at the size of weights is free to change
 * its mind. Inside a layer with BatchNorm (scale, shift, mean, var) the convolution and the normalisation can
 * be scaled apart:
 *
 *     filters   filters and bias times C; mean times C and var' + epsilon = C^2 * (var + epsilon), so that
 *               the BatchNorm's output is what it was. Without BatchNorm the next weights are divided by C.
 *     norm      BatchNorm's scale and shift times C, the next weights divided by C.
 *     layer     both: everything that the layer has is C times as large. */
#ifndef IPPRO_PRUNE_RESCALE_H
#define IPPRO_PRUNE_RESCALE_H

#include "prune/coupling.h"

enum rescale_part { RESCALE_LAYER, RESCALE_FILTERS, RESCALE_NORM };
const char *rescale_part_name(int index); /* "layer", "filters", "norm", NULL past the end */

/* A new version of the coupling's graph, owned by the caller. Refused: a factor that is not positive and
 * finite, and a var that would be negative or too large (STATUS_RANGE); norm without BatchNorm; and, with the
 * operator, the node and the reason, where the factor would reach an operator that is not homogeneous, or
 * that combines elements that are scaled with others, which are not, or the network's output (STATUS_STATE).
 */
status rescale_apply(const struct coupling *coupling, int layer, double factor, enum rescale_part part,
                     struct graph **result, struct error *error);

#endif
