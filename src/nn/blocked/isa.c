/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kernels of one instruction set. A new family is one line in families.h. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/families.h"
#include "nn/blocked/layer.h"
#include "nn/blocked/isa.h"
#include "nn/blocked/token_parts.h"

static const struct blocked_family *const families[] = {
#define FAMILY(name) &ISA_NAME(blocked_##name),
    BLOCKED_FAMILIES(FAMILY)
#undef FAMILY
        NULL,
};

static const struct blocked_layer_kernels layer = {
    .tail = ISA_NAME(blocked_tail),
    .tail_gradient = ISA_NAME(blocked_tail_gradient),
    .max_forward = ISA_NAME(blocked_max_forward),
    .average_forward = ISA_NAME(blocked_average_forward),
    .max_backward = ISA_NAME(blocked_max_backward),
    .average_backward = ISA_NAME(blocked_average_backward),
    .to_blocked = ISA_NAME(blocked_from_plain),
    .to_plain = ISA_NAME(blocked_to_plain),
    .moments = ISA_NAME(blocked_moments),
    .norm_gradient = ISA_NAME(blocked_norm_gradient),
    .weight_gradient = ISA_NAME(blocked_weight_gradient),
    .bias_gradient = ISA_NAME(blocked_bias_gradient),
};

static const struct token_kernels token = {
    .norm_forward = ISA_NAME(token_norm_forward),
    .norm_backward = ISA_NAME(token_norm_backward),
    .gelu_forward = ISA_NAME(token_gelu_forward),
    .gelu_backward = ISA_NAME(token_gelu_backward),
    .softmax_forward = ISA_NAME(token_softmax_forward),
    .softmax_backward = ISA_NAME(token_softmax_backward),
    .sum = ISA_NAME(token_sum),
    .give = ISA_NAME(token_give),
    .spread = ISA_NAME(token_spread),
    .columns = ISA_NAME(token_columns),
    .sums = ISA_NAME(token_sums),
    .from_blocks = ISA_NAME(token_from_blocks),
    .to_blocks = ISA_NAME(token_to_blocks),
};

const struct blocked_kernels ISA_NAME(blocked_kernels) = {ISA_STRING(ISA), families, &layer, &token};
