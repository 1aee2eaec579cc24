/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters whose bytes lie in files beside the model. */
#ifndef IPPRO_ONNX_ONNX_EXTERNAL_H
#define IPPRO_ONNX_ONNX_EXTERNAL_H

#include "base/digest.h"
#include "base/status.h"
#include "onnx/onnx.pb-c.h"

/* Read what the graph's initialisers keep elsewhere into the messages, as if it had stood there. Files lie
 * beneath the folder of `path`, the model's; no symbolic link is followed (file_open_beneath). *digest is of
 * all bytes that were read, empty where there were none. STATUS_FILE with the tensor's name. */
status onnx_external(Onnx__GraphProto *graph, const char *path, char digest[DIGEST_SIZE],
                     struct error *error);

#endif
