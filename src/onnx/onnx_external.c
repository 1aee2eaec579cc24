/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "onnx/onnx_external.h"

#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "nn/graph/tensor.h"
#include "onnx/onnx_scan.h"

/* All tensors together: a few bytes of a model can name the same gigabyte any number of times. */
static const uint64_t most_bytes = (uint64_t)1 << 36;

/* The file at hand stays open, for most models keep everything in one. */
struct external {
    char *folder;
    char *location; /* NULL: no file is open */
    int descriptor;
    size_t size;
    uint64_t taken;
    struct digest_state digest;
    struct error *error;
};

struct range {
    const char *location;
    int64_t offset, length; /* length -1: to the end of the file */
};

static bool is_external(const Onnx__TensorProto *tensor)
{
    return tensor->n_external_data > 0 &&
           (!tensor->has_data_location ||
            tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL);
}

static status read_range(const Onnx__TensorProto *tensor, struct range *range, struct error *error)
{
    *range = (struct range){.length = -1};
    for (size_t i = 0; i < tensor->n_external_data; i++) {
        const char *key = tensor->external_data[i]->key, *value = tensor->external_data[i]->value;
        int64_t *number = !key                         ? NULL
                          : strcmp(key, "offset") == 0 ? &range->offset
                          : strcmp(key, "length") == 0 ? &range->length
                                                       : NULL;
        if (key && value && strcmp(key, "location") == 0)
            range->location = value;
        if (number && (!value || !text_to_integer(value, number) || *number < 0))
            return error_set(error, STATUS_FILE, "the %s of its data is not a number of bytes", key);
    }
    return range->location ? STATUS_OK
                           : error_set(error, STATUS_FILE, "it does not say which file its data are in");
}

static void close_file(struct external *external)
{
    if (external->location)
        close(external->descriptor);
    mem_free(external->location);
    external->location = NULL;
}

static status open_file(struct external *external, const char *location)
{
    if (external->location && strcmp(external->location, location) == 0)
        return STATUS_OK;
    close_file(external);
    char *copy = mem_string(location);
    if (!copy)
        return error_memory(external->error);
    if (file_open_beneath(external->folder, location, (size_t)most_bytes, &external->descriptor,
                          &external->size, external->error)) {
        mem_free(copy);
        return external->error->code;
    }
    external->location = copy;
    return STATUS_OK;
}

static status check_range(const struct external *external, struct range *range)
{
    const uint64_t size = external->size, offset = (uint64_t)range->offset;
    if (range->length < 0)
        range->length = offset < size ? (int64_t)(size - offset) : 0;
    if (offset > size || (uint64_t)range->length > size - offset)
        return error_set(external->error, STATUS_FILE, "%s: has %zu bytes, too few for %lld at byte %lld",
                         range->location, external->size, (long long)range->length, (long long)range->offset);
    if ((uint64_t)range->length > most_bytes - external->taken)
        return error_set(external->error, STATUS_UNSUPPORTED,
                         "data outside the model of more than %llu GiB are not supported",
                         (unsigned long long)(most_bytes >> 30));
    return STATUS_OK;
}

/* The message is then as if the bytes had stood in it. */
static void settle(Onnx__TensorProto *tensor, void *data, size_t size)
{
    for (size_t i = 0; i < tensor->n_external_data; i++)
        onnx_message_free(&tensor->external_data[i]->base);
    mem_free(tensor->external_data);
    tensor->external_data = NULL;
    tensor->n_external_data = 0;
    tensor->has_data_location = false;
    onnx_bytes_free(&tensor->raw_data);
    tensor->has_raw_data = true;
    tensor->raw_data = (ProtobufCBinaryData){size, data};
}

static status fetch(struct external *external, Onnx__TensorProto *tensor)
{
    struct range range;
    struct error *error = external->error;
    if (read_range(tensor, &range, error) || open_file(external, range.location) ||
        check_range(external, &range))
        return error->code;
    const size_t length = (size_t)range.length;
    void *data = mem_aligned_raw(length ? length : 1, 1);
    if (!data)
        return error_memory(error);
    if (file_read_at(external->descriptor, range.location, (size_t)range.offset, data, length, error)) {
        mem_free(data);
        return error->code;
    }
    digest_add(&external->digest, data, length);
    external->taken += length;
    settle(tensor, data, length);
    return STATUS_OK;
}

static status fetch_all(struct external *external, Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_initializer; i++) {
        Onnx__TensorProto *tensor = graph->initializer[i];
        if (!is_external(tensor) || fetch(external, tensor) == STATUS_OK)
            continue;
        if (external->error->code == STATUS_MEMORY || external->error->code == STATUS_CANCELLED)
            return external->error->code;
        return error_prefix(external->error, "tensor %s: ", tensor->name ? tensor->name : "");
    }
    return STATUS_OK;
}

status onnx_external(Onnx__GraphProto *graph, const char *path, char digest[DIGEST_SIZE], struct error *error)
{
    struct external external = {.error = error};
    const size_t length = (size_t)(path_base(path) - path); /* with the slash, which the root keeps */
    external.folder = length ? mem_format("%.*s", (int)(length > 1 ? length - 1 : 1), path) : mem_string(".");
    *digest = '\0';
    if (!external.folder)
        return error_memory(error);
    digest_begin(&external.digest);
    status code = fetch_all(&external, graph);
    char made[DIGEST_SIZE];
    digest_end(&external.digest, made);
    if (external.taken > 0)
        memcpy(digest, made, sizeof made);
    close_file(&external);
    mem_free(external.folder);
    return code;
}
