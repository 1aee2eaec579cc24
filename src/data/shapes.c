/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in data set: generated while it is used, so that nothing need be downloaded to try the program.
 */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/kinds.h"
#include "data/records.h"
#include "data/shape_draw.h"

enum { LABEL_BYTES = 1, MOST_IMAGES = 200000 };

static const struct {
    const char *name;
    int64_t images;
} split_defaults[] = {{"train", 10000}, {"test", 2000}};

/* The same colours for the same shapes everywhere. */
static const uint8_t map_palette[1 + SHAPE_CLASSES][3] = {
    {0, 0, 0},      {230, 60, 60},  {60, 130, 220},  {90, 180, 75},  {240, 160, 40},  {150, 90, 200},
    {250, 220, 70}, {70, 200, 200}, {230, 110, 190}, {150, 110, 70}, {170, 200, 130},
};

static void make_record(const struct record_store *store, int64_t index, uint8_t *record)
{
    record[0] = (uint8_t)shape_draw(store->seed, store->split, (uint32_t)index, record + LABEL_BYTES, NULL);
}

static void make_map_record(const struct record_store *store, int64_t index, uint8_t *record)
{
    shape_draw(store->seed, store->split, (uint32_t)index, record + RECORD_MAP, record);
}

static status name_classes(struct dataset *dataset, struct error *error)
{
    const char *names[1 + SHAPE_CLASSES] = {"background"};
    memcpy(names + 1, shape_class_names, sizeof shape_class_names);
    return dataset->label_map ? dataset_name_classes(dataset, names, 1 + SHAPE_CLASSES, error)
                              : dataset_name_classes(dataset, shape_class_names, SHAPE_CLASSES, error);
}

static status open_shapes(struct dataset *dataset, const struct dataset_options *options, size_t label_bytes,
                          struct error *error)
{
    int split = strcmp(dataset->split, "test") == 0;
    int64_t count = options->images != 0 ? options->images : split_defaults[split].images;
    if (count < 1 || count > MOST_IMAGES)
        return error_set(error, STATUS_RANGE, "%lld images of shapes: 1 to %d are possible", (long long)count,
                         MOST_IMAGES);
    status code = records_begin(dataset, label_bytes, error);
    if (code == STATUS_OK)
        code = name_classes(dataset, error);
    if (code != STATUS_OK)
        return code;
    dataset->normalization = mem_string("half");
    if (!records_extend(dataset, count) || !dataset->normalization)
        return error_memory(error);
    struct record_store *store = dataset->store;
    store->make = dataset->label_map ? make_map_record : make_record;
    store->seed = options->seed;
    store->split = split;
    dataset->count = count;
    return records_end(dataset, error);
}

static status shapes_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    return open_shapes(dataset, options, LABEL_BYTES, error);
}

static status shape_maps_open(struct dataset *dataset, const struct dataset_options *options,
                              struct error *error)
{
    dataset->label_map = true;
    dataset->palette = map_palette;
    return open_shapes(dataset, options, RECORD_MAP, error);
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

const struct dataset_kind dataset_shape_maps = {
    .name = "shape-maps",
    .help = "built-in: the images of shapes, with a label for every pixel: background, one of the shapes, or "
            "none at its edge (images=, seed=)",
    .needs_path = false,
    .splits = splits,
    .open = shape_maps_open,
    .read = records_read,
    .digest = records_digest,
    .memory = records_memory,
    .close = records_close,
};
