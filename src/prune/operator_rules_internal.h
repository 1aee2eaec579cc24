/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions that rows of prune/operator_rules.c name. */
#ifndef IPPRO_PRUNE_OPERATOR_RULES_INTERNAL_H
#define IPPRO_PRUNE_OPERATOR_RULES_INTERNAL_H

#include "prune/operator_rules.h"

/* prune/coupling_rules.c */
couple_rule couple_convolution, couple_linear, couple_same, couple_window, couple_softmax, couple_reduce,
    couple_layer_norm, couple_group_norm, couple_elementwise, couple_moved, couple_expand, couple_reshape,
    couple_along_axis, couple_order, couple_trilu, couple_mean_variance;
/* prune/coupling_product.c */
couple_rule couple_product;
/* prune/coupling_spatial.c */
couple_rule couple_pad, couple_sampled, couple_unpool, couple_to_space, couple_to_depth;
/* prune/coupling_move.c */
pin_rule pin_none, pin_axis, pin_slice;
cuttable_rule gather_is_cuttable, slice_is_cuttable;
/* prune/surgery_rules.c */
cut_rule cut_concat, cut_convolution, cut_normalization, cut_group_norm, cut_linear, cut_beside, cut_slice,
    cut_split, cut_pad, cut_gather, cut_reshape, cut_expand, cut_resize, cut_transposed, cut_unpool;
/* prune/mask.c */
mask_rule mask_beside, mask_convolution, mask_normalization, mask_linear, mask_transposed;
/* prune/rescale_follow.c */
follow_rule follow_convolution, follow_transposed, follow_linear, follow_normalization, follow_same,
    follow_cast, follow_root, follow_reciprocal, follow_power, follow_sum, follow_extreme, follow_product,
    follow_quotient, follow_window, follow_reduce, follow_moved, follow_pad, follow_reshape;
/* prune/domain.c */
domain_rule domain_first, domain_divisor, domain_base;

#endif
