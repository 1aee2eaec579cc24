# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libcheckpoint.a
src_libcheckpoint_a_SOURCES = \
	src/checkpoint/checkpoint.c src/checkpoint/checkpoint.h \
	src/checkpoint/notes.c src/checkpoint/notes.h \
	src/checkpoint/safetensors.c src/checkpoint/safetensors.h \
	src/checkpoint/safetensors_write.c \
	src/checkpoint/torch.h \
	src/checkpoint/torch_choose.c src/checkpoint/torch_choose.h \
	src/checkpoint/torch_legacy.c \
	src/checkpoint/torch_module.c src/checkpoint/torch_module.h \
	src/checkpoint/torch_read.c src/checkpoint/torch_read.h \
	src/checkpoint/torch_storage.c \
	src/checkpoint/torch_tensor.c \
	src/checkpoint/torch_write.c src/checkpoint/torch_write.h \
	src/checkpoint/torch_zip.c \
	src/checkpoint/zeros.c src/checkpoint/zeros.h
LIBCHECKPOINT = src/libcheckpoint.a $(JANSSON_LIBS)
