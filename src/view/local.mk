# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libview.a
src_libview_a_SOURCES = \
	src/view/canvas.c src/view/canvas.h \
	src/view/curve.c src/view/curve.h \
	src/view/draw.c src/view/draw.h \
	src/view/draw_curve.c \
	src/view/draw_fit.c \
	src/view/draw_histogram.c \
	src/view/draw_matrix.c \
	src/view/draw_plane.c \
	src/view/draw_scatter.c \
	src/view/draw_table.c \
	src/view/figure.c src/view/figure.h \
	src/view/font.c src/view/font.h \
	src/view/glyphs.c src/view/glyphs.h \
	src/view/look.h \
	src/view/numbers.c src/view/numbers.h \
	src/view/panel_head.c \
	src/view/plot.h \
	src/view/plot_curve.c \
	src/view/plot_histogram.c \
	src/view/plot_matrix.c \
	src/view/plot_plane.c \
	src/view/plot_scatter.c \
	src/view/plot_table.c \
	src/view/print.c \
	src/view/raster.c src/view/raster.h \
	src/view/raster_line.c \
	src/view/scatter.c src/view/scatter.h \
	src/view/theme.c src/view/theme.h \
	src/view/theme_read.c \
	src/view/ticks.c \
	src/view/write.c src/view/write.h \
	src/view/write_csv.c \
	src/view/write_json.c \
	src/view/write_png.c
LIBVIEW = src/libview.a $(JANSSON_LIBS)
