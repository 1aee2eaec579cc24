# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libnn.a
src_libnn_a_SOURCES = src/nn/blocked/blocked.c
include src/nn/graph/local.mk
include src/nn/operator/local.mk
include src/nn/simplify/local.mk
include src/nn/blocked/local.mk
include src/nn/execution/local.mk
include src/nn/plain/local.mk
include src/nn/fused/local.mk
include src/nn/engine/local.mk
LIBNN = src/libnn.a $(LIBBLOCKED) $(OPENBLAS_LIBS)
