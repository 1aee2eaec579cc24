# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libview.a
src_libview_a_SOURCES = \
	src/view/contrast.c src/view/contrast.h \
	src/view/csv.c src/view/csv.h \
	src/view/fields.c src/view/fields.h \
	src/view/figure.c src/view/figure.h \
	src/view/figure_build.h \
	src/view/figure_kind.c src/view/figure_kind.h \
	src/view/font.c src/view/font.h \
	src/view/glyphs.c src/view/glyphs.h \
	src/view/json_values.c src/view/json_values.h \
	src/view/numbers.c src/view/numbers.h \
	src/view/style.h \
	src/view/theme.c src/view/theme.h \
	src/view/theme_read.c \
	src/view/ticks.c \
	src/view/cells/bar.c src/view/cells/bar.h \
	src/view/cells/canvas.c src/view/cells/canvas.h \
	src/view/cells/curve.c src/view/cells/curve.h \
	src/view/cells/draw.c src/view/cells/draw.h \
	src/view/cells/draw_curve.c \
	src/view/cells/names.c src/view/cells/names.h \
	src/view/cells/draw_fit.c \
	src/view/cells/draw_histogram.c \
	src/view/cells/draw_matrix.c \
	src/view/cells/draw_plane.c \
	src/view/cells/draw_scatter.c \
	src/view/cells/draw_spark.c \
	src/view/cells/draw_strip.c \
	src/view/cells/draw_table.c \
	src/view/cells/look.c src/view/cells/look.h \
	src/view/cells/panel_head.c \
	src/view/cells/print.c \
	src/view/cells/scatter.c src/view/cells/scatter.h \
	src/view/kinds/curve.c \
	src/view/kinds/histogram.c \
	src/view/kinds/matrix.c \
	src/view/kinds/scatter.c \
	src/view/kinds/strip.c \
	src/view/kinds/table.c \
	src/view/picture/plot.h \
	src/view/picture/plot_curve.c \
	src/view/picture/plot_histogram.c \
	src/view/picture/plot_matrix.c \
	src/view/picture/plot_plane.c \
	src/view/picture/plot_scatter.c \
	src/view/picture/plot_strip.c \
	src/view/picture/plot_table.c \
	src/view/picture/png.c src/view/picture/png.h \
	src/view/picture/raster.c src/view/picture/raster.h \
	src/view/picture/raster_line.c \
	src/view/write/write.c src/view/write/write.h \
	src/view/write/write_csv.c \
	src/view/write/write_json.c \
	src/view/write/write_npy.c \
	src/view/write/write_npz.c \
	src/view/write/write_png.c \
	src/view/write/write_txt.c
LIBVIEW = src/libview.a $(JANSSON_LIBS) $(PNG_LIBS)
