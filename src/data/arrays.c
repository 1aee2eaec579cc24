/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/arrays.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

static size_t image_size(const struct dataset *dataset)
{
    return (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
}

/* After fitting, `channels` and so on are those of the result. */
static size_t stored_size(const struct dataset *dataset)
{
    return (size_t)dataset->stored.channels * (size_t)dataset->stored.height * (size_t)dataset->stored.width;
}

status arrays_begin(struct dataset *dataset, struct error *error)
{
    struct array_store *store = mem_new(1, sizeof *store);
    if (!store)
        return error_memory(error);
    digest_begin(&store->state);
    dataset->store = store;
    return STATUS_OK;
}

int32_t *arrays_labels(struct dataset *dataset, int64_t more)
{
    struct array_store *store = dataset->store;
    if (!mem_grow(&store->labels, &store->label_capacity, (size_t)(dataset->count + more),
                  sizeof *store->labels))
        return NULL;
    return store->labels + dataset->count;
}

static void part_free(struct array_part *part)
{
    if (part->descriptor >= 0)
        close(part->descriptor);
    mem_free(part->bytes);
    mem_free(part->path);
}

status arrays_add(struct dataset *dataset, const struct array_part *part, struct error *error)
{
    struct array_store *store = dataset->store;
    struct array_part made = *part;
    struct stat about;
    status code = STATUS_OK;
    made.path = mem_string(part->path);
    if (!made.path)
        code = error_memory(error);
    else if (store->part_count == ARRAY_PARTS)
        code = error_set(error, STATUS_FILE, "%s: a data set has %d files at most", part->path, ARRAY_PARTS);
    else if (!made.bytes && fstat(made.descriptor, &about) != 0)
        code = file_error(error, part->path, errno);
    if (code != STATUS_OK) {
        part_free(&made);
        return code;
    }
    if (!made.bytes)
        made.changed = about.st_mtim;
    if (made.stride == 0)
        made.stride = image_size(dataset);
    store->parts[store->part_count++] = made;
    dataset->count += made.count;
    return STATUS_OK;
}

void arrays_digest_add(struct dataset *dataset, const void *bytes, size_t size)
{
    struct array_store *store = dataset->store;
    digest_add(&store->state, bytes, size);
}

void arrays_end(struct dataset *dataset)
{
    struct array_store *store = dataset->store;
    digest_end(&store->state, store->digest);
}

/* Scores of images that changed would be no scores of the set that the digest names. */
static status check_unchanged(const struct array_part *part, struct error *error)
{
    struct stat about;
    if (fstat(part->descriptor, &about) == 0 && about.st_mtim.tv_sec == part->changed.tv_sec &&
        about.st_mtim.tv_nsec == part->changed.tv_nsec)
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: the file has changed since it was opened", part->path);
}

static status read_bytes(const struct array_part *part, int64_t index, uint8_t *pixels, size_t size,
                         struct error *error)
{
    const size_t at = part->offset + (size_t)index * part->stride;
    if (part->bytes) {
        memcpy(pixels, part->bytes + at, size);
        return STATUS_OK;
    }
    if (check_unchanged(part, error))
        return error->code;
    return file_read_at(part->descriptor, part->path, at, pixels, size, error);
}

/* From (H,W,C) to (C,H,W). */
static void separate(const uint8_t *from, size_t plane, size_t channels, uint8_t *to)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            to[c * plane + i] = from[i * channels + c];
}

status arrays_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                   struct error *error)
{
    const struct array_store *store = dataset->store;
    const struct array_part *part = store->parts;
    const size_t size = stored_size(dataset), channels = (size_t)dataset->stored.channels;
    *label = store->labels[index];
    for (; index >= part->count; part++)
        index -= part->count;
    if (!store->channels_last || channels == 1)
        return read_bytes(part, index, pixels, size, error);
    uint8_t *mixed = mem_new(size, 1);
    if (!mixed)
        return error_memory(error);
    status code = read_bytes(part, index, mixed, size, error);
    if (code == STATUS_OK)
        separate(mixed, size / channels, channels, pixels);
    mem_free(mixed);
    return code;
}

status arrays_label(const struct dataset *dataset, int64_t index, int64_t *label, struct error *error)
{
    const struct array_store *store = dataset->store;
    (void)error;
    *label = store->labels[index];
    return STATUS_OK;
}

const char *arrays_digest(const struct dataset *dataset)
{
    const struct array_store *store = dataset->store;
    return store->digest;
}

size_t arrays_memory(const struct dataset *dataset)
{
    const struct array_store *store = dataset->store;
    size_t bytes = 0;
    for (int i = 0; store && i < store->part_count; i++)
        if (store->parts[i].bytes)
            bytes += store->parts[i].offset + (size_t)store->parts[i].count * store->parts[i].stride;
    return bytes;
}

void arrays_close(struct dataset *dataset)
{
    struct array_store *store = dataset->store;
    if (!store)
        return;
    for (int i = 0; i < store->part_count; i++)
        part_free(&store->parts[i]);
    mem_free(store->labels);
    mem_free(store);
    dataset->store = NULL;
}
