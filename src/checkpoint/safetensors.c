/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading safetensors. */
#include "checkpoint/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "checkpoint/zeros.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"

enum { LENGTH_BYTES = 8, LONGEST_HEADER = 32 << 20 };

static const struct {
    const char *name;
    int type; /* nn/graph/file_type.h */
} dtypes[] = {
    {"F32", FILE_FLOAT}, {"F64", FILE_DOUBLE}, {"F16", FILE_FLOAT16}, {"BF16", FILE_BFLOAT16},
    {"I64", FILE_INT64}, {"I32", FILE_INT32},  {"I16", FILE_INT16},   {"I8", FILE_INT8},
    {"U8", FILE_UINT8},  {"U16", FILE_UINT16}, {"U32", FILE_UINT32},  {"U64", FILE_UINT64},
    {"BOOL", FILE_BOOL},
};

enum { DTYPE_COUNT = sizeof dtypes / sizeof *dtypes };

const char *safetensors_dtype(int type)
{
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (dtypes[i].type == type)
            return dtypes[i].name;
    return NULL;
}

static uint64_t header_length(const unsigned char *bytes)
{
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    return length;
}

bool safetensors_is(const unsigned char *bytes, size_t size)
{
    return size > LENGTH_BYTES && bytes[LENGTH_BYTES] == '{' && header_length(bytes) >> 40 == 0;
}

/* --- Entries -------------------------------------------------------------------------------------------- */

struct entry {
    const char *name; /* the header's */
    int type;
    struct shape shape;
    uint64_t begin, end;
};

static status read_type(const json_t *value, struct entry *entry, struct error *error)
{
    const char *name = json_string_value(value);
    if (!name)
        return error_set(error, STATUS_FILE, "it has no dtype");
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            entry->type = dtypes[i].type;
            return STATUS_OK;
        }
    return error_set(error, STATUS_UNSUPPORTED, "the type %s is not supported", name);
}

static status read_shape(const json_t *value, struct entry *entry, struct error *error)
{
    if (!json_is_array(value))
        return error_set(error, STATUS_FILE, "it has no shape");
    if (json_array_size(value) > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%zu dimensions, at most %d are supported",
                         json_array_size(value), TENSOR_MAX_RANK);
    entry->shape.rank = (int)json_array_size(value);
    for (int i = 0; i < entry->shape.rank; i++) {
        const json_t *dim = json_array_get(value, (size_t)i);
        entry->shape.dim[i] = json_is_integer(dim) ? json_integer_value(dim) : -1;
        if (entry->shape.dim[i] < 0)
            return error_set(error, STATUS_FILE, "dimension %d is none", i);
    }
    if (shape_elements(&entry->shape) < 0)
        return error_set(error, STATUS_FILE, "the product of its dimensions is too large");
    return STATUS_OK;
}

static status read_offsets(const json_t *value, struct entry *entry, struct error *error)
{
    const json_t *begin = json_array_get(value, 0), *end = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
        return error_set(error, STATUS_FILE, "its data_offsets are none");
    entry->begin = (uint64_t)json_integer_value(begin);
    entry->end = (uint64_t)json_integer_value(end);
    uint64_t needed = (uint64_t)shape_elements(&entry->shape) * file_type_width(entry->type);
    if (entry->end - entry->begin != needed)
        return error_set(error, STATUS_FILE, "it has %llu bytes where its shape and type need %llu",
                         (unsigned long long)(entry->end - entry->begin), (unsigned long long)needed);
    return STATUS_OK;
}

static status read_entry(const char *name, const json_t *value, struct entry *entry, struct error *error)
{
    *entry = (struct entry){.name = name};
    if (!json_is_object(value) || json_object_size(value) != 3)
        return error_set(error, STATUS_FILE, "dtype, shape and data_offsets are expected");
    status code = read_type(json_object_get(value, "dtype"), entry, error);
    if (code == STATUS_OK)
        code = read_shape(json_object_get(value, "shape"), entry, error);
    return code ? code : read_offsets(json_object_get(value, "data_offsets"), entry, error);
}

static status read_metadata(const json_t *metadata, struct checkpoint *checkpoint, struct notes *notes,
                            struct error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return error_set(error, STATUS_FILE, "__metadata__ is no object");
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (!json_is_string(value))
            return error_set(error, STATUS_FILE, "__metadata__: %s is no string", key);
        if (strcmp(key, ZEROS_MEMBER) == 0) {
            if (zeros_read(json_string_value(value), json_string_length(value), checkpoint, notes, error) !=
                STATUS_OK)
                return error->code;
            continue;
        }
        bool usual = strcmp(key, "format") == 0 && strcmp(json_string_value(value), "pt") == 0;
        if (!usual && notes_add(notes, error, "%s: %s", key, json_string_value(value)) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

/* entries: as many as the header has members. */
static status read_entries(json_t *header, struct entry *entries, size_t *count,
                           struct checkpoint *checkpoint, struct notes *notes, struct error *error)
{
    const char *name;
    json_t *value;
    *count = 0;
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) {
            if (read_metadata(value, checkpoint, notes, error) != STATUS_OK)
                return error->code;
            continue;
        }
        if (read_entry(name, value, &entries[(*count)++], error) != STATUS_OK)
            return error_prefix(error, "tensor %s: ", name);
    }
    return *count ? STATUS_OK : error_set(error, STATUS_FILE, "it holds no tensors");
}

/* --- The layout ----------------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
    const struct entry *const *left = a, *const *right = b;
    if ((*left)->begin != (*right)->begin)
        return (*left)->begin < (*right)->begin ? -1 : 1;
    return ((*left)->end > (*right)->end) - ((*left)->end < (*right)->end);
}

/* One behind the other, from the first byte to the last. */
static status check_layout(const struct entry *entries, size_t count, uint64_t bytes, struct error *error)
{
    const struct entry **sorted = mem_new(count, sizeof(const struct entry *));
    uint64_t at = 0;
    status code = sorted ? STATUS_OK : error_memory(error);
    for (size_t i = 0; i < count && code == STATUS_OK; i++)
        sorted[i] = &entries[i];
    if (code == STATUS_OK)
        qsort(sorted, count, sizeof(const struct entry *), compare_places);
    for (size_t i = 0; i < count && code == STATUS_OK; i++) {
        if (sorted[i]->begin != at)
            code =
                error_set(error, STATUS_FILE, "tensor %s: begins at byte %llu of the data, where %llu is %s",
                          sorted[i]->name, (unsigned long long)sorted[i]->begin, (unsigned long long)at,
                          sorted[i]->begin < at ? "taken already" : "the first that is free");
        at = sorted[i]->end;
    }
    if (code == STATUS_OK && at != bytes)
        code = error_set(error, STATUS_FILE, "%llu bytes of data are described, and %llu are there",
                         (unsigned long long)at, (unsigned long long)bytes);
    mem_free(sorted);
    return code;
}

/* --- Building ------------------------------------------------------------------------------------------- */

static status build_one(const struct entry *entry, const unsigned char *data, struct weight *weight,
                        struct error *error)
{
    int64_t count = shape_elements(&entry->shape);
    weight->tensor = tensor_new((enum element_type)file_type_element(entry->type), &entry->shape);
    if (!weight->tensor)
        return error_memory(error);
    weight->tensor->file_type = entry->type;
    int64_t fitting = file_type_decode(entry->type, data + entry->begin, count, weight->tensor->data);
    return fitting == count
               ? STATUS_OK
               : error_set(error, STATUS_FILE, "tensor %s: value %lld is outside the range of int64",
                           entry->name, (long long)fitting);
}

static status build(const struct entry *entries, size_t count, const unsigned char *data,
                    struct checkpoint *checkpoint, struct error *error)
{
    checkpoint->weights = arena_alloc(checkpoint->arena, count, sizeof *checkpoint->weights);
    if (!checkpoint->weights)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        struct weight *weight = &checkpoint->weights[i];
        if (!(weight->name = arena_string(checkpoint->arena, entries[i].name)))
            return error_memory(error);
        checkpoint->count++;
        if (progress_check(error) != STATUS_OK || build_one(&entries[i], data, weight, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

static status read_body(json_t *header, const unsigned char *data, size_t bytes,
                        struct checkpoint *checkpoint, struct notes *notes, struct error *error)
{
    size_t count = 0;
    struct entry *entries = mem_new(json_object_size(header), sizeof *entries);
    status code =
        entries ? read_entries(header, entries, &count, checkpoint, notes, error) : error_memory(error);
    if (code == STATUS_OK)
        code = check_layout(entries, count, bytes, error);
    if (code == STATUS_OK)
        code = build(entries, count, data, checkpoint, error);
    mem_free(entries);
    return code;
}

status safetensors_read(const unsigned char *bytes, size_t size, struct checkpoint *checkpoint,
                        struct notes *notes, struct error *error)
{
    json_error_t problem;
    uint64_t length = header_length(bytes);
    checkpoint->format = "safetensors";
    if (length > size - LENGTH_BYTES)
        return error_set(error, STATUS_FILE, "a header of %llu bytes, but the file has %zu",
                         (unsigned long long)length, size);
    if (length > LONGEST_HEADER)
        return error_set(error, STATUS_FILE, "a header of %llu bytes, at most %d are read",
                         (unsigned long long)length, LONGEST_HEADER);
    json_t *header =
        json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &problem);
    if (!header && json_error_code(&problem) == json_error_out_of_memory)
        return error_memory(error);
    if (!header)
        return error_set(error, STATUS_FILE, "byte %d: its header is no JSON: %s",
                         problem.position + LENGTH_BYTES, problem.text);
    size_t data = LENGTH_BYTES + (size_t)length;
    status code = json_is_object(header)
                      ? read_body(header, bytes + data, size - data, checkpoint, notes, error)
                      : error_set(error, STATUS_FILE, "its header is no object");
    json_decref(header);
    return code;
}
