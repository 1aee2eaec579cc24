/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one meaning of a ratio: which share of a layer counts as pruned before anything is. Figures, panes and
 * scripts all ask here. A block for which a ratio was set has that one, a block that is kept has 0, any other
 * has the option ratio, and so have locked blocks, where it is a supposition about their ranking. */
#ifndef IPPRO_SESSION_RATIO_H
#define IPPRO_SESSION_RATIO_H

#include "prune/selection.h"
#include "session/state.h"

/* Was a ratio set for it, or is it kept? */
bool block_has_ratio(const struct state *state, int block);
double block_ratio(const struct state *state, int block);
/* Of the layer's channels, 0 to 1: the mean over its channels where they lie in blocks of several ratios. */
double layer_ratio(const struct state *state, int layer);
/* How many of its channels go: those of each ratio rounded by themselves. */
int64_t layer_pruned(const struct state *state, int layer, enum rounding rounding);
/* How many free blocks have a ratio of their own, or are kept. */
int own_ratios(const struct state *state);

#endif
