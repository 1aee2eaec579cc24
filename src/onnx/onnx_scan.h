/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate in front of protobuf-c.
 *
 * protobuf-c unpacks nested messages by recursion without a limit, allocates whatever a file asks for, and
 * merges a message that is given many times in quadratic time. So every buffer is walked first, without
 * recursion, against the same descriptors that protobuf-c uses; only what passes is unpacked. */
#ifndef IPPRO_ONNX_ONNX_SCAN_H
#define IPPRO_ONNX_ONNX_SCAN_H

#include <stddef.h>
#include <protobuf-c/protobuf-c.h>
#include "base/status.h"

enum {
    ONNX_MAX_DEPTH = 32,                 /* messages within messages; a plain network has 5 */
    ONNX_MEMORY_BASE = 64 * 1024 * 1024, /* what unpacking may allocate: this, */
    ONNX_MEMORY_FACTOR = 32              /* and so many bytes for each byte of the file */
};

/* Check that data[0..size-1] is a well-formed message of the given type: tags, wire types, varints of at most
 * 10 bytes, lengths within the enclosing message, nesting, members given twice, memory. Linear in size.
 * STATUS_FILE with `name` and the byte offset otherwise. */
status onnx_scan(const char *name, const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                 struct error *error);

/* onnx_scan, then unpack. The message is freed by onnx_message_free. */
status onnx_unpack(const char *name, const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                   ProtobufCMessage **message, struct error *error);
void onnx_message_free(ProtobufCMessage *message); /* NULL is fine */
/* Release the content of a bytes field early, to keep the peak of memory low; it is empty afterwards. */
void onnx_bytes_free(ProtobufCBinaryData *bytes);

#endif
