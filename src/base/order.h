/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of many numbers. */
#ifndef IPPRO_BASE_ORDER_H
#define IPPRO_BASE_ORDER_H

#include <stdint.h>
#include "base/status.h"

/* order: `count` places, those of ascending values; equal ones, 0 and -0 among them, in the order in which
 * they stand. Without NaN. In time that grows with the count alone. STATUS_MEMORY only. */
status order_of(const double *values, int64_t count, int64_t *order, struct error *error);

/* Without NaN, in place. */
void sort_ascending(double *values, int64_t count);
/* The value below which this share (0 to 1) of `count` (1 or more) ascending values lies, between its
 * neighbours in proportion: .5 is the median. Infinite where a neighbour is, and equal neighbours give
 * themselves. */
double quantile_of(const double *sorted, int64_t count, double share);

#endif
