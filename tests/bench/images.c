/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images of a benchmark: one file that both sides read, and a data set over it that repeats them for as
 * long as a measurement needs. */
#include "images.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "base/random.h"
#include "session/model.h"

enum { LABEL_BYTES = 2 };

struct image_store {
    unsigned char *bytes;
    size_t record, count;
};

static status images_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    struct image_store *store = mem_new(1, sizeof *store);
    const char *shape = strrchr(dataset->path, '.'); /* FILE.CxHxWxCLASSES */
    size_t size;
    (void)options;
    dataset->store = store;
    if (!store)
        return error_memory(error);
    if (!shape || sscanf(shape, ".%dx%dx%dx%d", &dataset->channels, &dataset->height, &dataset->width,
                         &dataset->classes) != 4)
        return error_set(error, STATUS_FILE, "%s: its name does not end with a shape", dataset->path);
    store->record =
        LABEL_BYTES + (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
    status code = file_read(dataset->path, (size_t)1 << 31, &store->bytes, &size, error);
    if (code != STATUS_OK)
        return code;
    store->count = size / store->record;
    dataset->count = IMAGES_ENDLESS;
    return STATUS_OK;
}

static status images_read(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *label,
                          struct error *error)
{
    const struct image_store *store = dataset->store;
    const unsigned char *record = store->bytes + (size_t)index % store->count * store->record;
    (void)error;
    *label = record[0] | record[1] << 8;
    memcpy(pixels, record + LABEL_BYTES, store->record - LABEL_BYTES);
    return STATUS_OK;
}

static const char *images_digest(const struct dataset *dataset)
{
    return dataset->path;
}

static void images_close(struct dataset *dataset)
{
    struct image_store *store = dataset->store;
    if (store)
        mem_free(store->bytes);
    mem_free(store);
}

static const char *const splits[] = {"train", NULL};

const struct dataset_kind images_kind = {
    .name = "images",
    .help = "a benchmark's images",
    .needs_path = true,
    .splits = splits,
    .open = images_open,
    .read = images_read,
    .digest = images_digest,
    .close = images_close,
};

/* Images of the kind that the network was trained on, when there are any. */
static struct dataset *fitting_data(const struct model *model, const char *cifar)
{
    struct dataset *dataset = NULL;
    struct error error = {0};
    if (model->classes != 10 || model->input.dim[1] != 3 || model->input.dim[2] != 32 ||
        model->input.dim[3] != 32)
        return NULL;
    if (cifar && dataset_open(dataset_kind_find("cifar10"), cifar, NULL, &dataset, &error) == STATUS_OK)
        return dataset;
    return dataset_open(dataset_kind_find("shapes"), NULL, NULL, &dataset, &error) == STATUS_OK ? dataset
                                                                                                : NULL;
}

static status fill_record(const struct dataset *dataset, const struct model *model, int index,
                          unsigned char *record, size_t size, struct error *error)
{
    struct random_state random;
    int64_t label = index % (model->classes > 0 ? model->classes : 1);
    if (dataset) {
        status code = dataset->kind->read(dataset, index, record + LABEL_BYTES, &label, error);
        if (code != STATUS_OK)
            return code;
    } else {
        random_seed(&random, 1, (uint64_t)index);
        for (size_t i = LABEL_BYTES; i < size; i++)
            record[i] = (unsigned char)random_below(&random, 256);
    }
    record[0] = (unsigned char)label;
    record[1] = (unsigned char)(label >> 8);
    return STATUS_OK;
}

status images_write(const char *name, const char *cifar, int count, const char *folder, char **path,
                    struct error *error)
{
    struct model *model = NULL;
    status code = model_load(name, NULL, &model, error);
    if (code != STATUS_OK)
        return code;
    const int64_t *dim = model->input.dim;
    size_t size = LABEL_BYTES + (size_t)(dim[1] * dim[2] * dim[3]);
    unsigned char *bytes = mem_new((size_t)count, size);
    char *made = mem_format("%s/images.%lldx%lldx%lldx%lld", folder, (long long)dim[1], (long long)dim[2],
                            (long long)dim[3], (long long)model->classes);
    struct dataset *dataset = fitting_data(model, cifar);
    code = bytes && made ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < count; i++)
        code = fill_record(dataset, model, i, bytes + (size_t)i * size, size, error);
    if (code == STATUS_OK)
        code = file_replace(made, bytes, (size_t)count * size, error);
    if (code == STATUS_OK)
        *path = made;
    else
        mem_free(made);
    mem_free(bytes);
    dataset_free(dataset);
    model_free(model);
    return code;
}
