/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX files in. The schema is unpacked by protobuf-c after an iterative pre-scan has bounded depth and sizes
 * (onnx/onnx_scan.h); nothing in a file is trusted. */
#ifndef IPPRO_ONNX_ONNX_H
#define IPPRO_ONNX_ONNX_H

#include "base/digest.h"
#include "nn/graph/graph.h"

/* Read a model: opset 7 to 24 of the default domain, parameters in float, half and double (raw or typed
 * data), bfloat16, integers of all widths. The graph is as the file has it (not simplified), finished
 * (graph_finish). Errors name the file, and the byte offset, node or tensor; STATUS_FILE for damage,
 * STATUS_UNSUPPORTED for what is valid but not supported ("node /layer1/Foo: operator GridSample is not
 * supported"). Older files are read as opset 7 when none of their operators has changed its meaning since. */
status onnx_read(const char *path, struct graph **graph, struct error *error);
/* How a model is read. */
struct onnx_reading {
    /* Nodes that are not supported stay in the graph, as operator_missing: planning refuses them. */
    bool partial;
    char digest[DIGEST_SIZE]; /* written: of what lies in files beside the model; empty where nothing does */
};
/* The same of bytes that were read from `path`. Parameters may lie in other files beneath its folder. */
status onnx_read_model(const char *path, const void *data, size_t size, struct onnx_reading *reading,
                       struct graph **graph, struct error *error);
/* The same from memory alone; `name` stands for the path in messages. */
status onnx_read_bytes(const char *name, const void *data, size_t size, struct graph **graph,
                       struct error *error);
/* A TensorProto file (the ONNX project's test data). One reference, freed by the caller. */
status onnx_read_tensor(const char *path, struct tensor **tensor, char **name, struct error *error);

#endif
