/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The families of convolution kernels: blocked_NAME, one file each. */
#ifndef IPPRO_NN_BLOCKED_FAMILIES_H
#define IPPRO_NN_BLOCKED_FAMILIES_H

#include "nn/blocked/isa.h"

#define BLOCKED_FAMILIES(FAMILY)                                                                             \
    FAMILY(depthwise) FAMILY(direct) FAMILY(grouped) FAMILY(pointwise) FAMILY(winograd2) FAMILY(winograd4)

#define FAMILY(name) extern const struct blocked_family ISA_NAME(blocked_##name);
BLOCKED_FAMILIES(FAMILY)
#undef FAMILY

#endif
