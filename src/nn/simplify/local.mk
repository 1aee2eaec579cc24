# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/simplify/batch_place.c src/nn/simplify/batch_place.h \
	src/nn/simplify/batch_place_internal.h \
	src/nn/simplify/batch_product.c \
	src/nn/simplify/batch_trace.c \
	src/nn/simplify/adapt.h \
	src/nn/simplify/adapt_end.c \
	src/nn/simplify/adapt_images.c \
	src/nn/simplify/adapt_quantised.c \
	src/nn/simplify/adapt_training.c \
	src/nn/simplify/narrow.c src/nn/simplify/narrow.h \
	src/nn/simplify/narrow_build.c \
	src/nn/simplify/narrow_internal.h \
	src/nn/simplify/narrow_rule.c \
	src/nn/simplify/rewrite.c src/nn/simplify/rewrite.h \
	src/nn/simplify/rewrite_apply.c \
	src/nn/simplify/simplify.c src/nn/simplify/simplify.h \
	src/nn/simplify/simplify_batch.c \
	src/nn/simplify/simplify_internal.h \
	src/nn/simplify/simplify_einsum.c \
	src/nn/simplify/simplify_pool.c \
	src/nn/simplify/simplify_repeat.c \
	src/nn/simplify/simplify_transpose.c
