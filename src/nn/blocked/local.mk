# SPDX-License-Identifier: GPL-3.0-or-later
# The same sources, once per instruction set. (Objects of a library with its own flags get the library's name in front.)
BLOCKED_SOURCES = \
	src/nn/blocked/blocked.h src/nn/blocked/blocked_layer.h \
	src/nn/blocked/batch_norm.c \
	src/nn/blocked/depthwise.c \
	src/nn/blocked/direct.c \
	src/nn/blocked/epilogue.c src/nn/blocked/epilogue.h \
	src/nn/blocked/families.h \
	src/nn/blocked/grouped.c \
	src/nn/blocked/isa.c src/nn/blocked/isa.h \
	src/nn/blocked/lanes.h \
	src/nn/blocked/layer.c \
	src/nn/blocked/layer.h \
	src/nn/blocked/layout.c \
	src/nn/blocked/pointwise.c \
	src/nn/blocked/pooling.c \
	src/nn/blocked/product.h \
	src/nn/blocked/reach.h \
	src/nn/blocked/tail_gradient.h \
	src/nn/blocked/token.h \
	src/nn/blocked/token_gelu.c \
	src/nn/blocked/token_math.h \
	src/nn/blocked/token_norm.c \
	src/nn/blocked/token_parts.h \
	src/nn/blocked/token_rows.c \
	src/nn/blocked/token_softmax.c \
	src/nn/blocked/weights.c src/nn/blocked/weights.h \
	src/nn/blocked/weights_alone.c \
	src/nn/blocked/winograd.h \
	src/nn/blocked/winograd_weights.h \
	src/nn/blocked/winograd2.c \
	src/nn/blocked/winograd4.c

noinst_LIBRARIES += src/libbaseline.a
src_libbaseline_a_SOURCES = $(BLOCKED_SOURCES)
src_libbaseline_a_CFLAGS = $(AM_CFLAGS) $(BLOCKED_CFLAGS) -DISA=baseline
LIBBLOCKED = src/libbaseline.a

if X86_KERNELS
noinst_LIBRARIES += src/libavx2.a src/libavx512.a
src_libavx2_a_SOURCES = $(BLOCKED_SOURCES)
src_libavx2_a_CFLAGS = $(AM_CFLAGS) $(BLOCKED_CFLAGS) $(AVX2_CFLAGS) -DISA=avx2
src_libavx512_a_SOURCES = $(BLOCKED_SOURCES)
src_libavx512_a_CFLAGS = $(AM_CFLAGS) $(BLOCKED_CFLAGS) $(AVX512_CFLAGS) -DISA=avx512
LIBBLOCKED += src/libavx2.a src/libavx512.a
endif
