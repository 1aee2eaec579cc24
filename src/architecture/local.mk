# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libarchitecture.a
src_libarchitecture_a_SOURCES = \
	src/architecture/architecture.c src/architecture/architecture.h \
	src/architecture/assembly.c src/architecture/assembly.h \
	src/architecture/fit.c src/architecture/fit.h \
	src/architecture/fresh.c src/architecture/fresh.h \
	src/architecture/identify.c src/architecture/identify.h \
	src/architecture/step_kind.c src/architecture/step_kind.h \
	src/architecture/layers_channels.c \
	src/architecture/layers_elementwise.c \
	src/architecture/layers_spatial.c \
	src/architecture/layers_weighted.c \
	src/architecture/table.c src/architecture/table.h \
	src/architecture/variant.c src/architecture/variant.h \
	src/architecture/window.c src/architecture/window.h
LIBARCHITECTURE = src/libarchitecture.a
