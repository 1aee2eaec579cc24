/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Storages: types, the persistent ids that tell them, and their bytes. */
#include "checkpoint/torch.h"

#include <stdlib.h>
#include <string.h>
#include "archive/package.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "pickle/pickle.h"
#include "pickle/walk.h"

/* --- Types ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *storage, *dtypes[2];
    int type;
} types[] = {
    {"FloatStorage", {"float32", "float"}, FILE_FLOAT},
    {"DoubleStorage", {"float64", "double"}, FILE_DOUBLE},
    {"HalfStorage", {"float16", "half"}, FILE_FLOAT16},
    {"BFloat16Storage", {"bfloat16", NULL}, FILE_BFLOAT16},
    {"LongStorage", {"int64", "long"}, FILE_INT64},
    {"IntStorage", {"int32", "int"}, FILE_INT32},
    {"ShortStorage", {"int16", "short"}, FILE_INT16},
    {"CharStorage", {"int8", NULL}, FILE_INT8},
    {"ByteStorage", {"uint8", NULL}, FILE_UINT8},
    {"BoolStorage", {"bool", NULL}, FILE_BOOL},
    {NULL, {"uint16", NULL}, FILE_UINT16},
    {NULL, {"uint32", NULL}, FILE_UINT32},
    {NULL, {"uint64", NULL}, FILE_UINT64},
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

int torch_dtype(const char *name)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        for (int k = 0; k < 2; k++)
            if (types[i].dtypes[k] && strcmp(types[i].dtypes[k], name) == 0)
                return types[i].type;
    return FILE_UNDEFINED;
}

static int type_of_storage(const char *name)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (types[i].storage && strcmp(types[i].storage, name) == 0)
            return types[i].type;
    return FILE_UNDEFINED;
}

const char *torch_storage_class(int type)
{
    for (int i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type)
            return types[i].storage;
    return NULL;
}

static bool is_untyped(const char *name)
{
    return strcmp(name, "UntypedStorage") == 0 || strcmp(name, "_UntypedStorage") == 0;
}

/* Types that are known but not read, with the bytes of an element: so that the storages behind one of them
 * are found in a legacy file. */
static size_t width_of_other(const char *name)
{
    static const struct {
        const char *name;
        size_t width;
    } others[] = {
        {"ComplexFloatStorage", 8}, {"ComplexDoubleStorage", 16}, {"QUInt8Storage", 1},   {"QInt8Storage", 1},
        {"QInt32Storage", 4},       {"QUInt4x2Storage", 1},       {"QUInt2x4Storage", 1},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0)
            return others[i].width;
    return 0;
}

static size_t width_of(const struct torch_storage *storage)
{
    if (storage->type != FILE_UNDEFINED)
        return file_type_width(storage->type);
    return is_untyped(storage->type_name) ? 1 : width_of_other(storage->type_name);
}

/* --- Persistent ids ------------------------------------------------------------------------------------- */

/* ("storage", type, key, device, elements[, view]). */
static const struct pickle_value *storage_tuple(const struct pickle_value *value)
{
    bool told = value && value->kind == PICKLE_PERSISTENT && pickle_length(value->id) >= 5 &&
                pickle_is_string(pickle_item(value->id, 0), "storage");
    return told ? value->id : NULL;
}

/* Keys are strings, and were integers once. */
static bool is_key(const struct pickle_value *key)
{
    return key->kind == PICKLE_STRING && strlen(key->text.data) == key->text.length;
}

bool torch_storage_id(const struct pickle_value *value, const char **key, int64_t *view)
{
    const struct pickle_value *id = storage_tuple(value);
    *view = 0;
    if (!id || !is_key(pickle_item(id, 2)))
        return false;
    *key = pickle_item(id, 2)->text.data;
    /* (key of the view, offset, size) */
    const struct pickle_value *seen = pickle_item(id, 5);
    return !seen || seen->kind == PICKLE_NONE || (pickle_integer(pickle_item(seen, 1), view) && *view >= 0);
}

static status read_id(const struct pickle_value *id, struct torch_storage *storage, struct error *error)
{
    const struct pickle_value *type = pickle_item(id, 1), *key = pickle_item(id, 2);
    if (type->kind != PICKLE_CLASS || !is_key(key))
        return error_set(error, STATUS_FILE, "a storage has no type or no key");
    *storage = (struct torch_storage){
        .key = key->text.data, .type_name = type->class.name, .type = type_of_storage(type->class.name)};
    if (width_of(storage) == 0)
        return error_set(error, STATUS_UNSUPPORTED, "storage %s: the type %s is not supported", storage->key,
                         storage->type_name);
    if (!pickle_integer(pickle_item(id, 4), &storage->elements) || storage->elements < 0 ||
        !size_multiply((size_t)storage->elements, width_of(storage), &storage->bytes))
        return error_set(error, STATUS_FILE, "storage %s: its size is none", storage->key);
    storage->member = -1;
    return STATUS_OK;
}

/* --- Finding them --------------------------------------------------------------------------------------- */

struct found {
    struct torch_storage *storages;
    size_t count, capacity;
};

static status find_one(void *argument, const struct pickle_step *steps, size_t at, bool *descend,
                       struct error *error)
{
    struct found *found = argument;
    const struct pickle_value *id = storage_tuple(steps[at].value);
    if (!id)
        return STATUS_OK;
    *descend = false;
    if (!mem_grow(&found->storages, &found->capacity, found->count + 1, sizeof *found->storages))
        return error_memory(error);
    return read_id(id, &found->storages[found->count++], error);
}

static int compare_keys(const void *a, const void *b)
{
    const struct torch_storage *left = a, *right = b;
    return strcmp(left->key, right->key);
}

/* A storage is told anew wherever it is used. */
static status merge(struct found *found, struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        struct torch_storage *last = kept ? &found->storages[kept - 1] : NULL, *next = &found->storages[i];
        if (!last || strcmp(last->key, next->key) != 0)
            found->storages[kept++] = *next;
        else if (last->bytes != next->bytes || strcmp(last->type_name, next->type_name) != 0)
            return error_set(error, STATUS_FILE, "storage %s is given two types or sizes", next->key);
    }
    found->count = kept;
    return STATUS_OK;
}

status torch_find_storages(struct torch_file *file, struct error *error)
{
    struct found found = {0};
    status code = pickle_walk(file->root, file->value_count, find_one, &found, error);
    if (code == STATUS_OK && found.count > 0) {
        qsort(found.storages, found.count, sizeof *found.storages, compare_keys);
        code = merge(&found, error);
    }
    if (code == STATUS_OK && found.count > INT32_MAX)
        code = error_set(error, STATUS_FILE, "too many storages");
    if (code == STATUS_OK) {
        file->storages = arena_copy(file->arena, found.storages, found.count * sizeof *found.storages);
        file->storage_count = (int)found.count;
        if (!file->storages)
            code = error_memory(error);
    }
    mem_free(found.storages);
    return code;
}

struct torch_storage *torch_storage(const struct torch_file *file, const char *key)
{
    struct torch_storage wanted = {.key = key};
    if (file->storage_count == 0)
        return NULL;
    return bsearch(&wanted, file->storages, (size_t)file->storage_count, sizeof wanted, compare_keys);
}

status torch_storage_bytes(const struct torch_file *file, const struct torch_storage *storage,
                           const unsigned char **bytes, unsigned char **owned, struct error *error)
{
    size_t size;
    *owned = NULL;
    if (!file->package) {
        *bytes = file->bytes + storage->offset;
        return STATUS_OK;
    }
    status code = package_read_new(file->package, storage->member, owned, &size, error);
    *bytes = *owned;
    return code;
}
