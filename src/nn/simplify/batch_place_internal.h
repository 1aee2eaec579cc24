/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules for the images' places share. Private to batch_place.c and batch_product.c. */
#ifndef IPPRO_NN_SIMPLIFY_BATCH_PLACE_INTERNAL_H
#define IPPRO_NN_SIMPLIFY_BATCH_PLACE_INTERNAL_H

#include "nn/simplify/batch_place.h"

extern const struct batch_place batch_everywhere; /* of what is the same for all images */

const struct shape *batch_shape(const struct batch_trace *trace, int value);
/* The place of an operand; of axis -1 for one that is left out or the same for all images. */
struct batch_place batch_place_of(const struct batch_trace *trace, const struct node *node, int input);
bool batch_same_place(struct batch_place a, struct batch_place b);
/* The place of all outputs; true. */
bool batch_put_all(struct batch_trace *trace, const struct node *node, struct batch_place place);
/* May the operand, which is the same for all images, stand beside one with this place, when their last axes
 * are aligned (`rank`: of both)? It must have nothing that differs along the axis. */
bool batch_goes_beside(const struct batch_trace *trace, int value, struct batch_place place, int rank);
/* The rule of operators that take elements from anywhere: nothing of images. */
bool batch_apart(struct batch_trace *trace, const struct node *node);

/* Rules in batch_product.c. */
bool batch_matrix_product(struct batch_trace *trace, const struct node *node);
bool batch_general_product(struct batch_trace *trace, const struct node *node);
bool batch_einsum(struct batch_trace *trace, const struct node *node);

#endif
