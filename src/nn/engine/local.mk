# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/engine/aim.c src/nn/engine/aim.h \
	src/nn/engine/engine.c src/nn/engine/engine.h \
	src/nn/engine/fit.c src/nn/engine/fit.h \
	src/nn/engine/handover.c src/nn/engine/handover.h \
	src/nn/engine/loss.c src/nn/engine/loss.h \
	src/nn/engine/network_end.c src/nn/engine/network_end.h \
	src/nn/engine/noise.c src/nn/engine/noise.h \
	src/nn/engine/quality.c src/nn/engine/quality.h \
	src/nn/engine/replaced.c \
	src/nn/engine/run.c src/nn/engine/run.h \
	src/nn/engine/run_internal.h \
	src/nn/engine/run_loss.c \
	src/nn/engine/stretch.c \
	src/nn/engine/turns.c \
	src/nn/engine/whole_batch.c src/nn/engine/whole_batch.h
