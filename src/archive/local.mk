# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libippro-archive.a
src_libippro_archive_a_SOURCES = \
	src/archive/archive.c src/archive/archive.h \
	src/archive/package.c src/archive/package.h \
	src/archive/package_write.c src/archive/package_write.h \
	src/archive/sum.c src/archive/sum.h
LIBARCHIVE = src/libippro-archive.a $(ZIP_LIBS) $(ARCHIVE_LIBS)
