/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kernels of one instruction set. A new family is one line in families.h. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/families.h"
#include "nn/blocked/layer.h"
#include "nn/blocked/variants.h"

static const struct blocked_family *const families[] = {
#define FAMILY(name) &VARIANT_NAME(blocked_##name),
    BLOCKED_FAMILIES(FAMILY)
#undef FAMILY
        NULL,
};

static const struct blocked_layer_kernels layer = {
    .tail = VARIANT_NAME(blocked_tail),
    .gate = VARIANT_NAME(blocked_gate),
    .max_forward = VARIANT_NAME(blocked_max_forward),
    .average_forward = VARIANT_NAME(blocked_average_forward),
    .max_backward = VARIANT_NAME(blocked_max_backward),
    .average_backward = VARIANT_NAME(blocked_average_backward),
    .to_blocked = VARIANT_NAME(blocked_from_plain),
    .to_plain = VARIANT_NAME(blocked_to_plain),
    .weight_gradient = VARIANT_NAME(blocked_weight_gradient),
};

const struct blocked_kernels VARIANT_NAME(blocked_kernels) = {VARIANT_STRING(VARIANT), families, &layer};
