/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's fast way through a network, in float: runs of operators become fused steps on activations
 * whose channels are blocked (nn/blocked/blocked.h).
 *
 * A convolution takes in the BatchNorm, the residual Add and the Relu (or Clip from 0) that follow it where
 * nothing else looks at what is between. What has no blocked kernel runs its plain one; conversions between
 * the two layouts are steps of their own. Memory of activations and gradients is laid out once, by the time
 * from the first to the last step that touches them. */
#ifndef IPPRO_NN_FUSED_H
#define IPPRO_NN_FUSED_H

#include "nn/engine/engine_internal.h"

struct fused;

/* Plan steps, memory and weights of engine->plan, and set engine->values[].data of what is plain. `exists`:
 * per value, whether it has a gradient; NULL without a backward pass. The result is engine->fused, also when
 * this fails. */
status fused_build(struct engine *engine, const struct engine_options *options, const bool *exists,
                   struct error *error);
/* After engine->steps are there: pack weights, together with the other engines of `packed` (NULL for none),
 * and give plain kernels their gradients. */
status fused_connect(struct engine *engine, struct packed_weights *packed, struct error *error);
/* Of packed weights. */
size_t fused_shared_bytes(const struct fused *fused);
void fused_free(struct fused *fused); /* NULL is fine */

/* Whether a step of engine->plan runs its plain kernels. */
bool fused_needs_workspace(const struct fused *fused, int plan_step);

int fused_step_of(const struct fused *fused, int plan_step);
status fused_forward(struct fused *fused, int first, struct error *error);
status fused_backward(struct fused *fused, struct error *error);

/* Make room for other operands of a plan step, before one is replaced. */
status fused_own_operands(struct fused *fused, int plan_step, struct error *error);
/* An operand of the plan step has been replaced or restored. */
void fused_operand_changed(struct fused *fused, int plan_step);

/* A value's content in the plain layout; data NULL where it was fused away, or its memory is another's by
 * now, or there is none for a copy. */
const struct operand *fused_value(struct fused *fused, int value);
/* Whether a watched value stands in the blocked layout (elsewhere its operand has it), and then one image of
 * it as engine_watched_image gives it. */
bool fused_is_blocked(const struct fused *fused, int value);
void fused_watched_image(const struct fused *fused, int value, int64_t image, double *out);

#endif
