/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph of a model: names, constants, inputs, nodes and outputs. */
#ifndef IPPRO_ONNX_ONNX_GRAPH_H
#define IPPRO_ONNX_ONNX_GRAPH_H

#include "base/status.h"
#include "onnx/onnx.pb-c.h"
#include "nn/graph/graph.h"

/* Add everything that the model's graph holds to an empty graph whose opset is set, and finish the graph. Raw
 * data of the message's initialisers are freed on the way. After a failure the graph is good for graph_free
 * only. Errors name the node, tensor, input or value. `partial`: nodes that are not supported become
 * operator_missing. */
status onnx_graph(const Onnx__ModelProto *model, bool partial, struct graph *graph, struct error *error);

#endif
