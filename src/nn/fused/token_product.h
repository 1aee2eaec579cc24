/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of activations (token_product.c). */
#ifndef IPPRO_NN_FUSED_TOKEN_PRODUCT_H
#define IPPRO_NN_FUSED_TOKEN_PRODUCT_H

#include "nn/fused/internal.h"

/* fused->products: per step of the plan, or NULL; what only moves their operands and results is absorbed.
 * `producer`: plan step per value, or NOTHING. Before any step is made, after probes have pinned values. */
status products_find(struct fused *fused, const int *producer, struct error *error);

#endif
