/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pre-scan of protobuf buffers, and unpacking with checked memory. */
#include "onnx/onnx_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/progress.h"

/* A message that is being walked. */
struct frame {
    const ProtobufCMessageDescriptor *type;
    size_t end;     /* offset of its first byte that is no longer in it */
    uint64_t given; /* bit per member that may stand only once */
};

struct scan {
    const char *name; /* of the file */
    const uint8_t *data;
    size_t size, offset;
    uint64_t memory, memory_limit;
    struct frame frames[ONNX_MAX_DEPTH];
    int depth;
    struct error *error;
};

enum {
    MAX_VARINT_BYTES = 10,
    MAX_TAG_BYTES = 5,
    MAX_LENGTH_BYTES = 5, /* protobuf-c reads no more of a length */
    ONEOF_BIT = 63,
    /* What protobuf-c keeps per field while it unpacks a message, and malloc's own share per block. */
    FIELD_OVERHEAD = 48,
    BLOCK_OVERHEAD = 16,
    STEPS_PER_POLL = 1 << 16, /* fields between two looks whether the work is cancelled */
};

#define refuse(scan, at, ...)                                                                                \
    (error_set((scan)->error, STATUS_FILE, __VA_ARGS__),                                                     \
     error_prefix((scan)->error, "%s: byte %zu: ", (scan)->name, (size_t)(at)))

static const struct frame *top(const struct scan *scan)
{
    return &scan->frames[scan->depth - 1];
}

static const char *message_name(const struct scan *scan)
{
    return top(scan)->type->short_name;
}

static status read_varint(struct scan *scan, size_t end, int max_bytes, uint64_t *value)
{
    uint64_t result = 0;
    size_t start = scan->offset;
    for (int i = 0; i < max_bytes; i++) {
        if (scan->offset >= end)
            return refuse(scan, start, "%s ends within a number", message_name(scan));
        uint8_t byte = scan->data[scan->offset++];
        result |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            *value = result;
            return STATUS_OK;
        }
    }
    return refuse(scan, start, "%s has a number longer than %d bytes", message_name(scan), max_bytes);
}

static status count_memory(struct scan *scan, size_t at, size_t bytes)
{
    scan->memory += bytes; /* cannot wrap: each step adds at most a small multiple of the file's size */
    if (scan->memory > scan->memory_limit)
        return refuse(scan, at, "its %zu bytes would need more than %llu MB of memory to unpack", scan->size,
                      (unsigned long long)(scan->memory_limit >> 20));
    return STATUS_OK;
}

/* Wire type and size in memory of one element of a field type. */
static void field_wire(const ProtobufCFieldDescriptor *field, int *wire_type, size_t *element)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        *wire_type = PROTOBUF_C_WIRE_TYPE_32BIT;
        *element = 4;
        break;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        *wire_type = PROTOBUF_C_WIRE_TYPE_64BIT;
        *element = 8;
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        *wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
        *element = 16;
        break;
    default:
        *wire_type = PROTOBUF_C_WIRE_TYPE_VARINT;
        *element = 8;
        break;
    }
}

/* A list of numbers in one length-prefixed field. */
static status scan_packed(struct scan *scan, const ProtobufCFieldDescriptor *field, int wire_type,
                          size_t length)
{
    size_t start = scan->offset, end = start + length, count = 0;
    if (wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
        while (scan->offset < end) {
            uint64_t ignored;
            status result = read_varint(scan, end, MAX_VARINT_BYTES, &ignored);
            if (result)
                return result;
            count++;
        }
    } else {
        size_t width = wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
        if (length % width)
            return refuse(scan, start, "%s.%s: %zu bytes are no whole number of %zu-byte values",
                          message_name(scan), field->name, length, width);
        count = length / width;
        scan->offset = end;
    }
    return count_memory(scan, start, count * 8);
}

/* Refuse what is given twice although it may stand once: protobuf-c would merge such messages in quadratic
 * time. */
static status check_single(struct scan *scan, const ProtobufCFieldDescriptor *field, size_t at)
{
    struct frame *frame = &scan->frames[scan->depth - 1];
    bool oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
    if (field->label == PROTOBUF_C_LABEL_REPEATED || (field->type != PROTOBUF_C_TYPE_MESSAGE && !oneof))
        return STATUS_OK;
    size_t index = (size_t)(field - frame->type->fields);
    uint64_t bit = (uint64_t)1 << (oneof || index >= ONEOF_BIT ? (size_t)ONEOF_BIT : index);
    if (frame->given & bit)
        return refuse(scan, at, "%s.%s is given twice", message_name(scan), field->name);
    frame->given |= bit;
    return STATUS_OK;
}

static status enter(struct scan *scan, const ProtobufCMessageDescriptor *type, size_t at, size_t length)
{
    if (scan->depth == ONNX_MAX_DEPTH)
        return refuse(scan, at, "messages are nested more than %d deep", ONNX_MAX_DEPTH);
    scan->frames[scan->depth++] = (struct frame){.type = type, .end = scan->offset + length};
    return count_memory(scan, at, type->sizeof_message + BLOCK_OVERHEAD);
}

/* A length-prefixed field; field is NULL for an unknown one, which protobuf-c keeps as bytes. */
static status scan_length_prefixed(struct scan *scan, const ProtobufCFieldDescriptor *field, int wanted,
                                   size_t at)
{
    uint64_t length;
    size_t start = scan->offset;
    status result = read_varint(scan, top(scan)->end, MAX_VARINT_BYTES, &length);
    if (result)
        return result;
    const char *what = field ? field->name : "an unknown field";
    size_t left = top(scan)->end - scan->offset;
    if (length > left)
        return refuse(scan, at, "%s.%s claims %llu bytes where %zu are left", message_name(scan), what,
                      (unsigned long long)length, left);
    if (scan->offset - start > MAX_LENGTH_BYTES)
        return refuse(scan, start, "the length of %s.%s takes %zu bytes, at most %d are allowed",
                      message_name(scan), what, scan->offset - start, MAX_LENGTH_BYTES);
    if (length > INT32_MAX)
        return refuse(scan, at, "%s.%s is longer than 2 GB", message_name(scan), what);
    if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(scan, field->descriptor, at, (size_t)length);
    if (field && wanted != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return scan_packed(scan, field, wanted, (size_t)length);
    scan->offset += (size_t)length;
    return count_memory(scan, at, (size_t)length + 1 + BLOCK_OVERHEAD);
}

static status scan_value(struct scan *scan, const ProtobufCFieldDescriptor *field, int wire_type, int wanted,
                         size_t at)
{
    uint64_t ignored;
    size_t width = wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(scan, top(scan)->end, MAX_VARINT_BYTES, &ignored);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return scan_length_prefixed(scan, field, wanted, at);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        if (top(scan)->end - scan->offset < width)
            return refuse(scan, at, "%s ends within a number", message_name(scan));
        scan->offset += width;
        return STATUS_OK;
    default:
        return refuse(scan, at, "%s has a field of wire type %d, which does not exist", message_name(scan),
                      wire_type);
    }
}

/* Tag and value of one field of the innermost message. */
static status scan_field(struct scan *scan)
{
    size_t at = scan->offset;
    uint64_t tag;
    status result = read_varint(scan, top(scan)->end, MAX_TAG_BYTES, &tag);
    if (result)
        return result;
    uint64_t number = tag >> 3;
    int wire_type = (int)(tag & 7), wanted = wire_type;
    if (number == 0 || number >= 1u << 29)
        return refuse(scan, at, "%s has field number %llu, which is not allowed", message_name(scan),
                      (unsigned long long)number);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(top(scan)->type, (unsigned)number);
    size_t element = sizeof(ProtobufCMessageUnknownField);
    if (field) {
        field_wire(field, &wanted, &element);
        bool packed =
            wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && field->label == PROTOBUF_C_LABEL_REPEATED;
        if (wire_type != wanted && !packed)
            return refuse(scan, at, "%s.%s has wire type %d where %d is expected", message_name(scan),
                          field->name, wire_type, wanted);
        if ((result = check_single(scan, field, at)))
            return result;
    }
    if ((result = count_memory(scan, at, element + FIELD_OVERHEAD)))
        return result;
    return scan_value(scan, field, wire_type, wanted, at);
}

status onnx_scan(const char *name, const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                 struct error *error)
{
    struct scan scan = {.name = name, .data = data, .size = size, .error = error};
    if (size > INT32_MAX)
        return error_set(error, STATUS_FILE, "%s: an ONNX file cannot be larger than 2 GB", name);
    scan.memory_limit = ONNX_MEMORY_BASE + (uint64_t)size * ONNX_MEMORY_FACTOR;
    status result = enter(&scan, type, 0, size);
    for (size_t steps = 1; !result && scan.depth > 0; steps++) {
        if (steps % STEPS_PER_POLL == 0 && progress_check(error) != STATUS_OK)
            return error->code;
        if (scan.offset == top(&scan)->end)
            scan.depth--;
        else
            result = scan_field(&scan);
    }
    return result;
}

/* What made an allocation fail while a message was unpacked. */
struct unpacking {
    bool cancelled, no_memory;
};

/* Larger pieces are aligned as tensors are, which then take them over (onnx_tensor.c). protobuf-c offers no
 * other place to give up at, so a cancelled unpacking gets no more memory. */
static void *allocate(void *argument, size_t size)
{
    enum { LARGER = 4096 };
    struct unpacking *unpacking = argument;
    void *memory = NULL;
    if (progress_cancelled(progress_current()))
        unpacking->cancelled = true;
    else
        memory = size >= LARGER ? mem_aligned_raw(size, 1) : mem_resize(NULL, size ? size : 1, 1);
    unpacking->no_memory |= !memory;
    return memory;
}

static void release(void *unused, void *pointer)
{
    (void)unused;
    mem_free(pointer);
}

status onnx_unpack(const char *name, const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                   ProtobufCMessage **message, struct error *error)
{
    struct unpacking unpacking = {0};
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = &unpacking};
    *message = NULL;
    status result = onnx_scan(name, type, data, size, error);
    if (result)
        return result;
    *message = protobuf_c_message_unpack(type, &allocator, size, data);
    if (*message)
        return STATUS_OK;
    if (unpacking.cancelled)
        return error_set(error, STATUS_CANCELLED, "cancelled");
    if (unpacking.no_memory)
        return error_memory(error);
    return error_set(error, STATUS_FILE, "%s: not a well-formed %s", name, type->short_name);
}

void onnx_message_free(ProtobufCMessage *message)
{
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release};
    if (message)
        protobuf_c_message_free_unpacked(message, &allocator);
}

void onnx_bytes_free(ProtobufCBinaryData *bytes)
{
    mem_free(bytes->data);
    *bytes = (ProtobufCBinaryData){0};
}
