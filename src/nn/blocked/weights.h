/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of weight gradients, for weights.c: each adds to the gradient (O, C/groups, kh, kw) as
 * blocked_layer_kernels' weight_gradient says. */
#ifndef IPPRO_NN_BLOCKED_WEIGHTS_H
#define IPPRO_NN_BLOCKED_WEIGHTS_H

#include "nn/blocked/isa.h"

/* Depthwise: input (N, C/16, H, W, 16), as many input as output channels and groups. */
void ISA_NAME(weights_depthwise)(const struct blocked_convolution *geometry, const float *input,
                                 const float *delta, float *gradient);
/* Planar: input (N, C, H, W), without groups. */
void ISA_NAME(weights_planar)(const struct blocked_convolution *geometry, const float *input,
                              const float *delta, float *gradient);

#endif
