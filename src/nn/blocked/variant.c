/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kernels of one instruction set. A new family is one line in families.h. */
#include "nn/blocked/families.h"

static const struct blocked_family *const families[] = {
#define FAMILY(name) &VARIANT_NAME(blocked_##name),
    BLOCKED_FAMILIES(FAMILY)
#undef FAMILY
        NULL,
};

const struct blocked_kernels VARIANT_NAME(blocked_kernels) = {VARIANT_STRING(VARIANT), families};
