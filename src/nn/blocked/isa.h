/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every compilation of the kernels has in common. Each file of this folder but the headers is compiled
 * once per instruction set, with ISA set to its name; ISA_NAME(x) keeps their symbols apart. */
#ifndef IPPRO_NN_BLOCKED_ISA_H
#define IPPRO_NN_BLOCKED_ISA_H

#include "nn/blocked/blocked.h"

#define ISA_JOIN(a, b)   a##_##b
#define ISA_EXPAND(a, b) ISA_JOIN(a, b)
#define ISA_NAME(name)   ISA_EXPAND(name, ISA)
#define ISA_QUOTE(name)  #name
#define ISA_STRING(name) ISA_QUOTE(name)

extern const struct blocked_kernels blocked_kernels_baseline;
extern const struct blocked_kernels blocked_kernels_avx2, blocked_kernels_avx512; /* HAVE_X86_KERNELS */

#endif
