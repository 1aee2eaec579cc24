# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libdata.a
src_libdata_a_SOURCES = \
	src/data/cifar.c \
	src/data/dataset.c src/data/dataset.h \
	src/data/npy.c src/data/npy.h src/data/npy_header.c \
	src/data/records.c src/data/records.h \
	src/data/sampler.c src/data/sampler.h \
	src/data/shape_draw.c src/data/shape_draw.h \
	src/data/shapes.c
LIBDATA = src/libdata.a
