# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += src/nn/fused/README.md
src_libnn_a_SOURCES += \
	src/nn/fused/batch_norm.c \
	src/nn/fused/choose.c \
	src/nn/fused/describe.c \
	src/nn/fused/fused.c src/nn/fused/fused.h \
	src/nn/fused/fused_layer.c \
	src/nn/fused/fused_layer_backward.c \
	src/nn/fused/internal.h \
	src/nn/fused/kinds.c \
	src/nn/fused/memory.c \
	src/nn/fused/move.c \
	src/nn/fused/packed_weights.h \
	src/nn/fused/parameters.c \
	src/nn/fused/probes.c \
	src/nn/fused/recognise.c \
	src/nn/fused/recognise_internal.h \
	src/nn/fused/recognise_layer.c \
	src/nn/fused/recognise_operator.c \
	src/nn/fused/recognise_token.c \
	src/nn/fused/step.c \
	src/nn/fused/token_kinds.c \
	src/nn/fused/token_linear.c \
	src/nn/fused/token_product.c src/nn/fused/token_product.h \
	src/nn/fused/token_view.c src/nn/fused/token_view.h
