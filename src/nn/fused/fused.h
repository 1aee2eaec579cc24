/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fused engine, the fast way through a network, in float: runs of operators become fused steps on
 * activations whose channels are blocked (nn/blocked/blocked.h).
 *
 * A convolution takes in the BatchNorm, the residual Add and the Relu (or Clip from 0) that follow it where
 * nothing else looks at what is between. What has no blocked kernel runs its plain one; conversions between
 * the two layouts are steps of their own. Memory of activations and gradients is laid out once, by the time
 * from the first to the last step that touches them.
 *
 * A value's content is there in the plain layout; data NULL where it was fused away, or its memory is
 * another's by now, or there is none for a copy. */
#ifndef IPPRO_NN_FUSED_H
#define IPPRO_NN_FUSED_H

struct engine_kind;

extern const struct engine_kind fused_engine;

#endif
