/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The format of torch.save before PyTorch 1.6: five pickles (a magic number, the protocol, what the machine
 * was like, the object, the keys of the storages), then the storages in the order of the keys, each behind
 * the number of its elements. */
#include "checkpoint/torch.h"

#include <string.h>
#include "archive/package.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "pickle/pickle.h"

static const char magic_number[] = "0x1950a86a20f9469cfc6c";
enum { PROTOCOL = 1001, COUNT_BYTES = 8 };

bool torch_is_legacy(const unsigned char *bytes, size_t size)
{
    /* LONG1 of ten bytes, behind the protocol and perhaps a frame's head. */
    static const unsigned char beginning[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                              0xf9, 0x20, 0x6a, 0xa8, 0x50};
    for (size_t at = 2; at <= 11 && at + sizeof beginning <= size && bytes[0] == 0x80; at += 9)
        if (memcmp(bytes + at, beginning, sizeof beginning) == 0)
            return true;
    return false;
}

/* The first name in a tar file, and the mark of one. */
bool torch_is_tar(const unsigned char *bytes, size_t size)
{
    static const char *const members[] = {"sys_info", "pickle", "tensors", "storages"};
    if (size < 512 || memcmp(bytes + 257, "ustar", 5) != 0)
        return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strncmp((const char *)bytes, members[i], 100) == 0)
            return true;
    return false;
}

/* --- The pickles ---------------------------------------------------------------------------------------- */

/* `count` may be NULL. */
static status next(struct torch_file *file, size_t *offset, const struct pickle_value **value,
                   uint32_t *count, struct error *error)
{
    uint32_t values;
    return pickle_read(file->arena, file->bytes, file->size, offset, value, count ? count : &values, error);
}

static status check_head(struct torch_file *file, size_t *offset, struct error *error)
{
    const struct pickle_value *magic, *protocol, *machine;
    int64_t number = 0, little = 1;
    status code = next(file, offset, &magic, NULL, error);
    if (code == STATUS_OK)
        code = next(file, offset, &protocol, NULL, error);
    if (code == STATUS_OK)
        code = next(file, offset, &machine, NULL, error);
    if (code != STATUS_OK)
        return code;
    if (magic->kind != PICKLE_LARGE_INTEGER || strcmp(magic->text.data, magic_number) != 0)
        return error_set(error, STATUS_FILE, "it does not begin with PyTorch's magic number");
    if (!pickle_integer(protocol, &number) || number != PROTOCOL)
        return error_set(error, STATUS_UNSUPPORTED, "protocol %lld of the format is not supported",
                         (long long)number);
    if (pickle_integer(pickle_get(machine, "little_endian"), &little) && !little)
        return error_set(error, STATUS_UNSUPPORTED, "its byte order is big, only little is supported");
    return STATUS_OK;
}

/* --- The storages --------------------------------------------------------------------------------------- */

static uint64_t read_count(const unsigned char *bytes)
{
    uint64_t count = 0;
    for (int i = COUNT_BYTES - 1; i >= 0; i--)
        count = count << 8 | bytes[i];
    return count;
}

/* The storage at *offset, which then stands behind it. */
static status place_storage(struct torch_file *file, const char *key, size_t *offset, struct error *error)
{
    struct torch_storage *storage = torch_storage(file, key);
    size_t left = file->size - *offset;
    if (!storage)
        return error_set(error, STATUS_FILE, "storage %s is not used by the object, so its type is unknown",
                         key);
    if (storage->offset)
        return error_set(error, STATUS_FILE, "storage %s is there twice", key);
    if (left < COUNT_BYTES || left - COUNT_BYTES < storage->bytes)
        return error_set(error, STATUS_FILE, "byte %zu: storage %s needs %zu bytes, but the file ends",
                         *offset, key, storage->bytes);
    uint64_t count = read_count(file->bytes + *offset);
    if (count != (uint64_t)storage->elements)
        return error_set(error, STATUS_FILE, "byte %zu: storage %s has %llu elements where %lld are declared",
                         *offset, key, (unsigned long long)count, (long long)storage->elements);
    storage->offset = *offset + COUNT_BYTES;
    *offset = storage->offset + storage->bytes;
    return STATUS_OK;
}

static status place_storages(struct torch_file *file, const struct pickle_value *keys, size_t offset,
                             struct error *error)
{
    if (keys->kind != PICKLE_LIST)
        return error_set(error, STATUS_FILE, "%s stands where the list of storages should",
                         pickle_kind_name(keys->kind));
    for (size_t i = 0; i < keys->list.count; i++) {
        const struct pickle_value *key = keys->list.items[i];
        if (key->kind != PICKLE_STRING)
            return error_set(error, STATUS_FILE, "the key of a storage is %s", pickle_kind_name(key->kind));
        if (place_storage(file, key->text.data, &offset, error) != STATUS_OK)
            return error->code;
    }
    for (int i = 0; i < file->storage_count; i++)
        if (!file->storages[i].offset)
            return error_set(error, STATUS_FILE, "storage %s is missing", file->storages[i].key);
    if (offset != file->size)
        return error_set(error, STATUS_FILE, "byte %zu: %zu bytes follow the last storage", offset,
                         file->size - offset);
    return STATUS_OK;
}

status torch_open_legacy(struct torch_file *file, struct error *error)
{
    const struct pickle_value *keys;
    size_t offset = 0;
    file->format = "PyTorch, legacy";
    status code = check_head(file, &offset, error);
    if (code == STATUS_OK)
        code = next(file, &offset, &file->root, &file->value_count, error);
    if (code == STATUS_OK)
        code = next(file, &offset, &keys, NULL, error);
    if (code == STATUS_OK)
        code = torch_find_storages(file, error);
    return code ? code : place_storages(file, keys, offset, error);
}

void torch_file_release(struct torch_file *file)
{
    package_close(file->package);
    mem_free(file->pickle);
    file->package = NULL;
    file->pickle = NULL;
}
