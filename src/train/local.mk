# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libtrain.a
src_libtrain_a_SOURCES = \
	src/train/loss.c src/train/loss.h \
	src/train/network.h \
	src/train/optimizer.c src/train/optimizer.h src/train/optimizer_kernels.h \
	src/train/schedule.c src/train/schedule.h
LIBTRAIN = src/libtrain.a
