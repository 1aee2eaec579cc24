# SPDX-License-Identifier: GPL-3.0-or-later
# What tests share: a program takes from the library what it uses, and links the floors that this needs.
check_LIBRARIES = tests/libsupport.a
tests_libsupport_a_SOURCES = \
	tests/support/attributes.c tests/support/attributes.h \
	tests/support/blocked_case.c tests/support/blocked_case.h \
	tests/support/coupling_maker.c tests/support/coupling_maker.h \
	tests/support/csv_read.c tests/support/csv_read.h \
	tests/support/geometry.c tests/support/geometry.h \
	tests/support/graph_maker.c tests/support/graph_maker.h \
	tests/support/network.c tests/support/network.h \
	tests/support/operands.c tests/support/operands.h \
	tests/support/operator_case.c tests/support/operator_case.h \
	tests/support/picture_make.c tests/support/picture_make.h \
	tests/support/png_read.c tests/support/png_read.h \
	tests/support/random_attention.c tests/support/random_attention.h \
	tests/support/random_blocks.c \
	tests/support/random_calls.c tests/support/random_calls.h \
	tests/support/random_network.c tests/support/random_network.h \
	tests/support/random_spatial.c tests/support/random_spatial.h \
	tests/support/reference_columns.c tests/support/reference_columns.h \
	tests/support/reference_dump.c tests/support/reference_dump.h \
	tests/support/residual.c tests/support/residual.h \
	tests/support/segmenter.c tests/support/segmenter.h \
	tests/support/session_lines.c tests/support/session_lines.h \
	tests/support/shared_data.c tests/support/shared_data.h \
	tests/support/skip.c tests/support/skip.h \
	tests/support/small_graph.c tests/support/small_graph.h \
	tests/support/small_model.c tests/support/small_model.h \
	tests/support/state_home.c tests/support/state_home.h \
	tests/support/subject.c tests/support/subject.h \
	tests/support/view_figures.c tests/support/view_figures.h \
	tests/support/wire.c tests/support/wire.h
SUPPORT = tests/libsupport.a
