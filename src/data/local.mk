# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libdata.a
src_libdata_a_SOURCES = \
	src/data/arrays.c src/data/arrays.h \
	src/data/augment.c src/data/augment.h \
	src/data/cifar.c src/data/cifar.h src/data/cifar_archive.c src/data/cifar_names.c src/data/cifar_python.c \
	src/data/cityscapes.c \
	src/data/classes.c src/data/classes.h \
	src/data/csv_list.c \
	src/data/dataset.c src/data/dataset.h \
	src/data/fitting.c src/data/fitting.h \
	src/data/folder.c \
	src/data/idx.c \
	src/data/kinds.h \
	src/data/label_file.c src/data/label_file.h \
	src/data/label_maps.c src/data/label_maps.h \
	src/data/labelled.c src/data/labelled.h \
	src/data/listing.c src/data/listing.h \
	src/data/pictures.c src/data/pictures.h src/data/pictures_corrupt.c \
	src/data/normalization.c src/data/normalization.h \
	src/data/npy.c src/data/npy.h src/data/npy_header.c src/data/npy_set.c \
	src/data/records.c src/data/records.h \
	src/data/sampler.c src/data/sampler.h \
	src/data/shape_draw.c src/data/shape_draw.h \
	src/data/shapes.c \
	src/data/voc.c
LIBDATA = src/libdata.a $(LIBPICKLE) $(LIBARCHIVE) $(LIBIMAGE)
