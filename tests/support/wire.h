/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protobuf by hand, for tests: messages are appended to a text buffer field by field, right or wrong. */
#ifndef IPPRO_TESTS_WIRE_H
#define IPPRO_TESTS_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

void wire_varint(struct text *to, uint64_t value);
void wire_tag(struct text *to, uint64_t field, unsigned wire_type);
void wire_integer(struct text *to, uint64_t field, int64_t value);
void wire_bytes(struct text *to, uint64_t field, const void *bytes, size_t count);
void wire_string(struct text *to, uint64_t field, const char *string);

/* Append `inner` as a message and empty it. */
void wire_message(struct text *to, uint64_t field, struct text *inner);
/* A 32-bit float (host order is little-endian wherever these tests make floats by hand). */
void wire_float(struct text *to, uint64_t field, float value);

/* Field numbers of onnx.proto. */
enum {
    MODEL_IR = 1,
    MODEL_PRODUCER = 2,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_FUNCTION = 25,
    FUNCTION_NAME = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_NODE = 7,
    FUNCTION_OPSET = 9,
    FUNCTION_DOMAIN = 10,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_VALUE_INFO = 13,
    GRAPH_ANNOTATION = 14,
    GRAPH_SPARSE = 15,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OPERATOR = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_S = 4,
    ATTRIBUTE_T = 5,
    ATTRIBUTE_G = 6,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_STRING_LIST = 9,
    ATTRIBUTE_TYPE = 20,
    ATTRIBUTE_REFERENCE = 21,
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_INT32S = 5,
    TENSOR_INT64S = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_UINT64S = 11,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14
};

#endif
