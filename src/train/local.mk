# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libtrain.a
src_libtrain_a_SOURCES = \
	src/train/beside.c src/train/beside.h \
	src/train/calibrate.c src/train/calibrate.h \
	src/train/checkpoint.c src/train/checkpoint.h \
	src/train/exchange.c src/train/exchange.h \
	src/train/learnt.c src/train/learnt.h \
	src/train/loss.c src/train/loss.h \
	src/train/network.c src/train/network.h \
	src/train/network_gradient.c \
	src/train/network_internal.h \
	src/train/network_pass.c \
	src/train/optimizer.c src/train/optimizer.h src/train/optimizer_kernels.h \
	src/train/options.c src/train/options.h \
	src/train/preset.c src/train/preset.h \
	src/train/schedule.c src/train/schedule.h \
	src/train/teacher.c src/train/teacher.h \
	src/train/trainer.c src/train/trainer.h src/train/trainer_internal.h \
	src/train/trainer_run.c \
	src/train/trainer_state.c
LIBTRAIN = src/libtrain.a
