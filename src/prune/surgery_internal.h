/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of surgery share while a network is cut. */
#ifndef IPPRO_PRUNE_SURGERY_INTERNAL_H
#define IPPRO_PRUNE_SURGERY_INTERNAL_H

#include "nn/graph/edit.h"
#include "prune/branch.h"
#include "prune/kept.h"

struct surgery {
    const struct coupling *coupling;
    struct edit *edit;
    struct arena *arena;
    const struct kept *kept; /* per value */
    struct branch_cut cut;
};

/* What stays of a value, NULL for one without labels. */
const struct kept *surgery_kept(const struct surgery *surgery, int value);

#endif
