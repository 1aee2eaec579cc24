/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in data set: generated while it is used, so that nothing need be downloaded to try the program.
 */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "data/kinds.h"
#include "data/records.h"
#include "data/shape_draw.h"

enum { LABEL_BYTES = 1, MOST_IMAGES = 200000 };

static const struct {
    const char *name;
    int64_t images;
} split_defaults[] = {{"train", 10000}, {"test", 2000}};

static void make_record(const struct record_store *store, int64_t index, uint8_t *record)
{
    record[0] = (uint8_t)shape_draw(store->seed, store->split, (uint32_t)index, record + LABEL_BYTES);
}

static status shapes_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    int split = strcmp(dataset->split, "test") == 0;
    int64_t count = options->images != 0 ? options->images : split_defaults[split].images;
    if (count < 1 || count > MOST_IMAGES)
        return error_set(error, STATUS_RANGE, "%lld images of shapes: 1 to %d are possible", (long long)count,
                         MOST_IMAGES);
    status code = records_begin(dataset, LABEL_BYTES, error);
    if (code == STATUS_OK)
        code = dataset_name_classes(dataset, shape_class_names, SHAPE_CLASSES, error);
    if (code != STATUS_OK)
        return code;
    dataset->normalization = mem_string("half");
    if (!records_extend(dataset, count) || !dataset->normalization)
        return error_memory(error);
    struct record_store *store = dataset->store;
    store->make = make_record;
    store->seed = options->seed;
    store->split = split;
    dataset->count = count;
    return records_end(dataset, error);
}

static const char *const splits[] = {"train", "test", NULL};

const struct dataset_kind dataset_shapes = {
    .name = "shapes",
    .help = "built-in: ten kinds of shapes on cluttered 32x32 images, drawn from a seed (images=, seed=)",
    .needs_path = false,
    .splits = splits,
    .made_for = "example",
    .open = shapes_open,
    .read = records_read,
    .digest = records_digest,
    .memory = records_memory,
    .close = records_close,
};
