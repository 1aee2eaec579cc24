/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX files in. The schema is unpacked by protobuf-c after an iterative pre-scan has bounded depth and sizes
 * (onnx/onnx_scan.h); nothing in a file is trusted. */
#ifndef IPPRO_ONNX_ONNX_H
#define IPPRO_ONNX_ONNX_H

#include "nn/graph/graph.h"

/* Read a model: opset 7 to 24 of the default domain, parameters in float, half and double (raw or typed
 * data), integers of all widths. The graph is as the file has it (not simplified), finished (graph_finish).
 * Errors name the file, and the byte offset, node or tensor; STATUS_FILE for damage, STATUS_UNSUPPORTED for
 * what is valid but not supported ("node /layer1/Foo: operator GridSample is not supported"). Older files are
 * read as opset 7 when none of their operators has changed its meaning since. */
status onnx_read(const char *path, struct graph **graph, struct error *error);
/* The same from memory; `name` stands for the path in messages. */
status onnx_read_bytes(const char *name, const void *data, size_t size, struct graph **graph,
                       struct error *error);
/* A TensorProto file (the ONNX project's test data). One reference, freed by the caller. */
status onnx_read_tensor(const char *path, struct tensor **tensor, char **name, struct error *error);

#endif
