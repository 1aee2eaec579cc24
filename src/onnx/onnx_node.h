/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NodeProto messages: the operator a node names, and its attributes. Messages of errors say what is wrong
 * with the node; the caller puts the node's name in front. */
#ifndef IPPRO_ONNX_ONNX_NODE_H
#define IPPRO_ONNX_ONNX_NODE_H

#include "base/memory.h"
#include "base/status.h"
#include "onnx/onnx.pb-c.h"
#include "nn/graph/graph.h"

/* The operators' current meaning begins with opset 7; files up to opset 24 are read. */
enum { ONNX_FIRST_OPSET = 7, ONNX_LAST_OPSET = 24 };

/* The operator of a node in a file of the given opset; older ones than ONNX_FIRST_OPSET are read as that one
 * where that is the same. STATUS_UNSUPPORTED for unknown operators, foreign domains, and forms from before
 * opset 7 that meant something else. */
status onnx_node_operator(const Onnx__NodeProto *node, int opset, const struct op **op, struct error *error);

struct onnx_call;

/* Attributes of a node in the graph (call NULL), or in the body of a function, in the program's form: array
 * and strings from the arena, tensors with one reference each that the caller frees by onnx_attributes_free
 * (also after an error). */
status onnx_node_attributes(const Onnx__NodeProto *node, int opset, const struct onnx_call *call,
                            struct arena *arena, struct attribute **attributes, int *count,
                            struct error *error);
void onnx_attributes_free(struct attribute *attributes, int count);

#endif
