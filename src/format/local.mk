# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libformat.a
src_libformat_a_SOURCES = \
	src/format/onnx.c src/format/onnx.h \
	src/format/onnx_graph.c src/format/onnx_graph.h \
	src/format/onnx_node.c src/format/onnx_node.h \
	src/format/onnx_scan.c src/format/onnx_scan.h \
	src/format/onnx_tensor.c src/format/onnx_tensor.h \
	src/format/onnx_write.c src/format/onnx_write.h
LIBFORMAT = src/libformat.a src/libonnxpb.a $(PROTOBUF_C_LIBS)

# The schema compiled by protobuf-c: generated here, carried by the tarball. A library of its own, so that the
# warnings of generated code do not count.
noinst_LIBRARIES += src/libonnxpb.a
src_libonnxpb_a_SOURCES = src/format/onnx.pb-c.c src/format/onnx.pb-c.h
src_libonnxpb_a_CFLAGS = $(AM_CFLAGS) -w
BUILT_SOURCES += src/format/onnx.pb-c.h
src/format/onnx.pb-c.c:
	$(AM_V_GEN)$(MKDIR_P) src/format && $(PROTOC_C) -I$(ONNX_PROTO_DIR) --c_out=src/format $(ONNX_PROTO_DIR)/onnx.proto
src/format/onnx.pb-c.h: src/format/onnx.pb-c.c
