# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libtui.a
src_libtui_a_SOURCES = \
	src/tui/bindings.c src/tui/bindings.h \
	src/tui/standing.c src/tui/standing.h \
	src/tui/freshness.c src/tui/freshness.h \
	src/tui/compose.c src/tui/compose.h \
	src/tui/display.c src/tui/display.h \
	src/tui/explorer.c src/tui/explorer.h \
	src/tui/explorer_face.c src/tui/explorer_face.h \
	src/tui/explorer_keys.c \
	src/tui/explorer_lines.c \
	src/tui/explorer_live.c src/tui/explorer_live.h \
	src/tui/gallery.c src/tui/gallery.h \
	src/tui/grid.c src/tui/grid.h \
	src/tui/input.c src/tui/input.h \
	src/tui/journal.c src/tui/journal.h \
	src/tui/keys_help.c src/tui/keys_help.h \
	src/tui/layer_draw.c src/tui/layer_draw.h \
	src/tui/layer_facts.c src/tui/layer_facts.h \
	src/tui/layer_sort.c src/tui/layer_sort.h \
	src/tui/layer_tree.c src/tui/layer_tree.h \
	src/tui/layout.c src/tui/layout.h \
	src/tui/pane.c src/tui/pane.h \
	src/tui/pane_correlation.c \
	src/tui/pane_figure.c \
	src/tui/pane_layers.c \
	src/tui/pane_log.c \
	src/tui/pane_model.c \
	src/tui/pane_scores.c \
	src/tui/press_decode.c src/tui/press_decode.h \
	src/tui/prompt.c src/tui/prompt.h \
	src/tui/score_panels.c src/tui/score_panels.h \
	src/tui/screen_end.c src/tui/screen_end.h \
	src/tui/tui.c src/tui/tui.h \
	src/tui/typed_word.c src/tui/typed_word.h \
	src/tui/waiting.c src/tui/waiting.h
LIBTUI = src/libtui.a
