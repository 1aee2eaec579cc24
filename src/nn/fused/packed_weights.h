/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights packed for the fast kernels. Counted. Engines of one graph and equal options share them, and may be
 * made at the same time on several threads: whoever comes packs a part of what is left, and none starts
 * before all are there. */
#ifndef IPPRO_NN_FUSED_PACKED_WEIGHTS_H
#define IPPRO_NN_FUSED_PACKED_WEIGHTS_H

struct packed_weights;

struct packed_weights *packed_weights_new(void);          /* empty; NULL without memory */
void packed_weights_free(struct packed_weights *weights); /* NULL is fine */

#endif
