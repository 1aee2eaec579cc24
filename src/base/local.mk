# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libbase.a
src_libbase_a_SOURCES = \
	src/base/confine.c src/base/confine.h \
	src/base/digest.c src/base/digest.h \
	src/base/file.c src/base/file.h \
	src/base/half.c src/base/half.h \
	src/base/inputs.c src/base/inputs.h \
	src/base/likeness.c src/base/likeness.h \
	src/base/line_file.c src/base/line_file.h \
	src/base/match.c \
	src/base/memory.c src/base/memory.h \
	src/base/order.c src/base/order.h \
	src/base/number.c \
	src/base/pool.c src/base/pool.h \
	src/base/progress.c src/base/progress.h \
	src/base/spare.c src/base/spare.h \
	src/base/random.c src/base/random.h \
	src/base/ranks.c src/base/ranks.h \
	src/base/share.h \
	src/base/status.c src/base/status.h \
	src/base/temporary.c src/base/temporary.h \
	src/base/text.c src/base/text.h \
	src/base/thread.c src/base/thread.h
LIBBASE = src/libbase.a $(NETTLE_LIBS) $(MPI_LIBS)
