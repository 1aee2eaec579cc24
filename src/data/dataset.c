/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of data set kinds, and what all kinds have in common. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "base/text.h"
#include "data/fitting.h"
#include "data/kinds.h"
#include "data/listing.h"
#include "data/normalization.h"

#define DATASET_KIND_ROW(name) &dataset_##name,
static const struct dataset_kind *const kinds[] = {DATASET_KIND_LIST(DATASET_KIND_ROW)};
static const int kind_count = sizeof kinds / sizeof *kinds;

const struct dataset_kind *dataset_kind_at(int index)
{
    return index >= 0 && index < kind_count ? kinds[index] : NULL;
}

const struct dataset_kind *dataset_kind_find(const char *name)
{
    for (int i = 0; i < kind_count; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

status dataset_kind_recognise(const char *path, const struct dataset_kind **kind, struct error *error)
{
    char *expanded = path_expand(path);
    if (!expanded)
        return error_memory(error);
    *kind = NULL;
    for (int last = 0; last < 2; last++)
        for (int i = 0; i < kind_count && !*kind; i++)
            if (kinds[i]->recognise && kinds[i]->recognised_last == last && kinds[i]->recognise(expanded))
                *kind = kinds[i];
    mem_free(expanded);
    if (*kind)
        return STATUS_OK;
    return error_set(error, STATUS_NOT_FOUND,
                     "%s: which kind of data set this is cannot be told: 'data KIND %s' says it", path, path);
}

static status refuse_split(const struct dataset_kind *kind, const char *split, struct error *error)
{
    struct text splits = {0};
    for (int i = 0; kind->splits[i]; i++)
        text_add_format(&splits, "%s%s", i == 0 ? "" : kind->splits[i + 1] ? ", " : " or ", kind->splits[i]);
    error_set(error, STATUS_USAGE, "data set %s has no split '%s': expected %s", kind->name, split,
              text_data(&splits));
    text_free(&splits);
    return error->code;
}

/* Set path and split, refusing what the kind does not have. */
static status set_place(struct dataset *dataset, const char *path, const char *split, const char *labels,
                        struct error *error)
{
    const struct dataset_kind *kind = dataset->kind;
    if (kind->needs_path && (!path || !path[0]))
        return error_set(error, STATUS_USAGE, "data set %s needs the path of its files", kind->name);
    int found = 0;
    while (split && kind->splits[found] && strcmp(kind->splits[found], split) != 0)
        found++;
    if (!kind->splits[found])
        return refuse_split(kind, split, error);
    dataset->split = mem_string(kind->splits[found]);
    dataset->unlabelled = labels && strcmp(labels, WITHOUT_LABELS) == 0;
    dataset->labels = labels && !dataset->unlabelled ? path_expand(labels) : NULL;
    dataset->path = kind->needs_path ? path_expand(path) : NULL;
    if (!dataset->split || (labels && !dataset->unlabelled && !dataset->labels) ||
        (kind->needs_path && !dataset->path))
        return error_memory(error);
    return STATUS_OK;
}

/* Finished tensors are normalised already. */
static status parse_for(const struct dataset *dataset, const char *text, double *mean, double *std,
                        struct error *error)
{
    if (dataset->finished && strcmp(text, "none") != 0)
        return error_set(error, STATUS_USAGE,
                         "these are finished tensors, which the network gets as they are: normalize=none");
    return normalization_parse(text, dataset->channels, mean, std, error);
}

static status set_normalization(struct dataset *dataset, const char *asked, struct error *error)
{
    const char *text = asked ? asked : dataset->normalization ? dataset->normalization : "none";
    status code = parse_for(dataset, text, dataset->mean, dataset->std, error);
    if (code != STATUS_OK)
        return code;
    char *copy = mem_string(text);
    if (!copy)
        return error_memory(error);
    mem_free(dataset->normalization);
    dataset->normalization = copy;
    return STATUS_OK;
}

/* What only some kinds take. */
static status check_options(const struct dataset_kind *kind, const struct dataset_options *options,
                            struct error *error)
{
    if (options->labels && !kind->has_labels)
        return error_set(error, STATUS_USAGE, "labels= is not for %s, which has its own", kind->name);
    if (!kind->has_pictures && (options->skip_corrupt || options->fitting.upright))
        return error_set(error, STATUS_USAGE, "%s is for pictures in files of their own, not for %s",
                         options->skip_corrupt ? "corrupt=" : "rotate=", kind->name);
    return STATUS_OK;
}

/* What is done to images in the words of the options, for what names the data set. */
static status set_prepared(struct dataset *dataset, struct error *error)
{
    struct text text = {0};
    text_add_fitting(&text, &dataset->fitting);
    if (text.length && !text.failed)
        dataset->prepared = mem_string(text_data(&text));
    bool failed = text.failed || (text.length && !dataset->prepared);
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

/* Of a kind that leaves it to us: what the stored images become. Pictures come fitted. */
static status fit_stored(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    dataset->stored.channels = dataset->channels;
    dataset->stored.height = dataset->height;
    dataset->stored.width = dataset->width;
    if (dataset->kind->has_pictures)
        return STATUS_OK;
    struct fitting *fitting = &dataset->fitting;
    if (fitting_parse(&options->fitting, false, fitting, error))
        return error->code;
    if (!fitting->active)
        return STATUS_OK;
    if (dataset->label_map)
        return error_set(error, STATUS_USAGE, "resize=, crop= and channels= are not for %s",
                         dataset->kind->name);
    if (dataset->finished)
        return error_set(error, STATUS_USAGE,
                         "these are finished tensors, which the network gets as they are: resize=, crop= and "
                         "channels= are for images");
    if (fitting->channels > 0 && fitting->channels != dataset->channels)
        dataset->channels = fitting->channels;
    return fitting_size(fitting, dataset->stored.width, dataset->stored.height, &dataset->width,
                        &dataset->height, error);
}

/* The same records scaled in another way are other data. */
static void name_fitted(struct dataset *dataset)
{
    struct digest_state state;
    if (!dataset->prepared)
        return;
    const char *stored = dataset->kind->digest(dataset);
    digest_begin(&state);
    digest_add(&state, stored, strlen(stored));
    digest_add(&state, dataset->prepared, strlen(dataset->prepared));
    digest_end(&state, dataset->fitted_digest);
}

/* Another split may be there where the files of the one that was asked for, or is the default, are not. */
static void name_other_split(const struct dataset *dataset, struct error *error)
{
    const struct dataset_kind *kind = dataset->kind;
    const struct error before = *error;
    if (!kind->find_split || !path_is_folder(dataset->path))
        return;
    char *own = kind->find_split(dataset, dataset->split);
    const bool there = own != NULL;
    mem_free(own);
    for (int i = 0; kind->splits[i] && !there; i++) {
        char *other =
            strcmp(kind->splits[i], dataset->split) != 0 ? kind->find_split(dataset, kind->splits[i]) : NULL;
        if (!other)
            continue;
        error_set(error, before.code, "%s; split=%s would read %s, which is there", before.message,
                  kind->splits[i], other);
        mem_free(other);
        return;
    }
}

static void remember_options(struct dataset *dataset, const struct dataset_options *options)
{
    struct dataset_origin *origin = &dataset->origin;
    const struct fitting_options *fitting = &options->fitting;
    snprintf(origin->resize, sizeof origin->resize, "%s", fitting->resize ? fitting->resize : "");
    snprintf(origin->crop, sizeof origin->crop, "%s", fitting->crop ? fitting->crop : "");
    origin->fitting = *fitting;
    origin->fitting.resize = origin->fitting.crop = NULL;
    origin->images = options->images;
    origin->seed = options->seed;
    origin->skip_corrupt = options->skip_corrupt;
}

status dataset_open(const struct dataset_kind *kind, const char *path, const struct dataset_options *options,
                    struct dataset **dataset, struct error *error)
{
    static const struct dataset_options defaults;
    if (!options)
        options = &defaults;
    struct dataset *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->kind = kind;
    status code = check_options(kind, options, error);
    if (code == STATUS_OK)
        code = set_place(made, path, options->split, options->labels, error);
    bool opening = code == STATUS_OK;
    remember_options(made, options);
    if (opening)
        code = kind->open(made, options, error);
    if (opening && code == STATUS_FILE)
        name_other_split(made, error);
    if (code != STATUS_OK && code != STATUS_USAGE && opening && made->path)
        code = error_refuse_file(error);
    if (code == STATUS_OK)
        code = fit_stored(made, options, error);
    if (code == STATUS_OK)
        code = set_prepared(made, error);
    if (code == STATUS_OK)
        name_fitted(made);
    if (code == STATUS_OK)
        code = set_normalization(made, options->normalization, error);
    if (code != STATUS_OK) {
        dataset_free(made);
        return code;
    }
    *dataset = made;
    return STATUS_OK;
}

status dataset_open_split(const struct dataset *dataset, const char *split, struct pool *pool,
                          struct progress *progress, struct dataset **other, struct error *error)
{
    const struct dataset_origin *origin = &dataset->origin;
    bool known = false;
    struct dataset_options options = {
        .split = split,
        .normalization = dataset->normalization,
        .images = origin->images,
        .seed = origin->seed,
        .fitting = origin->fitting,
        .skip_corrupt = origin->skip_corrupt,
        .labels = dataset->unlabelled ? WITHOUT_LABELS : NULL,
        .pool = pool,
        .progress = progress,
    };
    options.fitting.resize = *origin->resize ? origin->resize : NULL;
    options.fitting.crop = *origin->crop ? origin->crop : NULL;
    for (int i = 0; dataset->kind->splits[i]; i++)
        known |= strcmp(dataset->kind->splits[i], split) == 0;
    if (!known)
        return error_set(error, STATUS_NOT_FOUND, "%s has no split '%s'", dataset->kind->name, split);
    return dataset_open(dataset->kind, dataset->path, &options, other, error);
}

status dataset_view(const struct dataset *dataset, const char *normalization, struct dataset *view,
                    struct error *error)
{
    *view = *dataset;
    return parse_for(dataset, normalization, view->mean, view->std, error);
}

bool dataset_is_raw(const struct dataset *dataset)
{
    bool raw = !dataset->finished;
    for (int c = 0; c < dataset->channels; c++)
        raw &= dataset->mean[c] == 0 && dataset->std[c] == 1;
    return raw;
}

bool dataset_is_training(const struct dataset *dataset)
{
    return strncmp(dataset->split, "train", 5) == 0; /* trainval too */
}

struct dataset *dataset_retain(struct dataset *dataset)
{
    if (dataset)
        share_add(&dataset->shares);
    return dataset;
}

void dataset_free(struct dataset *dataset)
{
    if (!dataset || !share_drop(&dataset->shares))
        return;
    dataset->kind->close(dataset);
    for (int i = 0; dataset->class_names && i < dataset->classes; i++)
        mem_free(dataset->class_names[i]);
    mem_free(dataset->class_names);
    mem_free(dataset->path);
    mem_free(dataset->split);
    mem_free(dataset->note);
    mem_free(dataset->prepared);
    mem_free(dataset->labels);
    mem_free(dataset->normalization);
    mem_free(dataset);
}

size_t dataset_memory(const struct dataset *dataset)
{
    return dataset->kind->memory ? dataset->kind->memory(dataset) : 0;
}

const char *dataset_digest(const struct dataset *dataset)
{
    return dataset->fitted_digest[0] ? dataset->fitted_digest : dataset->kind->digest(dataset);
}

/* (pixel / 255 - mean) / std for every byte there is: far fewer divisions than one per pixel. */
static void fill_table(double table[256], double mean, double std)
{
    for (int pixel = 0; pixel < 256; pixel++)
        table[pixel] = (pixel / 255.0 - mean) / std;
}

void dataset_normalise(const struct dataset *dataset, const uint8_t *pixels, enum element_type real,
                       void *image)
{
    const size_t plane = (size_t)dataset->height * (size_t)dataset->width;
    double table[256];
    float *floats = image;
    double *doubles = image;
    for (int c = 0; c < dataset->channels; c++) {
        fill_table(table, dataset->mean[c], dataset->std[c]);
        for (size_t i = (size_t)c * plane; i < ((size_t)c + 1) * plane; i++) {
            if (real == ELEMENT_DOUBLE)
                doubles[i] = table[pixels[i]];
            else
                floats[i] = (float)table[pixels[i]];
        }
    }
}

static size_t image_bytes(const struct dataset *dataset)
{
    return (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
}

status dataset_pixels(const struct dataset *dataset, int64_t index, uint8_t *pixels, int64_t *labels,
                      struct error *error)
{
    if (dataset->kind->has_pictures || !dataset->fitting.active)
        return dataset->kind->read(dataset, index, pixels, labels, error);
    const int channels = dataset->stored.channels, height = dataset->stored.height,
              width = dataset->stored.width;
    uint8_t small[DATASET_SMALL_IMAGE];
    const size_t bytes = (size_t)channels * (size_t)height * (size_t)width;
    uint8_t *stored = bytes <= sizeof small ? small : mem_new(bytes, 1);
    if (!stored)
        return error_memory(error);
    status code = dataset->kind->read(dataset, index, stored, labels, error);
    if (code == STATUS_OK)
        code = fitting_write_stored(&dataset->fitting, stored, channels, height, width, pixels, error);
    if (stored != small)
        mem_free(stored);
    return code;
}

int64_t dataset_labels_per_image(const struct dataset *dataset)
{
    return dataset->label_map ? (int64_t)dataset->height * dataset->width : 1;
}

int64_t dataset_map_classes(const struct dataset *dataset)
{
    return dataset->label_map ? dataset->classes : 0;
}

status dataset_check_image(const struct dataset *dataset, int64_t index, enum element_type real,
                           struct error *error)
{
    if (index < 0 || index >= dataset->count)
        return error_set(error, STATUS_RANGE, "record %lld: the %s split of %s has records 0 to %lld",
                         (long long)index, dataset->split, dataset->kind->name,
                         (long long)dataset->count - 1);
    if (real != ELEMENT_FLOAT && real != ELEMENT_DOUBLE)
        return error_set(error, STATUS_UNSUPPORTED, "images are float or double, not integers");
    return STATUS_OK;
}

status dataset_image(const struct dataset *dataset, int64_t index, enum element_type real, void *image,
                     int64_t *labels, struct error *error)
{
    if (dataset_check_image(dataset, index, real, error))
        return error->code;
    if (dataset->finished)
        return dataset->kind->values(dataset, index, real, image, labels, error);
    uint8_t small[DATASET_SMALL_IMAGE];
    size_t bytes = image_bytes(dataset);
    uint8_t *pixels = bytes <= sizeof small ? small : mem_new(bytes, 1);
    if (!pixels)
        return error_memory(error);
    status code = dataset_pixels(dataset, index, pixels, labels, error);
    if (code == STATUS_OK)
        dataset_normalise(dataset, pixels, real, image);
    if (pixels != small)
        mem_free(pixels);
    return code;
}

status dataset_name_classes(struct dataset *dataset, const char *const *names, int count, struct error *error)
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

/* Through `label` where the kind has it, else with all the pixels. */
static status read_labels(const struct dataset *dataset, uint8_t *pixels, int64_t *labels,
                          struct error *error)
{
    enum { UNCHECKED = 1024 };
    const struct dataset_kind *kind = dataset->kind;
    status code = STATUS_OK;
    for (int64_t i = 0; i < dataset->count && code == STATUS_OK; i++) {
        code = kind->label ? kind->label(dataset, i, &labels[i], error)
                           : kind->read(dataset, i, pixels, &labels[i], error);
        if (code == STATUS_OK && i % UNCHECKED == 0)
            code = progress_check(error);
    }
    return code;
}

status dataset_labels(const struct dataset *dataset, int64_t **labels, struct error *error)
{
    if (dataset->label_map)
        return error_set(error, STATUS_USAGE,
                         "every pixel of %s has a label: its images are of no class that could be balanced",
                         dataset->kind->name);
    const size_t bytes =
        (size_t)dataset->stored.channels * (size_t)dataset->stored.height * (size_t)dataset->stored.width;
    int64_t *made = mem_new((size_t)dataset->count, sizeof *made);
    uint8_t *pixels = dataset->kind->label ? NULL : mem_new(bytes, 1);
    status code = made && (pixels || dataset->kind->label) ? read_labels(dataset, pixels, made, error)
                                                           : error_memory(error);
    mem_free(pixels);
    if (code != STATUS_OK) {
        mem_free(made);
        return code;
    }
    *labels = made;
    return STATUS_OK;
}
