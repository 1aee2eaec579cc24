/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zip format of torch.save, since PyTorch 1.6: the object in FOLDER/data.pkl, its storages in
 * FOLDER/data/KEY. FOLDER is any name. TorchScript's files hold the same and their code besides. */
#include "checkpoint/torch.h"

#include <stdlib.h>
#include <string.h>

#include "archive/package.h"
#include "base/memory.h"
#include "base/status.h"
#include "checkpoint/zeros.h"
#include "pickle/pickle.h"

enum { LAST_VERSION = 10, VERSION_SIZE = 20 };

/* Bytes of the folder's name, with the slash, where the member is its object; 0 otherwise. */
static size_t folder_of(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash && strcmp(slash + 1, "data.pkl") == 0 ? (size_t)(slash + 1 - name) : 0;
}

bool torch_is_package(const struct package *package)
{
    for (int i = 0; i < package_count(package); i++)
        if (folder_of(package_name(package, i)))
            return true;
    return false;
}

static status find_object(const struct package *package, int *object, struct error *error)
{
    *object = -1;
    for (int i = 0; i < package_count(package); i++) {
        if (!folder_of(package_name(package, i)))
            continue;
        if (*object >= 0)
            return error_set(error, STATUS_FILE, "it has two objects, %s and %s",
                             package_name(package, *object), package_name(package, i));
        *object = i;
    }
    return *object >= 0 ? STATUS_OK
                        : error_set(error, STATUS_FILE, "a zip file without data.pkl: no checkpoint");
}

/* A member beside the object, -1 for none. The name is the arena's. */
static status find_member(const struct torch_file *file, const char *object, const char *name, int *member,
                          struct error *error)
{
    char *whole = arena_format(file->arena, "%.*s%s", (int)folder_of(object), object, name);
    *member = whole ? package_find(file->package, whole) : -1;
    return whole ? STATUS_OK : error_memory(error);
}

/* A small text beside the object; empty where there is none. */
static status read_note(struct torch_file *file, const char *object, const char *name,
                        char text[VERSION_SIZE], struct error *error)
{
    int member;
    text[0] = '\0';
    status code = find_member(file, object, name, &member, error);
    if (code != STATUS_OK || member < 0)
        return code;
    size_t size = package_size(file->package, member);
    if (size >= VERSION_SIZE)
        return error_set(error, STATUS_FILE, "%s has %zu bytes", name, size);
    text[size] = '\0';
    return package_read(file->package, member, text, error);
}

static status check_notes(struct torch_file *file, const char *object, struct error *error)
{
    char text[VERSION_SIZE];
    status code = read_note(file, object, "byteorder", text, error);
    if (code == STATUS_OK && text[0] && strcmp(text, "little") != 0)
        code = error_set(error, STATUS_UNSUPPORTED, "its byte order is %s, only little is supported", text);
    if (code == STATUS_OK)
        code = read_note(file, object, "version", text, error);
    if (code == STATUS_OK && atoi(text) > LAST_VERSION)
        code = error_set(error, STATUS_UNSUPPORTED, "version %d of the format, up to %d are supported",
                         atoi(text), LAST_VERSION);
    return code;
}

static status read_record(struct torch_file *file, const char *object, struct error *error)
{
    int member;
    status code = find_member(file, object, ZEROS_MEMBER, &member, error);
    if (code != STATUS_OK || member < 0)
        return code;
    size_t size = package_size(file->package, member);
    if (size > LONGEST_ZEROS)
        return error_set(error, STATUS_FILE, "%s has %zu bytes, at most %d are read", ZEROS_MEMBER, size,
                         LONGEST_ZEROS);
    char *record = arena_alloc(file->arena, size + 1, 1);
    if (!record)
        return error_memory(error);
    file->record = record;
    file->record_size = size;
    return package_read(file->package, member, record, error);
}

static status place_storages(struct torch_file *file, const char *object, struct error *error)
{
    for (int i = 0; i < file->storage_count; i++) {
        struct torch_storage *storage = &file->storages[i];
        char *name = arena_format(file->arena, "data/%s", storage->key);
        if (!name)
            return error_memory(error);
        if (find_member(file, object, name, &storage->member, error) != STATUS_OK)
            return error->code;
        if (storage->member < 0)
            return error_set(error, STATUS_FILE, "storage %s is missing", storage->key);
        if (package_size(file->package, storage->member) != storage->bytes)
            return error_set(error, STATUS_FILE, "storage %s has %zu bytes where %zu are declared",
                             storage->key, package_size(file->package, storage->member), storage->bytes);
    }
    return STATUS_OK;
}

static status read_object(struct torch_file *file, int object, struct error *error)
{
    size_t size, offset = 0;
    status code = package_read_new(file->package, object, &file->pickle, &size, error);
    if (code != STATUS_OK)
        return code;
    code = pickle_read(file->arena, file->pickle, size, &offset, &file->root, &file->value_count, error);
    if (code == STATUS_OK && offset != size)
        code = error_set(error, STATUS_FILE, "byte %zu: %zu bytes follow the object", offset, size - offset);
    if (code != STATUS_OK && code != STATUS_MEMORY && code != STATUS_CANCELLED)
        error_prefix(error, "member %s: ", package_name(file->package, object));
    return code;
}

status torch_open_zip(struct torch_file *file, struct error *error)
{
    int object, constants;
    status code = package_open_bytes(NULL, file->bytes, file->size, &file->package, error);
    if (code == STATUS_OK)
        code = find_object(file->package, &object, error);
    if (code != STATUS_OK)
        return code;
    const char *name = package_name(file->package, object);
    code = check_notes(file, name, error);
    if (code == STATUS_OK)
        code = find_member(file, name, "constants.pkl", &constants, error);
    if (code == STATUS_OK)
        code = read_record(file, name, error);
    if (code == STATUS_OK)
        code = read_object(file, object, error);
    if (code == STATUS_OK)
        code = torch_find_storages(file, error);
    if (code == STATUS_OK)
        code = place_storages(file, name, error);
    file->format = code == STATUS_OK && constants >= 0 ? "TorchScript" : "PyTorch, zip";
    return code;
}
