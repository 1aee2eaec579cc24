/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels on rows of tokens, for the table of isa.c. */
#ifndef IPPRO_NN_BLOCKED_TOKEN_PARTS_H
#define IPPRO_NN_BLOCKED_TOKEN_PARTS_H

#include "nn/blocked/isa.h"
#include "nn/blocked/token.h"

void ISA_NAME(token_norm_forward)(const struct token_norm *norm, const float *x, float *y);
void ISA_NAME(token_norm_backward)(const struct token_norm *norm, const float *x, const float *dy, float *dx,
                                   bool add);
void ISA_NAME(token_gelu_forward)(size_t count, bool tanh, const float *x, float *y);
void ISA_NAME(token_gelu_backward)(size_t count, bool tanh, const float *x, const float *dy, float *dx,
                                   bool add);
void ISA_NAME(token_softmax_forward)(size_t rows, size_t length, const float *x, float *y);
void ISA_NAME(token_softmax_backward)(size_t rows, size_t length, const float *y, const float *dy, float *dx,
                                      bool add);
void ISA_NAME(token_sum)(size_t count, const float *a, const float *b, float *to);
void ISA_NAME(token_give)(size_t count, const float *from, float *to, bool add);
void ISA_NAME(token_spread)(size_t rows, size_t length, const float *row, const float *more, float *to);
void ISA_NAME(token_columns)(size_t rows, size_t length, const float *from, float *to);
void ISA_NAME(token_sums)(const struct token_sums *sums);
void ISA_NAME(token_from_blocks)(int images, int channels, int positions, const float *blocked, float *rows,
                                 bool add);
void ISA_NAME(token_to_blocks)(int images, int channels, int positions, const float *rows, float *blocked,
                               bool add);

#endif
