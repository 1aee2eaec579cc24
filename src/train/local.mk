# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libtrain.a
src_libtrain_a_SOURCES = \
	src/train/calibrate.c src/train/calibrate.h \
	src/train/network.c src/train/network.h \
	src/train/network_internal.h \
	src/train/network_pass.c
LIBTRAIN = src/libtrain.a
