/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vectors beside activations that are learnt: scale and shift of norms that are written out in several nodes,
 * a convolution's bias that is added behind it, the scale of a branch (LayerScale). Numbers that images are
 * normalised with, masks and tables of positions are none: they follow no layer or norm, or are no vectors.
 */
#ifndef IPPRO_TRAIN_BESIDE_H
#define IPPRO_TRAIN_BESIDE_H

#include "nn/graph/graph.h"
#include "train/network.h"

/* The operand of a product or sum that is such a vector, and what kind of parameter it is; -1: none is. */
int beside_operand(const struct graph *graph, const struct node *node, enum parameter_kind *kind);

#endif
