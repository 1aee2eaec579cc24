/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ratios to counts of channels. */
#include "prune/selection.h"

#include <math.h>
#include <stddef.h>

int64_t pruned_count(int64_t channels, double ratio, enum rounding rounding)
{
    if (channels <= 1 || !(ratio > 0.0)) {
        return 0;
    }
    double total = (double)channels, share = ratio < 1.0 ? ratio : 1.0;
    /* 1e-9 lets a product that should be whole, as 10 * (1 - 0.7), be whole. */
    double pruned =
        rounding == ROUND_FLOOR ? total - floor(total * (1.0 - share) + 1e-9) : floor(total * share + 1e-9);
    int64_t count = (int64_t)pruned;
    return count < channels ? count : channels - 1;
}

const char *rounding_name(int index)
{
    static const char *const names[] = {"floor", "prune-floor"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}
