/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing PyTorch's files: the pickle of an OrderedDict from names to tensors (protocol 2), and a member for
 * each storage. */
#include "checkpoint/torch_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "archive/package_write.h"
#include "base/memory.h"
#include "base/text.h"
#include "checkpoint/torch.h"
#include "checkpoint/zeros.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"

enum { FOLLOWING_MEMBERS = 3, KEY_SIZE = 16 };

/* --- The pickle ----------------------------------------------------------------------------------------- */

static void put_little(struct text *pickle, uint64_t value, int width)
{
    char bytes[8];
    for (int i = 0; i < width; i++)
        bytes[i] = (char)(value >> 8 * i);
    text_add_bytes(pickle, bytes, (size_t)width);
}

/* BININT1, BININT2, BININT or LONG1; the value is not negative. */
static void put_integer(struct text *pickle, int64_t value)
{
    static const struct {
        int64_t most;
        const char *opcode;
        int opcode_bytes, width;
    } forms[] = {{UINT8_MAX, "K", 1, 1},
                 {UINT16_MAX, "M", 1, 2},
                 {INT32_MAX, "J", 1, 4},
                 {INT64_MAX, "\x8a\x08", 2, 8}};
    int i = 0;
    while (value > forms[i].most)
        i++;
    text_add_bytes(pickle, forms[i].opcode, (size_t)forms[i].opcode_bytes);
    put_little(pickle, (uint64_t)value, forms[i].width);
}

static void put_string(struct text *pickle, const char *prefix, const char *string)
{
    text_add(pickle, "X");
    put_little(pickle, strlen(prefix) + strlen(string), 4);
    text_add(pickle, prefix);
    text_add(pickle, string);
}

static void put_class(struct text *pickle, const char *module, const char *name)
{
    text_add_format(pickle, "c%s\n%s\n", module, name);
}

static void put_empty_dict(struct text *pickle)
{
    put_class(pickle, "collections", "OrderedDict");
    text_add(pickle, ")R");
}

static void put_shape_and_strides(struct text *pickle, const struct shape *shape)
{
    text_add(pickle, "(");
    for (int i = 0; i < shape->rank; i++)
        put_integer(pickle, shape->dim[i]);
    text_add(pickle, "t(");
    for (int i = 0; i < shape->rank; i++)
        put_integer(pickle, shape_product(shape, i + 1, shape->rank));
    text_add(pickle, "t");
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks). */
static void put_tensor(struct text *pickle, const struct tensor *tensor, const char *key, const char *class)
{
    put_class(pickle, "torch._utils", "_rebuild_tensor_v2");
    text_add(pickle, "((");
    put_string(pickle, "", "storage");
    put_class(pickle, "torch", class);
    put_string(pickle, "", key);
    put_string(pickle, "", "cpu");
    put_integer(pickle, shape_elements(&tensor->shape));
    text_add(pickle, "tQ");
    put_integer(pickle, 0);
    put_shape_and_strides(pickle, &tensor->shape);
    text_add(pickle, "\x89");
    put_empty_dict(pickle);
    text_add(pickle, "tR");
}

/* --- Storages ------------------------------------------------------------------------------------------- */

/* A tensor to write, once however many weights share it. */
struct stored {
    const struct tensor *tensor;
    int type;
    char name[sizeof "archive/data/" + KEY_SIZE];
};

struct output {
    struct stored *stored;
    int *place; /* of each weight, in `stored` */
    int count;
};

static const char *key_of(const struct stored *stored)
{
    return stored->name + sizeof "archive/data/" - 1;
}

static void fill_storage(const void *argument, unsigned char *out)
{
    const struct stored *stored = argument;
    file_type_encode(stored->type, stored->tensor, 0, shape_elements(&stored->tensor->shape), out);
}

static void fill_text(const void *argument, unsigned char *out)
{
    const struct text *text = argument;
    memcpy(out, text_data(text), text->length);
}

static int type_of(const struct weight *weight)
{
    int type = checkpoint_written_type(weight);
    return torch_storage_class(type) ? type : FILE_INT64;
}

/* Weights that share a tensor are beside each other when sorted by its address. */
static int compare_tensors(const void *a, const void *b)
{
    const struct weight *const *left = a, *const *right = b;
    uintptr_t x = (uintptr_t)(*left)->tensor, y = (uintptr_t)(*right)->tensor;
    return x == y ? (*left > *right) - (*left < *right) : x < y ? -1 : 1;
}

/* The first weight with the same tensor, for each. */
static status find_shared(const struct weight *weights, int count, int *first, struct error *error)
{
    const struct weight **sorted = mem_new((size_t)count, sizeof(const struct weight *));
    if (!sorted)
        return error_memory(error);
    for (int i = 0; i < count; i++)
        sorted[i] = &weights[i];
    qsort(sorted, (size_t)count, sizeof(const struct weight *), compare_tensors);
    for (int i = 0; i < count; i++) {
        int at = (int)(sorted[i] - weights);
        bool shared = i > 0 && sorted[i - 1]->tensor == sorted[i]->tensor;
        first[at] = shared ? first[sorted[i - 1] - weights] : at;
    }
    mem_free(sorted);
    return STATUS_OK;
}

static status place_storages(struct output *output, const struct weight *weights, int count,
                             struct error *error)
{
    output->stored = mem_new((size_t)count, sizeof *output->stored);
    output->place = mem_new((size_t)count, sizeof *output->place);
    if (!output->stored || !output->place)
        return error_memory(error);
    if (find_shared(weights, count, output->place, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < count; i++) {
        if (output->place[i] != i) { /* an earlier weight's, whose place is known */
            output->place[i] = output->place[output->place[i]];
            continue;
        }
        struct stored *stored = &output->stored[output->count];
        *stored = (struct stored){.tensor = weights[i].tensor, .type = type_of(&weights[i])};
        snprintf(stored->name, sizeof stored->name, "archive/data/%d", output->count);
        output->place[i] = output->count++;
    }
    return STATUS_OK;
}

/* --- The file ------------------------------------------------------------------------------------------- */

static void put_object(struct text *pickle, const char *prefix, const struct weight *weights, int count,
                       const struct output *output)
{
    text_add_bytes(pickle, "\x80\x02", 2);
    put_empty_dict(pickle);
    text_add(pickle, "(");
    for (int i = 0; i < count; i++) {
        const struct stored *stored = &output->stored[output->place[i]];
        put_string(pickle, prefix, weights[i].name);
        put_tensor(pickle, weights[i].tensor, key_of(stored), torch_storage_class(stored->type));
    }
    text_add(pickle, "u.");
}

static status write_members(const char *path, const struct text *pickle, const struct output *output,
                            const char *record, struct error *error)
{
    const struct text order = {.data = "little", .length = 6}, version = {.data = "3\n", .length = 2};
    const struct text beside = {.data = (char *)record, .length = record ? strlen(record) : 0};
    size_t count = (size_t)output->count + FOLLOWING_MEMBERS;
    struct package_source *members = mem_new(count + 1, sizeof *members);
    if (!members)
        return error_memory(error);
    members[0] = (struct package_source){"archive/data.pkl", pickle->length, fill_text, pickle};
    members[1] = (struct package_source){"archive/byteorder", order.length, fill_text, &order};
    for (int i = 0; i < output->count; i++) {
        const struct stored *stored = &output->stored[i];
        size_t size = (size_t)shape_elements(&stored->tensor->shape) * file_type_width(stored->type);
        members[2 + i] = (struct package_source){stored->name, size, fill_storage, stored};
    }
    members[count - 1] = (struct package_source){"archive/version", version.length, fill_text, &version};
    if (record)
        members[count++] =
            (struct package_source){"archive/" ZEROS_MEMBER, beside.length, fill_text, &beside};
    status code = package_write(path, members, count, error);
    mem_free(members);
    return code;
}

status torch_write(const char *path, const char *prefix, const struct weight *weights, int count,
                   const char *record, struct error *error)
{
    struct output output = {0};
    struct text pickle = {0};
    status code = place_storages(&output, weights, count, error);
    if (code == STATUS_OK) {
        put_object(&pickle, prefix, weights, count, &output);
        code = pickle.failed ? error_memory(error) : write_members(path, &pickle, &output, record, error);
    }
    text_free(&pickle);
    mem_free(output.stored);
    mem_free(output.place);
    return code;
}
