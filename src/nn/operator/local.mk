# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/operator/activation.h \
	src/nn/operator/batch_norm.h \
	src/nn/operator/broadcast.c src/nn/operator/broadcast.h \
	src/nn/operator/check.c src/nn/operator/check.h \
	src/nn/operator/convolution.c src/nn/operator/convolution.h \
	src/nn/operator/convolution_kernels.h \
	src/nn/operator/convolution_columns.c \
	src/nn/operator/convolution_columns_kernels.h \
	src/nn/operator/fold.c src/nn/operator/fold.h \
	src/nn/operator/matrix.c src/nn/operator/matrix.h \
	src/nn/operator/movement.c src/nn/operator/movement.h \
	src/nn/operator/movement_kernels.h \
	src/nn/operator/node_check.c src/nn/operator/node_check.h \
	src/nn/operator/op_activation.c \
	src/nn/operator/op_activation_kernels.h \
	src/nn/operator/op_arithmetic.c \
	src/nn/operator/op_arithmetic_kernels.h \
	src/nn/operator/op_blocks.c \
	src/nn/operator/op_arrange.c src/nn/operator/op_arrange_kernels.h \
	src/nn/operator/op_cast.c \
	src/nn/operator/op_compare.c src/nn/operator/op_compare_kernels.h \
	src/nn/operator/op_convolution.c \
	src/nn/operator/op_convolution_kernels.h \
	src/nn/operator/op_cumulative.c \
	src/nn/operator/op_cumulative_kernels.h \
	src/nn/operator/op_einsum.c src/nn/operator/op_einsum_kernels.h \
	src/nn/operator/op_index.c src/nn/operator/op_index_kernels.h \
	src/nn/operator/op_layer_norm.c \
	src/nn/operator/op_layer_norm_kernels.h \
	src/nn/operator/op_grid.c \
	src/nn/operator/op_grid_kernels.h \
	src/nn/operator/op_linear.c \
	src/nn/operator/op_linear_kernels.h \
	src/nn/operator/op_lrn.c \
	src/nn/operator/op_lrn_kernels.h \
	src/nn/operator/op_lp_norm.c \
	src/nn/operator/op_lp_norm_kernels.h \
	src/nn/operator/op_make.c \
	src/nn/operator/op_mean_variance.c \
	src/nn/operator/op_mean_variance_kernels.h \
	src/nn/operator/op_movement.c \
	src/nn/operator/op_normalization.c \
	src/nn/operator/op_normalization_kernels.h \
	src/nn/operator/op_order.c src/nn/operator/op_order_kernels.h \
	src/nn/operator/op_pool.c \
	src/nn/operator/op_pool_kernels.h \
	src/nn/operator/op_quantize.c \
	src/nn/operator/op_reduce.c \
	src/nn/operator/op_reduce_kernels.h \
	src/nn/operator/op_resize.c \
	src/nn/operator/op_resize_kernels.h \
	src/nn/operator/op_select.c src/nn/operator/op_select_kernels.h \
	src/nn/operator/op_shape.c \
	src/nn/operator/op_slice.c \
	src/nn/operator/op_softmax.c \
	src/nn/operator/op_softmax_kernels.h \
	src/nn/operator/op_transposed.c \
	src/nn/operator/op_transposed_kernels.h \
	src/nn/operator/op_unpool.c \
	src/nn/operator/op_unpool_kernels.h \
	src/nn/operator/operator.c src/nn/operator/operator.h \
	src/nn/operator/plan.c src/nn/operator/plan.h \
	src/nn/operator/pooling.h \
	src/nn/operator/resize.h \
	src/nn/operator/resize_sample.c \
	src/nn/operator/rows.h \
	src/nn/operator/typed.h \
	src/nn/operator/window.c src/nn/operator/window.h
