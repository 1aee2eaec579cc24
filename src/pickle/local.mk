# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libpickle.a
src_libpickle_a_SOURCES = \
	src/pickle/call.c src/pickle/call.h \
	src/pickle/literal.c src/pickle/literal.h \
	src/pickle/machine.c src/pickle/machine.h \
	src/pickle/object.c src/pickle/object.h \
	src/pickle/opcodes.c src/pickle/opcodes.h \
	src/pickle/numpy.c src/pickle/numpy.h \
	src/pickle/pickle.c src/pickle/pickle.h \
	src/pickle/walk.c src/pickle/walk.h
LIBPICKLE = src/libpickle.a
