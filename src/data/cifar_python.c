/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Python version of CIFAR: a batch is a pickled dict with `data`, an array of N x 3072 bytes (channel by
 * channel), and lists of labels. Pickles are read as inert values (pickle/pickle.h). */
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/arrays.h"
#include "data/cifar.h"
#include "pickle/numpy.h"
#include "pickle/pickle.h"

enum { PICKLE_PROTO = 0x80 };

bool cifar_is_pickle(const unsigned char *bytes, size_t size)
{
    return size > 2 && bytes[size - 1] == '.' &&
           (bytes[0] == PICKLE_PROTO || bytes[0] == '(' || bytes[0] == '}');
}

/* A value of a dict whose keys are strings, or bytes as Python 2 wrote them. */
static const struct pickle_value *value_of(const struct pickle_value *dict, const char *key)
{
    const size_t length = strlen(key);
    if (!dict || dict->kind != PICKLE_DICT)
        return NULL;
    for (size_t i = 0; i + 1 < dict->list.count; i += 2) {
        const struct pickle_value *name = dict->list.items[i];
        if ((name->kind == PICKLE_STRING || name->kind == PICKLE_BYTES) && name->text.length == length &&
            memcmp(name->text.data, key, length) == 0)
            return dict->list.items[i + 1];
    }
    return NULL;
}

static status read_dict(struct arena *arena, const unsigned char *bytes, size_t size,
                        const struct pickle_value **dict, struct error *error)
{
    size_t offset = 0;
    uint32_t count;
    if (pickle_read(arena, bytes, size, &offset, dict, &count, error))
        return error->code;
    if ((*dict)->kind != PICKLE_DICT)
        return error_set(error, STATUS_FILE, "it holds %s, expected a dict", pickle_kind_name((*dict)->kind));
    return STATUS_OK;
}

/* What of a batch is used. */
struct batch {
    struct numpy_array images;
    const struct pickle_value *labels[2];
    size_t count;
};

static status find_parts(const struct pickle_value *dict, const struct cifar_layout *layout,
                         struct batch *batch, struct error *error)
{
    const struct pickle_value *data = value_of(dict, "data");
    if (!data)
        return error_set(error, STATUS_FILE, "the dict has no 'data'");
    if (numpy_array(data, &batch->images, error))
        return error_prefix(error, "'data': ");
    const struct numpy_array *images = &batch->images;
    if (images->kind != 'u' || images->width != 1 || images->fortran || images->rank != 2 ||
        images->dim[1] != CIFAR_PIXELS)
        return error_set(error, STATUS_FILE, "'data' is no array of N x %d bytes", CIFAR_PIXELS);
    batch->count = (size_t)images->dim[0];
    for (int k = 0; k < layout->label_bytes; k++) {
        batch->labels[k] = value_of(dict, layout->label_keys[k]);
        if (!batch->labels[k])
            return error_set(error, STATUS_FILE, "the dict has no '%s'", layout->label_keys[k]);
        if (pickle_length(batch->labels[k]) != batch->count)
            return error_set(error, STATUS_FILE, "'%s' has %zu labels for %zu images", layout->label_keys[k],
                             pickle_length(batch->labels[k]), batch->count);
    }
    return STATUS_OK;
}

/* Labels, checked, and the digest of the records as the binary files would have them. */
static status take_records(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                           const struct batch *batch, struct error *error)
{
    int32_t *labels = arrays_labels(dataset, (int64_t)batch->count);
    if (!labels)
        return error_memory(error);
    for (size_t i = 0; i < batch->count; i++) {
        for (int k = 0; k < layout->label_bytes; k++) {
            int64_t label;
            if (!pickle_integer(pickle_item(batch->labels[k], i), &label))
                return error_set(error, STATUS_FILE, "%s: record %zu: its label is no number", path, i);
            if (cifar_check_label(path, layout, i, k, label, error))
                return error->code;
            labels[i] = (int32_t)label;
            const uint8_t byte = (uint8_t)label;
            arrays_digest_add(dataset, &byte, 1);
        }
        arrays_digest_add(dataset, batch->images.data + i * CIFAR_PIXELS, CIFAR_PIXELS);
    }
    return STATUS_OK;
}

/* The images stay where they are, in the file or in its bytes; only those that were spelt with escapes are
 * copied out of the arena. */
static status add_images(struct dataset *dataset, const char *path, const struct batch *batch,
                         unsigned char **bytes, size_t size, int *descriptor, struct error *error)
{
    struct array_part part = {.path = (char *)path, .descriptor = -1, .count = (int64_t)batch->count};
    const unsigned char *data = batch->images.data;
    const bool inside = data >= *bytes && data < *bytes + size;
    part.offset = inside ? (size_t)(data - *bytes) : 0;
    if (inside && *descriptor >= 0) {
        part.descriptor = *descriptor;
        *descriptor = -1;
    } else if (inside) {
        part.bytes = *bytes;
        *bytes = NULL;
    } else {
        part.bytes = mem_copy(data, batch->count * CIFAR_PIXELS);
        if (!part.bytes)
            return error_memory(error);
    }
    return arrays_add(dataset, &part, error);
}

status cifar_add_pickle(struct dataset *dataset, const char *path, const struct cifar_layout *layout,
                        unsigned char *bytes, size_t size, int descriptor, struct error *error)
{
    struct arena *arena = arena_new();
    const struct pickle_value *dict = NULL;
    struct batch batch = {0};
    status code = arena ? read_dict(arena, bytes, size, &dict, error) : error_memory(error);
    if (code == STATUS_OK)
        code = find_parts(dict, layout, &batch, error);
    if (code != STATUS_OK && code != STATUS_MEMORY)
        error_prefix(error, "%s: ", path);
    if (code == STATUS_OK)
        code = take_records(dataset, path, layout, &batch, error);
    if (code == STATUS_OK)
        code = add_images(dataset, path, &batch, &bytes, size, &descriptor, error);
    if (arena)
        arena_free(arena);
    if (descriptor >= 0)
        close(descriptor);
    mem_free(bytes);
    return code;
}

status cifar_pickled_names(struct arena *arena, const struct cifar_layout *layout, const unsigned char *bytes,
                           size_t size, const char **names, int *count, struct error *error)
{
    const struct pickle_value *dict;
    *count = 0;
    if (read_dict(arena, bytes, size, &dict, error))
        return error_prefix(error, "%s: ", layout->meta);
    const struct pickle_value *list = value_of(dict, layout->meta_key);
    for (size_t i = 0; i < pickle_length(list) && *count < layout->classes; i++) {
        const struct pickle_value *name = pickle_item(list, i);
        if (name->kind != PICKLE_STRING && name->kind != PICKLE_BYTES)
            return error_set(error, STATUS_FILE, "%s: name %zu is %s", layout->meta, i,
                             pickle_kind_name(name->kind));
        char *copy = arena_alloc(arena, name->text.length + 1, 1);
        if (!copy)
            return error_memory(error);
        memcpy(copy, name->text.data, name->text.length);
        names[(*count)++] = copy;
    }
    return STATUS_OK;
}
