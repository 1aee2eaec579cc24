/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length, in memory or in open files. */
#include "data/records.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/memory.h"

status records_begin(struct dataset *dataset, size_t label_bytes, struct error *error)
{
    struct record_store *store = mem_new(1, sizeof *store);
    if (!store)
        return error_memory(error);
    store->record_size = label_bytes + RECORD_PIXELS;
    store->label_at = label_bytes - 1;
    dataset->store = store;
    dataset->channels = RECORD_CHANNELS;
    dataset->height = RECORD_SIDE;
    dataset->width = RECORD_SIDE;
    return STATUS_OK;
}

uint8_t *records_extend(struct dataset *dataset, int64_t more)
{
    struct record_store *store = dataset->store;
    uint8_t *bytes = mem_resize(store->bytes, (size_t)(dataset->count + more), store->record_size);
    if (!bytes)
        return NULL;
    store->bytes = bytes;
    return bytes + (size_t)dataset->count * store->record_size;
}

status records_add_file(struct dataset *dataset, const char *path, int descriptor, const uint8_t *bytes,
                        int64_t count, struct error *error)
{
    struct record_store *store = dataset->store;
    struct stat about;
    char *copy = mem_string(path);
    if (!store->digest)
        store->digest = digest_new();
    if (!copy || !store->digest || store->file_count == RECORD_FILES || fstat(descriptor, &about) != 0) {
        mem_free(copy);
        close(descriptor);
        return error_memory(error);
    }
    digest_add(store->digest, bytes, (size_t)count * store->record_size);
    store->files[store->file_count++] = (struct record_file){copy, descriptor, count, about.st_mtim};
    dataset->count += count;
    return STATUS_OK;
}

void records_end(struct dataset *dataset)
{
    struct record_store *store = dataset->store;
    if (store->digest)
        digest_finish(store->digest, dataset->digest);
    else
        digest_bytes(store->bytes, (size_t)dataset->count * store->record_size, dataset->digest);
    store->digest = NULL;
}

/* Scores of images that changed would be no scores of the set that the digest names. */
static status check_unchanged(const struct record_file *file, struct error *error)
{
    struct stat about;
    if (fstat(file->descriptor, &about) == 0 && about.st_mtim.tv_sec == file->changed.tv_sec &&
        about.st_mtim.tv_nsec == file->changed.tv_nsec)
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: the file has changed since it was opened", file->path);
}

status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                    struct error *error)
{
    const struct record_store *store = dataset->store; /* the index was checked by the caller */
    uint8_t own[2 + RECORD_PIXELS];
    const uint8_t *record = own;
    if (store->bytes) {
        record = store->bytes + (size_t)index * store->record_size;
    } else {
        const struct record_file *file = store->files;
        for (; index >= file->count; file++)
            index -= file->count;
        if (check_unchanged(file, error) ||
            file_read_at(file->descriptor, file->path, (size_t)index * store->record_size, own,
                         store->record_size, error))
            return error->code;
    }
    *label = record[store->label_at];
    memcpy(pixels, record + store->record_size - RECORD_PIXELS, RECORD_PIXELS);
    return STATUS_OK;
}

void records_close(struct dataset *dataset)
{
    struct record_store *store = dataset->store;
    if (!store)
        return;
    for (int i = 0; i < store->file_count; i++) {
        close(store->files[i].descriptor);
        mem_free(store->files[i].path);
    }
    digest_finish(store->digest, NULL);
    mem_free(store->bytes);
    mem_free(store);
    dataset->store = NULL;
}

status records_name_classes(struct dataset *dataset, const char *const *names, int count, struct error *error)
{
    dataset->class_names = mem_new((size_t)count, sizeof *dataset->class_names);
    if (!dataset->class_names)
        return error_memory(error);
    dataset->classes = count;
    for (int i = 0; i < count; i++) {
        dataset->class_names[i] = names ? mem_string(names[i]) : mem_format("%d", i);
        if (!dataset->class_names[i])
            return error_memory(error);
    }
    return STATUS_OK;
}
