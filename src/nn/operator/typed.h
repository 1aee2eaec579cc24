/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source of kernels, once per element type. Whoever includes this has said which:
 *
 *     #define KERNELS "nn/operator/op_pool_kernels.h"
 *     #include "nn/operator/typed.h"
 *
 * and, before it, KERNELS_INT64 where int64_t is wanted beside float and double. In the kernels REAL is the
 * type (an integer there, too), TYPED(name) is name_float, name_double or name_int64, and HAS_GRADIENT is 1
 * for the types that have gradients. Neither this file nor the kernels have an include guard, on purpose. */

#define HAS_GRADIENT 1
#define REAL         float
#define TYPED(name)  name##_float
#include KERNELS
#undef REAL
#undef TYPED

#define REAL        double
#define TYPED(name) name##_double
#include KERNELS
#undef REAL
#undef TYPED
#undef HAS_GRADIENT

#ifdef KERNELS_INT64
#define HAS_GRADIENT 0
#define REAL         int64_t
#define TYPED(name)  name##_int64
#include KERNELS
#undef HAS_GRADIENT
#undef REAL
#undef TYPED
#undef KERNELS_INT64
#endif

#undef KERNELS
