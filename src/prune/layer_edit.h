/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New numbers for a layer's parameters, as edits of its graph: the same ones for all its calls. */
#ifndef IPPRO_PRUNE_LAYER_EDIT_H
#define IPPRO_PRUNE_LAYER_EDIT_H

#include "nn/graph/edit.h"
#include "score/layer.h"

/* Has the layer a bias, or could it have one? Not so where its operator takes none, or the bias counts
 * nothing (Gemm's beta is 0). */
bool layer_takes_bias(const struct graph *graph, const struct layer *layer);

/* The layer's bias becomes `bias`, one number per channel, times the layer's bias_factor when it is added;
 * where there was none one is made. The layer has a place for it. */
status layer_edit_bias(struct edit *edit, const struct graph *graph, const struct layer *layer,
                       const double *bias, struct error *error);
/* `values`, one per channel, for input `input` of the layer's BatchNorm: 1 scale, 2 shift, 3 mean, 4 var. */
status layer_edit_norm(struct edit *edit, const struct graph *graph, const struct layer *layer, int input,
                       const double *values, struct error *error);
/* channels x filter_length, as layer_filters gives them. */
status layer_edit_filters(struct edit *edit, const struct graph *graph, const struct layer *layer,
                          const double *filters, struct error *error);

/* Gemm's alpha, which the weights are multiplied by; 1 of others. */
double layer_weight_factor(const struct graph *graph, const struct layer *layer);

#endif
