# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/execution/execution.c src/nn/execution/execution.h \
	src/nn/execution/gradient.c \
	src/nn/execution/images.c src/nn/execution/images.h \
	src/nn/execution/joined.c src/nn/execution/joined.h \
	src/nn/execution/options.h \
	src/nn/execution/probe.c src/nn/execution/probe.h \
	src/nn/execution/probe_kernels.h \
	src/nn/execution/times.c src/nn/execution/times.h
