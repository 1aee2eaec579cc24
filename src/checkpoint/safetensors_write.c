/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing safetensors. The data of wide types come first, so that every tensor is aligned to its type. */
#include <jansson.h>
#include <string.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/zeros.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"

enum { LENGTH_BYTES = 8, ALIGNMENT = 8, WIDEST = 8 };

static int type_of(const struct weight *weight)
{
    return checkpoint_written_type(weight);
}

static size_t bytes_of(const struct weight *weight)
{
    return (size_t)shape_elements(&weight->tensor->shape) * file_type_width(type_of(weight));
}

/* Where the data of each weight begin; their size. */
static size_t lay_out(const struct weight *weights, int count, size_t *begins)
{
    size_t at = 0;
    for (size_t width = WIDEST; width > 0; width /= 2)
        for (int i = 0; i < count; i++)
            if (file_type_width(type_of(&weights[i])) == width) {
                begins[i] = at;
                at += bytes_of(&weights[i]);
            }
    return at;
}

/* --- The header ----------------------------------------------------------------------------------------- */

static json_t *shape_json(const struct shape *shape)
{
    json_t *array = json_array();
    for (int i = 0; array && i < shape->rank; i++)
        if (json_array_append_new(array, json_integer(shape->dim[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* NULL: memory is out. */
static json_t *entry_json(const struct weight *weight, size_t begin)
{
    json_t *shape = shape_json(&weight->tensor->shape);
    return shape ? json_pack("{s:s, s:o, s:[I, I]}", "dtype", safetensors_dtype(type_of(weight)), "shape",
                             shape, "data_offsets", (json_int_t)begin, (json_int_t)(begin + bytes_of(weight)))
                 : NULL;
}

static json_t *header_json(const char *prefix, const struct weight *weights, int count, const char *record,
                           const size_t *begins)
{
    json_t *header = json_pack("{s:{s:s, s:s*}}", "__metadata__", "format", "pt", ZEROS_MEMBER, record);
    bool whole = header != NULL;
    for (int i = 0; i < count && whole; i++) {
        char *name = mem_format("%s%s", prefix, weights[i].name);
        json_t *entry = name ? entry_json(&weights[i], begins[i]) : NULL;
        whole = entry && json_object_set_new(header, name, entry) == 0;
        mem_free(name);
    }
    if (whole)
        return header;
    json_decref(header);
    return NULL;
}

/* JSON is UTF-8. */
static status check_names(const char *prefix, const struct weight *weights, int count, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (!utf8_valid(prefix, strlen(prefix)) || !utf8_valid(weights[i].name, strlen(weights[i].name)))
            return error_set(error, STATUS_UNSUPPORTED,
                             "tensor %s: its name is no UTF-8, which safetensors need: write a .pth",
                             weights[i].name);
    return STATUS_OK;
}

static int add_bytes(const char *bytes, size_t size, void *text)
{
    text_add_bytes(text, bytes, size);
    return ((struct text *)text)->failed ? -1 : 0;
}

/* The length in front, blanks behind: the data begin aligned. */
static status put_header(struct text *head, const char *prefix, const struct weight *weights, int count,
                         const char *record, const size_t *begins, struct error *error)
{
    const unsigned char none[LENGTH_BYTES] = {0};
    json_t *header = header_json(prefix, weights, count, record, begins);
    text_add_bytes(head, (const char *)none, LENGTH_BYTES);
    bool whole = header && json_dump_callback(header, add_bytes, head, JSON_COMPACT) == 0;
    json_decref(header);
    while (whole && !head->failed && head->length % ALIGNMENT)
        text_add(head, " ");
    if (!whole || head->failed)
        return error_memory(error);
    for (int i = 0; i < LENGTH_BYTES; i++)
        head->data[i] = (char)((head->length - LENGTH_BYTES) >> 8 * i);
    return STATUS_OK;
}

/* --- The file ------------------------------------------------------------------------------------------- */

static status put_file(const char *path, const struct text *head, const struct weight *weights, int count,
                       const size_t *begins, size_t data, struct error *error)
{
    unsigned char *bytes = mem_aligned_raw(head->length + data, 1);
    status code = bytes ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK)
        memcpy(bytes, head->data, head->length);
    for (int i = 0; i < count && code == STATUS_OK; i++) {
        const struct tensor *tensor = weights[i].tensor;
        if ((code = progress_check(error)) == STATUS_OK)
            file_type_encode(type_of(&weights[i]), tensor, 0, shape_elements(&tensor->shape),
                             bytes + head->length + begins[i]);
    }
    if (code == STATUS_OK)
        code = file_replace(path, bytes, head->length + data, error);
    mem_free(bytes);
    return code;
}

status safetensors_write(const char *path, const char *prefix, const struct weight *weights, int count,
                         const char *record, struct error *error)
{
    struct text head = {0};
    if (check_names(prefix, weights, count, error) != STATUS_OK)
        return error->code;
    size_t *begins = mem_new((size_t)count, sizeof *begins);
    if (!begins)
        return error_memory(error);
    size_t data = lay_out(weights, count, begins);
    status code = put_header(&head, prefix, weights, count, record, begins, error);
    if (code == STATUS_OK)
        code = put_file(path, &head, weights, count, begins, data, error);
    text_free(&head);
    mem_free(begins);
    return code;
}
