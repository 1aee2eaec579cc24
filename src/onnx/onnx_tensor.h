/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TensorProto messages and data types. */
#ifndef IPPRO_ONNX_ONNX_TENSOR_H
#define IPPRO_ONNX_ONNX_TENSOR_H

#include "base/status.h"
#include "onnx/onnx.pb-c.h"
#include "nn/graph/tensor.h"

/* "float16", "bool", ... for messages; "data type 99" is the caller's matter: NULL when unknown. */
const char *onnx_type_name(int data_type);

/* Element type in memory of a supported data type; STATUS_UNSUPPORTED (text, complex, float8, unknown) with
 * a message that says only what is wrong. */
status onnx_element_type(int data_type, enum element_type *type, struct error *error);

/* The tensor that a message describes; one reference, freed by the caller. Dimensions and data must agree
 * exactly. The message's raw data are freed on the way. Errors begin with "tensor NAME: ", or "tensor: "
 * where `name` is empty. */
status onnx_tensor(Onnx__TensorProto *message, const char *name, struct tensor **tensor, struct error *error);

#endif
