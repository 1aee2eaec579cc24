# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libsearch.a
src_libsearch_a_SOURCES = \
	src/search/budget.c \
	src/search/candidates.c \
	src/search/internal.h \
	src/search/lagrange.c src/search/lagrange.h \
	src/search/method_greedy.c \
	src/search/method_lagrange.c \
	src/search/method_uniform.c \
	src/search/search.c src/search/search.h \
	src/search/space.c
LIBSEARCH = src/libsearch.a
