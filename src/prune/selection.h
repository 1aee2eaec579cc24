/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which channels go: ratios to counts (criteria.md, Selection). */
#ifndef IPPRO_PRUNE_SELECTION_H
#define IPPRO_PRUNE_SELECTION_H

#include <stdint.h>
#include "base/status.h"

enum rounding { ROUND_FLOOR, ROUND_PRUNE_FLOOR };

/* How many of `channels` go at a ratio in 0..1: floor: C - floor(C*(1-p) + 1e-9); prune-floor: floor(C*p +
 * 1e-9). At least one channel stays. */
int64_t pruned_count(int64_t channels, double ratio, enum rounding rounding);
const char *rounding_name(int index); /* "floor", "prune-floor", NULL past the end */

#endif
