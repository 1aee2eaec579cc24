/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which blocks are alike: those whose channels go through the same operators in the same roles, whatever
 * their sizes (Isomorphic pruning, Fang et al. 2024, arXiv 2407.04616). Scores of alike parts can be
 * compared. */
#ifndef IPPRO_PRUNE_ISOMORPHIC_H
#define IPPRO_PRUNE_ISOMORPHIC_H

#include "prune/coupling.h"

/* alike: per block, written: the first block that it is alike, itself where there is none before it.
 * STATUS_MEMORY only. Linear in the labels of all values. */
status isomorphic_blocks(const struct coupling *coupling, int *alike, struct error *error);

#endif
