/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input of a network whose file has channels last. */
#ifndef IPPRO_ONNX_ONNX_WRITE_INPUT_H
#define IPPRO_ONNX_ONNX_WRITE_INPUT_H

#include <stdbool.h>
#include "base/memory.h"
#include "nn/graph/graph.h"
#include "onnx/onnx.pb-c.h"

/* Change the message of a graph with one input, N x C x H x W: it takes N x H x W x C under the same name,
 * and a Transpose in front makes what the nodes took before. False when memory is out. */
bool onnx_write_channels_last(struct arena *arena, const struct graph *graph, Onnx__GraphProto *proto);

#endif
