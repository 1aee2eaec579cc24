/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlap of two pruned sets. */
#include "stats/overlap.h"

#include <stdbool.h>
#include "base/memory.h"
#include "base/progress.h"
#include "score/criterion.h"

status overlap_compute(const double *a, const double *b, int64_t count, int64_t pruned,
                       struct overlap *result, struct error *error)
{
    if (progress_check(error) != STATUS_OK) {
        return error->code;
    }
    if (pruned < 0 || pruned > count) {
        return error_set(error, STATUS_RANGE, "%lld of %lld channels cannot be pruned", (long long)pruned,
                         (long long)count);
    }
    int64_t *order = mem_new((size_t)count, sizeof *order);
    bool *in_a = mem_new((size_t)count, sizeof *in_a);
    status code = order && in_a ? scores_rank(a, count, order, error) : error_memory(error);
    if (code == STATUS_OK) {
        for (int64_t i = 0; i < pruned; i++) {
            in_a[order[i]] = true;
        }
        code = scores_rank(b, count, order, error);
    }
    if (code == STATUS_OK) {
        int64_t both = 0;
        for (int64_t i = 0; i < pruned; i++) {
            both += in_a[order[i]];
        }
        *result = (struct overlap){.both = both, .either = 2 * pruned - both};
    }
    mem_free(order);
    mem_free(in_a);
    return code;
}
