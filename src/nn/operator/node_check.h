/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a node must be whatever its operator does with it: its operands as many as the operator's row says and
 * none left out that has to be there, its attributes of the kinds that ONNX gives them. Planning asks this
 * before it prepares a node, so that prepare functions and kernels may rely on it. */
#ifndef IPPRO_NN_OPERATOR_NODE_CHECK_H
#define IPPRO_NN_OPERATOR_NODE_CHECK_H

#include "nn/graph/graph.h"

/* opset 0: not known. STATUS_FILE or STATUS_UNSUPPORTED; the caller names the node. */
status node_check(const struct node *node, int opset, struct error *error);

#endif
