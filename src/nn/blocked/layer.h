/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels around convolutions, for the table of isa.c. */
#ifndef IPPRO_NN_BLOCKED_LAYER_PARTS_H
#define IPPRO_NN_BLOCKED_LAYER_PARTS_H

#include "nn/blocked/isa.h"
#include "nn/blocked/blocked_layer.h"

void ISA_NAME(blocked_tail)(int images, int channels, int positions, const float *input,
                            const struct blocked_epilogue *epilogue);
void ISA_NAME(blocked_tail_gradient)(const struct tail_gradient *tail);
void ISA_NAME(blocked_max_forward)(const struct blocked_pooling *pooling, const float *input, float *out);
void ISA_NAME(blocked_average_forward)(const struct blocked_pooling *pooling, const float *input, float *out);
void ISA_NAME(blocked_max_backward)(const struct blocked_pooling *pooling, const float *input,
                                    const float *gradient, float *to);
void ISA_NAME(blocked_average_backward)(const struct blocked_pooling *pooling, const float *gradient,
                                        float *to);
void ISA_NAME(blocked_from_plain)(int images, int channels, int positions, const float *plain, float *blocked,
                                  bool add);
void ISA_NAME(blocked_to_plain)(int images, int channels, int positions, const float *blocked, float *plain,
                                bool add);
void ISA_NAME(blocked_weight_gradient)(const struct blocked_convolution *geometry, const float *input,
                                       const float *delta, float *gradient);
void ISA_NAME(blocked_bias_gradient)(int images, int channels, int positions, const float *delta,
                                     float *gradient);
void ISA_NAME(blocked_moments)(int images, int channels, int positions, const float *input,
                               const float *center, double *sums);
void ISA_NAME(blocked_norm_gradient)(const struct norm_gradient *norm);

#endif
