/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX files out. */
#ifndef IPPRO_ONNX_ONNX_WRITE_H
#define IPPRO_ONNX_ONNX_WRITE_H

#include "base/text.h"
#include "nn/graph/graph.h"

/* The model as bytes of an ONNX file: names, opset, IR version, producer and metadata as the graph has them,
 * and the given metadata beside or in place of those with the same key. Constants keep the data type of the
 * file that they came from. The network's unknown batch is called "N". The bytes are appended to `out`.
 * Models of more than 2 GiB are refused (STATUS_UNSUPPORTED): the format cannot hold them. */
status onnx_encode(const struct graph *graph, const struct metadata *metadata, int metadata_count,
                   struct text *out, struct error *error);

/* The same to a file, replaced in one step (file_replace). */
status onnx_write(const char *path, const struct graph *graph, const struct metadata *metadata,
                  int metadata_count, struct error *error);

#endif
