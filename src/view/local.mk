# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libview.a
src_libview_a_SOURCES = \
	src/view/canvas.c src/view/canvas.h \
	src/view/figure.c src/view/figure.h \
	src/view/theme.c src/view/theme.h
LIBVIEW = src/libview.a $(JANSSON_LIBS)
