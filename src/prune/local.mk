# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libprune.a
src_libprune_a_SOURCES = \
	src/prune/branch.c src/prune/branch.h \
	src/prune/branch_gone.c \
	src/prune/compensate.c src/prune/compensate.h \
	src/prune/cost.c src/prune/cost.h \
	src/prune/coupling.c src/prune/coupling.h \
	src/prune/coupling_calls.c \
	src/prune/coupling_classes.c \
	src/prune/coupling_internal.h \
	src/prune/coupling_map.c \
	src/prune/coupling_move.c \
	src/prune/coupling_product.c \
	src/prune/coupling_rules.c \
	src/prune/coupling_spatial.c \
	src/prune/coupling_words.c \
	src/prune/coupling_zero.c \
	src/prune/domain.c \
	src/prune/group_score.c src/prune/group_score.h \
	src/prune/isomorphic.c src/prune/isomorphic.h \
	src/prune/kept.c src/prune/kept.h \
	src/prune/label.c src/prune/label.h \
	src/prune/layer_edit.c src/prune/layer_edit.h \
	src/prune/least_squares.c src/prune/least_squares.h \
	src/prune/mask.c \
	src/prune/members.c src/prune/members.h \
	src/prune/operator_rules.c src/prune/operator_rules.h \
	src/prune/operator_rules_internal.h \
	src/prune/patches.c src/prune/patches.h \
	src/prune/repair.c src/prune/repair.h src/prune/repair_internal.h \
	src/prune/repair_plan.c \
	src/prune/rescale.c src/prune/rescale.h \
	src/prune/rescale_follow.c \
	src/prune/rescale_internal.h \
	src/prune/sampled.c src/prune/sampled.h \
	src/prune/selection.c src/prune/selection.h \
	src/prune/shuffle.c \
	src/prune/surgery.c src/prune/surgery.h \
	src/prune/surgery_internal.h \
	src/prune/surgery_rules.c \
	src/prune/trace.c src/prune/trace.h
LIBPRUNE = src/libprune.a
