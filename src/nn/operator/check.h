/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of a node's operands that several prepare functions share. Messages name the operand by the word
 * that the operator's documentation uses; the caller of prepare names the node. */
#ifndef IPPRO_NN_OPERATOR_CHECK_H
#define IPPRO_NN_OPERATOR_CHECK_H

#include "nn/operator/operator.h"

/* Inputs first..end-1 that are there must all be of one real type, float or double. */
status check_reals(const struct prepare *prepare, int first, int end, struct error *error);

/* Integer attribute list of exactly `count` entries, each in low..high; absent: all `fallback`. */
status check_integers(const struct prepare *prepare, const char *name, int count, int64_t fallback,
                      int64_t low, int64_t high, int64_t *out, struct error *error);

/* Input `index`, called `name` in messages, must be a vector of `count` elements. */
status check_vector(const struct prepare *prepare, int index, const char *name, int64_t count,
                    struct error *error);

/* The shape holds between 1 and 2^48 elements, else STATUS_SHAPE with the shape; `name` is "the output" and
 * the like. */
status check_size(const struct shape *shape, const char *name, struct error *error);

/* The shape that the inputs first..end-1 broadcast to, into *full; else STATUS_SHAPE with the two shapes that
 * do not go together. */
status check_broadcast(const struct prepare *prepare, int first, int end, struct shape *full,
                       struct error *error);
/* "shapes ... and ... do not broadcast" */
status check_no_broadcast(const struct shape *a, const struct shape *b, struct error *error);

/* The attribute `axis` of a tensor of this rank, as 0..rank-1. */
status check_axis(const struct prepare *prepare, int rank, int64_t fallback, int *axis, struct error *error);

/* Inputs first..end-1 must all be of one type. */
status check_one_type(const struct prepare *prepare, int first, int end, struct error *error);

#endif
