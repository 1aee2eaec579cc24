# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libscore.a
src_libscore_a_SOURCES = \
	src/score/activation.c src/score/activation.h \
	src/score/apoz.c src/score/chip.c src/score/hrank.c src/score/variance.c \
	src/score/cosine.c src/score/cosine.h \
	src/score/criteria.h \
	src/score/criterion.c src/score/criterion.h \
	src/score/criterion_options.c src/score/criterion_options.h \
	src/score/criterion_table.c \
	src/score/elementwise.c src/score/elementwise.h \
	src/score/feature_pass.c src/score/feature_pass.h \
	src/score/function.c src/score/function.h \
	src/score/fisher.c src/score/jacobian.c src/score/obd.c src/score/snip.c \
	src/score/geometric_median.c src/score/geometric_median.h \
	src/score/image_sums.c src/score/image_sums.h \
	src/score/lamp.c src/score/sequential.c src/score/whc.c \
	src/score/layer.c src/score/layer.h src/score/layer_calls.c src/score/layer_search.h \
	src/score/layer_name.c src/score/layer_name.h \
	src/score/layer_stage.c src/score/layer_stage.h \
	src/score/magnitude.c \
	src/score/nuclear.c src/score/nuclear.h \
	src/score/part.c src/score/part.h \
	src/score/proscore.c src/score/proscore.h \
	src/score/proscore_logs.c \
	src/score/proscore_layer.c src/score/proscore_layer.h \
	src/score/proscore_reading.c src/score/proscore_reading.h \
	src/score/random_scores.c \
	src/score/score.c src/score/score.h \
	src/score/tally.c src/score/tally.h \
	src/score/taylor.c \
	src/score/weight_sums.c src/score/weight_sums.h src/score/weight_sums_kernels.h
LIBSCORE = src/libscore.a
EXTRA_DIST += src/score/reductions.md
