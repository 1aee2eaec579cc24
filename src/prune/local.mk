# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libprune.a
src_libprune_a_SOURCES = \
	src/prune/cost.c src/prune/cost.h \
	src/prune/coupling.c src/prune/coupling.h \
	src/prune/coupling_internal.h \
	src/prune/coupling_map.c \
	src/prune/coupling_move.c \
	src/prune/coupling_rules.c \
	src/prune/activation.c src/prune/activation.h \
	src/prune/criteria.h \
	src/prune/criterion.c src/prune/criterion.h \
	src/prune/criterion_table.c \
	src/prune/domain.c \
	src/prune/feature_pass.c src/prune/feature_pass.h \
	src/prune/geometric_median.c src/prune/geometric_median.h \
	src/prune/group.c \
	src/prune/kept.c src/prune/kept.h \
	src/prune/label.c src/prune/label.h \
	src/prune/elementwise.c src/prune/elementwise.h \
	src/prune/function.c src/prune/function.h \
	src/prune/layer.c src/prune/layer.h \
	src/prune/layer_name.c src/prune/layer_name.h \
	src/prune/magnitude.c \
	src/prune/mask.c \
	src/prune/proscore.c src/prune/proscore.h \
	src/prune/proscore_layer.c src/prune/proscore_layer.h \
	src/prune/random_scores.c \
	src/prune/rescale.c src/prune/rescale.h src/prune/rescale_internal.h src/prune/rescale_follow.c \
	src/prune/score.c src/prune/score.h \
	src/prune/selection.c src/prune/selection.h \
	src/prune/shuffle.c \
	src/prune/surgery.c src/prune/surgery.h src/prune/surgery_internal.h src/prune/surgery_rules.c \
	src/prune/tally.c src/prune/tally.h \
	src/prune/taylor.c
LIBPRUNE = src/libprune.a
