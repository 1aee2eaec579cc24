# SPDX-License-Identifier: GPL-3.0-or-later
src_libnn_a_SOURCES += \
	src/nn/graph/edit.c src/nn/graph/edit.h \
	src/nn/graph/file_type.c src/nn/graph/file_type.h \
	src/nn/graph/graph.c src/nn/graph/graph.h \
	src/nn/graph/graph_finish.c \
	src/nn/graph/op.h \
	src/nn/graph/tensor.c src/nn/graph/tensor.h
