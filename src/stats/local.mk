# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libstats.a
src_libstats_a_SOURCES = \
	src/stats/agreement.c src/stats/agreement.h \
	src/stats/correlation.c src/stats/correlation.h \
	src/stats/curve.c src/stats/curve.h \
	src/stats/evaluate.c src/stats/evaluate.h \
	src/stats/gamma_flip.c \
	src/stats/gamma_order.c src/stats/gamma_order.h \
	src/stats/gamma_sweep.c src/stats/gamma_sweep.h \
	src/stats/histogram.c src/stats/histogram.h \
	src/stats/latency.c src/stats/latency.h \
	src/stats/latency_table.c src/stats/latency_table.h \
	src/stats/masked_pass.c src/stats/masked_pass.h \
	src/stats/overlap.c src/stats/overlap.h \
	src/stats/sensitivity.c src/stats/sensitivity.h \
	src/stats/timing.c src/stats/timing.h
LIBSTATS = src/libstats.a
