/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removing channels: a mask (the same network with the removed channels' weights at zero) and surgery (a
 * smaller network). Both give the same logits to float rounding. */
#ifndef IPPRO_PRUNE_SURGERY_H
#define IPPRO_PRUNE_SURGERY_H

#include "prune/coupling.h"

/* removed: per class of the coupling; locked classes must stay. */

/* Zero whatever makes a removed channel (filters, biases, BatchNorm scale and shift) and whatever reads it
 * (the consumers' input weights), so that no activation function brings it back. Shapes stay. The result is
 * owned by the caller. */
status mask_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                  struct error *error);

/* Build the smaller network: constants are cut, group counts, pads, slice bounds, split sizes, indices and
 * reshape targets follow, and a channel shuffle becomes a Gather where what stays is no longer rectangular.
 * The result is checked by planning it. Errors name the node that does not lend itself to it. */
status surgery_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                     struct error *error);

#endif
