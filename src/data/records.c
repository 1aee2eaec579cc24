/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length, in memory or in open files. */
#include "data/records.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/thread.h"

enum { LARGEST_RECORD = RECORD_MAP + RECORD_PIXELS };

status records_begin(struct dataset *dataset, size_t label_bytes, struct error *error)
{
    struct record_store *store = mem_new(1, sizeof *store);
    if (!store)
        return error_memory(error);
    store->record_size = label_bytes + RECORD_PIXELS;
    store->label_at = dataset->label_map ? 0 : label_bytes - 1;
    pthread_mutex_init(&store->lock, NULL); /* with default attributes these cannot fail on Linux */
    pthread_mutex_init(&store->digest_lock, NULL);
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
    status code = STATUS_OK;
    if (store->file_count == RECORD_FILES)
        code = error_set(error, STATUS_FILE, "%s: a data set has %d files at most", path, RECORD_FILES);
    else if (fstat(descriptor, &about) != 0)
        code = error_set(error, STATUS_FILE, "%s: %s", path, strerror(errno));
    char *copy = code == STATUS_OK ? mem_string(path) : NULL;
    if (code == STATUS_OK && !copy)
        code = error_memory(error);
    if (code != STATUS_OK) {
        close(descriptor);
        return code;
    }
    if (store->file_count == 0)
        digest_begin(&store->state);
    digest_add(&store->state, bytes, (size_t)count * store->record_size);
    store->files[store->file_count++] = (struct record_file){copy, descriptor, count, about.st_mtim};
    dataset->count += count;
    return STATUS_OK;
}

/* A record that is in place. Safe from any thread; two that want the same one both make it, and the first to
 * have it puts it there. */
static const uint8_t *record_at(struct record_store *store, int64_t index)
{
    uint8_t *place = store->bytes + (size_t)index * store->record_size;
    if (!store->made || atomic_load_explicit(&store->made[index], memory_order_acquire))
        return place;
    uint8_t record[LARGEST_RECORD];
    store->make(store, index, record);
    pthread_mutex_lock(&store->lock);
    if (!atomic_load_explicit(&store->made[index], memory_order_relaxed)) {
        memcpy(place, record, store->record_size);
        atomic_store_explicit(&store->made[index], 1, memory_order_release);
    }
    pthread_mutex_unlock(&store->lock);
    return place;
}

/* Make what is missing and hash everything; the digest stays empty when the thread is told to stop. */
static void *complete_records(void *argument)
{
    struct record_store *store = argument;
    struct digest_state state;
    digest_begin(&state);
    for (int64_t i = 0; i < store->count; i++) {
        if (atomic_load_explicit(&store->end, memory_order_relaxed))
            return NULL;
        digest_add(&state, record_at(store, i), store->record_size);
    }
    digest_end(&state, store->digest);
    return NULL;
}

status records_end(struct dataset *dataset, struct error *error)
{
    struct record_store *store = dataset->store;
    store->count = dataset->count;
    if (store->file_count > 0) {
        digest_end(&store->state, store->digest);
        return STATUS_OK;
    }
    if (store->make && !(store->made = mem_new((size_t)store->count, sizeof *store->made)))
        return error_memory(error);
    store->running = thread_start(&store->thread, complete_records, store) == 0;
    return STATUS_OK;
}

const char *records_digest(const struct dataset *dataset)
{
    struct record_store *store = dataset->store;
    pthread_mutex_lock(&store->digest_lock);
    if (store->running)
        pthread_join(store->thread, NULL);
    else if (!store->digest[0]) /* no thread was to be had */
        complete_records(store);
    store->running = false;
    pthread_mutex_unlock(&store->digest_lock);
    return store->digest;
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

status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                    struct error *error)
{
    struct record_store *store = dataset->store; /* the index was checked by the caller */
    uint8_t own[LARGEST_RECORD];
    const uint8_t *record = own;
    if (store->bytes) {
        record = record_at(store, index);
    } else {
        const struct record_file *file = store->files;
        for (; index >= file->count; file++)
            index -= file->count;
        if (check_unchanged(file, error) ||
            file_read_at(file->descriptor, file->path, (size_t)index * store->record_size, own,
                         store->record_size, error))
            return error->code;
    }
    const uint8_t *from = record + store->label_at;
    for (int64_t i = 0; i < dataset_labels_per_image(dataset); i++)
        labels[i] = dataset->label_map && from[i] == RECORD_VOID ? LABEL_IGNORED : from[i];
    memcpy(pixels, record + store->record_size - RECORD_PIXELS, RECORD_PIXELS);
    return STATUS_OK;
}

void records_close(struct dataset *dataset)
{
    struct record_store *store = dataset->store;
    if (!store)
        return;
    atomic_store(&store->end, true);
    if (store->running)
        pthread_join(store->thread, NULL);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->digest_lock);
    mem_free((void *)store->made);
    for (int i = 0; i < store->file_count; i++) {
        close(store->files[i].descriptor);
        mem_free(store->files[i].path);
    }
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

size_t records_memory(const struct dataset *dataset)
{
    const struct record_store *store = dataset->store;
    return store && store->bytes ? (size_t)store->count * store->record_size : 0;
}
