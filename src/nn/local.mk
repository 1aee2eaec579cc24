# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libnn.a
src_libnn_a_SOURCES = \
	src/nn/blocked.c src/nn/blocked.h \
	src/nn/broadcast.c src/nn/broadcast.h \
	src/nn/check.c src/nn/check.h \
	src/nn/convolution.h src/nn/convolution_columns.c src/nn/convolution_columns_kernels.h \
	src/nn/edit.c src/nn/edit.h \
	src/nn/engine.c src/nn/engine.h src/nn/engine_parts.h \
	src/nn/fused/choose.c src/nn/fused/fused.c src/nn/fused/fused.h src/nn/fused/kinds.c src/nn/fused/memory.c src/nn/fused/move.c \
	src/nn/fused/parts.h src/nn/fused/recognise.c src/nn/fused/unit.c src/nn/fused/unit_backward.c src/nn/fused/weights.c \
	src/nn/activation.h src/nn/pooling.h \
	src/nn/fold.c src/nn/fold.h \
	src/nn/gradient.c \
	src/nn/graph.c src/nn/graph.h src/nn/graph_finish.c \
	src/nn/loss.c src/nn/loss.h \
	src/nn/matrix.c src/nn/matrix.h \
	src/nn/movement.c src/nn/movement.h src/nn/movement_kernels.h src/nn/op_movement.c src/nn/op_slice.c \
	src/nn/op_activation.c src/nn/op_activation_kernels.h \
	src/nn/op_arithmetic.c src/nn/op_arithmetic_kernels.h \
	src/nn/op_cast.c \
	src/nn/op_convolution.c src/nn/op_convolution_kernels.h \
	src/nn/op_linear.c src/nn/op_linear_kernels.h \
	src/nn/op_normalization.c src/nn/op_normalization_kernels.h \
	src/nn/op_pool.c src/nn/op_pool_kernels.h \
	src/nn/op_reduce.c src/nn/op_reduce_kernels.h \
	src/nn/op_resize.c src/nn/op_resize_kernels.h src/nn/resize.h src/nn/resize_sample.c \
	src/nn/op_shape.c \
	src/nn/op_softmax.c \
	src/nn/node_check.c src/nn/node_check.h \
	src/nn/operator.c src/nn/operator.h \
	src/nn/network_end.c src/nn/network_end.h \
	src/nn/plan.c src/nn/plan.h \
	src/nn/probe.c src/nn/probe_kernels.h \
	src/nn/rewrite.c src/nn/rewrite_apply.c src/nn/rewrite.h \
	src/nn/rows.h \
	src/nn/run.c src/nn/run.h \
	src/nn/simplify.c src/nn/simplify.h src/nn/simplify_batch.c src/nn/simplify_parts.h src/nn/simplify_pool.c src/nn/simplify_repeat.c \
	src/nn/tensor.c src/nn/tensor.h \
	src/nn/variant.c \
	src/nn/window.c src/nn/window.h
include src/nn/blocked/local.mk
LIBNN = src/libnn.a $(LIBBLOCKED) $(OPENBLAS_LIBS)
