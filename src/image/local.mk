# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libimage.a
src_libimage_a_SOURCES = \
	src/image/exif.c \
	src/image/format.h \
	src/image/image.c src/image/image.h \
	src/image/jpeg.c \
	src/image/png.c \
	src/image/prepare.c src/image/prepare.h \
	src/image/resize.c src/image/resize.h
LIBIMAGE = src/libimage.a $(PNG_LIBS) $(JPEG_LIBS)
