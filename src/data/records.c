/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length in memory. */
#include "data/records.h"

#include <string.h>
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

status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                    struct error *error)
{
    struct record_store *store = dataset->store; /* the index was checked by the caller */
    const uint8_t *record = record_at(store, index), *from = record + store->label_at;
    (void)error;
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
    mem_free(store->bytes);
    mem_free(store);
    dataset->store = NULL;
}

size_t records_memory(const struct dataset *dataset)
{
    const struct record_store *store = dataset->store;
    return store && store->bytes ? (size_t)store->count * store->record_size : 0;
}
