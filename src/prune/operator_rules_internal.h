/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions that rows of prune/operator_rules.c name. */
#ifndef IPPRO_PRUNE_OPERATOR_RULES_INTERNAL_H
#define IPPRO_PRUNE_OPERATOR_RULES_INTERNAL_H

#include "prune/operator_rules.h"

/* prune/coupling_rules.c */
couple_rule couple_sampled, couple_unpool, couple_to_space, couple_to_depth, couple_convolution,
    couple_linear, couple_same, couple_window, couple_softmax, couple_reduce, couple_layer_norm,
    couple_group_norm, couple_elementwise, couple_moved, couple_expand, couple_pad, couple_reshape;
/* prune/coupling_move.c */
pin_rule pin_none, pin_axis, pin_slice;
cuttable_rule gather_is_cuttable, slice_is_cuttable;
/* prune/surgery_rules.c */
cut_rule cut_unpool, cut_convolution, cut_transposed, cut_normalization, cut_group_norm, cut_linear,
    cut_beside, cut_slice, cut_split, cut_pad, cut_gather, cut_reshape, cut_expand, cut_resize;
/* prune/mask.c */
mask_rule mask_convolution, mask_transposed, mask_normalization, mask_linear;
/* prune/rescale_follow.c */
follow_rule follow_convolution, follow_transposed, follow_linear, follow_normalization, follow_same,
    follow_cast, follow_root, follow_reciprocal, follow_power, follow_sum, follow_extreme, follow_product,
    follow_quotient, follow_window, follow_reduce, follow_moved, follow_pad, follow_reshape;
/* prune/domain.c */
domain_rule domain_first, domain_divisor, domain_base;

#endif
