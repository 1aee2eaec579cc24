# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libprune.a
src_libprune_a_SOURCES = \
	src/prune/criteria.h \
	src/prune/criterion.c src/prune/criterion.h \
	src/prune/geometric_median.c src/prune/geometric_median.h \
	src/prune/layer.c src/prune/layer.h \
	src/prune/layer_name.c src/prune/layer_name.h \
	src/prune/magnitude.c \
	src/prune/proscore.c src/prune/proscore.h \
	src/prune/random_scores.c \
	src/prune/score.c src/prune/score.h \
	src/prune/selection.c src/prune/selection.h \
	src/prune/taylor.c
LIBPRUNE = src/libprune.a
