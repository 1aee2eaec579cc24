# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/plain/gradient.c \
	src/nn/plain/internal.h \
	src/nn/plain/plain.c src/nn/plain/plain.h
