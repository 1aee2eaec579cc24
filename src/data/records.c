/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of equal length in memory. */
#include "data/records.h"

#include <string.h>
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

bool records_adopt(struct dataset *dataset, uint8_t *bytes, int64_t count)
{
    struct record_store *store = dataset->store;
    if (store->bytes)
        return false;
    store->bytes = bytes;
    dataset->count = count;
    return true;
}

void records_end(struct dataset *dataset)
{
    const struct record_store *store = dataset->store;
    digest_bytes(store->bytes, (size_t)dataset->count * store->record_size, dataset->digest);
}

status records_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                    struct error *error)
{
    (void)error; /* the index was checked by the caller */
    const struct record_store *store = dataset->store;
    const uint8_t *record = store->bytes + (size_t)index * store->record_size;
    *label = record[store->label_at];
    memcpy(pixels, record + store->record_size - RECORD_PIXELS, RECORD_PIXELS);
    return STATUS_OK;
}

void records_close(struct dataset *dataset)
{
    struct record_store *store = dataset->store;
    if (!store)
        return;
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
