# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libonnx.a
src_libonnx_a_SOURCES = \
	src/onnx/onnx.c src/onnx/onnx.h \
	src/onnx/onnx_external.c src/onnx/onnx_external.h \
	src/onnx/onnx_function.c src/onnx/onnx_function.h \
	src/onnx/onnx_graph.c src/onnx/onnx_graph.h \
	src/onnx/onnx_graph_nodes.c src/onnx/onnx_reader.h \
	src/onnx/onnx_node.c src/onnx/onnx_node.h \
	src/onnx/onnx_scan.c src/onnx/onnx_scan.h \
	src/onnx/onnx_tensor.c src/onnx/onnx_tensor.h \
	src/onnx/onnx_write.c src/onnx/onnx_write.h \
	src/onnx/onnx_write_input.c src/onnx/onnx_write_input.h
LIBONNX = src/libonnx.a src/libonnxpb.a $(PROTOBUF_C_LIBS)

# The schema compiled by protobuf-c: generated here, carried by the tarball. A library of its own, so that the
# warnings of generated code do not count.
noinst_LIBRARIES += src/libonnxpb.a
src_libonnxpb_a_SOURCES = src/onnx/onnx.pb-c.c src/onnx/onnx.pb-c.h
src_libonnxpb_a_CFLAGS = $(AM_CFLAGS) -w
BUILT_SOURCES += src/onnx/onnx.pb-c.h
src/onnx/onnx.pb-c.c:
	$(AM_V_GEN)$(MKDIR_P) src/onnx && $(PROTOC_C) -I$(ONNX_PROTO_DIR) --c_out=src/onnx $(ONNX_PROTO_DIR)/onnx.proto
src/onnx/onnx.pb-c.h: src/onnx/onnx.pb-c.c
