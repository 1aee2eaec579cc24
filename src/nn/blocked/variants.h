/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every compilation of the kernels has in common. Each file of this folder but the headers is compiled
 * once per instruction set, with VARIANT set to its name; VARIANT_NAME(x) keeps their symbols apart. */
#ifndef IPPRO_NN_BLOCKED_VARIANTS_H
#define IPPRO_NN_BLOCKED_VARIANTS_H

#include "nn/blocked/blocked.h"

#define VARIANT_JOIN(a, b)   a##_##b
#define VARIANT_EXPAND(a, b) VARIANT_JOIN(a, b)
#define VARIANT_NAME(name)   VARIANT_EXPAND(name, VARIANT)
#define VARIANT_QUOTE(name)  #name
#define VARIANT_STRING(name) VARIANT_QUOTE(name)

extern const struct blocked_kernels blocked_kernels_baseline;
extern const struct blocked_kernels blocked_kernels_avx2, blocked_kernels_avx512; /* HAVE_X86_KERNELS */

#endif
