/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of data set kinds, normalisation, and what all kinds have in common. */
#include "data/dataset.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/share.h"
#include "base/text.h"
#include "data/records.h"

static const struct dataset_kind *const kinds[] = {&dataset_cifar10, &dataset_cifar100, &dataset_shapes,
                                                   &dataset_shape_maps};
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

/* Presets with one value serve any number of channels; those with three are for RGB. */
static const struct normalization {
    const char *name;
    int values;
    double mean[3], std[3];
} normalizations[] = {
    {"none", 1, {0}, {1}},
    {"cifar", 3, {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
    {"imagenet", 3, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    {"half", 1, {0.5}, {0.5}},
};
static const int normalization_count = sizeof normalizations / sizeof *normalizations;

const char *normalization_name_at(int index)
{
    return index >= 0 && index < normalization_count ? normalizations[index].name : NULL;
}

static status normalization_refused(const char *text, int channels, struct error *error)
{
    return error_set(error, STATUS_USAGE,
                     "normalisation '%s': expected none, cifar, imagenet, half or numbers, "
                     "mean/std with 1 or %d values each, as in 0.5,0.5,0.5/0.2,0.2,0.2 (std above 0)",
                     text, channels);
}

/* Read "m1,m2,m3" up to `end`; the number of values, or 0 when it is no such list. */
static int parse_list(const char *text, const char *end, double *values)
{
    int count = 0;
    for (;;) {
        char number[64];
        size_t length = strcspn(text, ",/");
        if (count == DATASET_MAX_CHANNELS || length >= sizeof number || text + length > end)
            return 0;
        memcpy(number, text, length);
        number[length] = '\0';
        if (!text_to_double(number, &values[count]) || !isfinite(values[count]))
            return 0;
        count++;
        text += length;
        if (text == end)
            return count;
        if (*text++ != ',')
            return 0;
    }
}

static status set_values(int given, const double *from_mean, const double *from_std, int channels,
                         double *mean, double *std)
{
    for (int c = 0; c < channels; c++) {
        mean[c] = from_mean[given == 1 ? 0 : c];
        std[c] = from_std[given == 1 ? 0 : c];
    }
    return STATUS_OK;
}

status normalization_parse(const char *text, int channels, double *mean, double *std, struct error *error)
{
    for (int i = 0; i < normalization_count; i++) {
        const struct normalization *preset = &normalizations[i];
        if (strcmp(preset->name, text) != 0)
            continue;
        if (preset->values != 1 && preset->values != channels)
            return error_set(error, STATUS_USAGE, "normalisation '%s' is for %d channels, the images have %d",
                             text, preset->values, channels);
        return set_values(preset->values, preset->mean, preset->std, channels, mean, std);
    }
    double means[DATASET_MAX_CHANNELS], stds[DATASET_MAX_CHANNELS];
    const char *slash = strchr(text, '/');
    int count = slash ? parse_list(text, slash, means) : 0;
    if (count == 0 || (count != 1 && count != channels) ||
        parse_list(slash + 1, slash + strlen(slash), stds) != count)
        return normalization_refused(text, channels, error);
    for (int i = 0; i < count; i++)
        if (!(stds[i] > 0))
            return normalization_refused(text, channels, error);
    return set_values(count, means, stds, channels, mean, std);
}

/* Set path and split, refusing what the kind does not have. */
static status set_place(struct dataset *dataset, const char *path, const char *split, struct error *error)
{
    const struct dataset_kind *kind = dataset->kind;
    if (kind->needs_path && (!path || !path[0]))
        return error_set(error, STATUS_USAGE, "data set %s needs the path of its files", kind->name);
    int found = 0;
    while (split && kind->splits[found] && strcmp(kind->splits[found], split) != 0)
        found++;
    if (!kind->splits[found])
        return error_set(error, STATUS_USAGE, "data set %s has no split '%s': expected train or test",
                         kind->name, split);
    dataset->split = mem_string(kind->splits[found]);
    dataset->path = kind->needs_path ? path_expand(path) : NULL;
    if (!dataset->split || (kind->needs_path && !dataset->path))
        return error_memory(error);
    return STATUS_OK;
}

static status set_normalization(struct dataset *dataset, const char *asked, struct error *error)
{
    const char *text = asked ? asked : dataset->normalization ? dataset->normalization : "none";
    status code = normalization_parse(text, dataset->channels, dataset->mean, dataset->std, error);
    if (code != STATUS_OK)
        return code;
    char *copy = mem_string(text);
    if (!copy)
        return error_memory(error);
    mem_free(dataset->normalization);
    dataset->normalization = copy;
    return STATUS_OK;
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
    status code = set_place(made, path, options->split, error);
    if (code == STATUS_OK)
        code = kind->open(made, options, error);
    if (code != STATUS_OK && made->path)
        code = error_refuse_file(error);
    if (code == STATUS_OK)
        code = set_normalization(made, options->normalization, error);
    if (code != STATUS_OK) {
        dataset_free(made);
        return code;
    }
    *dataset = made;
    return STATUS_OK;
}

status dataset_view(const struct dataset *dataset, const char *normalization, struct dataset *view,
                    struct error *error)
{
    *view = *dataset;
    return normalization_parse(normalization, view->channels, view->mean, view->std, error);
}

bool dataset_is_raw(const struct dataset *dataset)
{
    bool raw = true;
    for (int c = 0; c < dataset->channels; c++)
        raw &= dataset->mean[c] == 0 && dataset->std[c] == 1;
    return raw;
}

bool dataset_is_training(const struct dataset *dataset)
{
    return strcmp(dataset->split, "train") == 0;
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
    mem_free(dataset->normalization);
    mem_free(dataset);
}

size_t dataset_memory(const struct dataset *dataset)
{
    return dataset->kind->memory ? dataset->kind->memory(dataset) : 0;
}

const char *dataset_digest(const struct dataset *dataset)
{
    return dataset->kind->digest(dataset);
}

/* (pixel / 255 - mean) / std for every byte there is: far fewer divisions than one per pixel. */
static void fill_table(double table[256], double mean, double std)
{
    for (int pixel = 0; pixel < 256; pixel++)
        table[pixel] = (pixel / 255.0 - mean) / std;
}

static void normalise(const struct dataset *dataset, const uint8_t *pixels, enum element_type real,
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

int64_t dataset_labels_per_image(const struct dataset *dataset)
{
    return dataset->label_map ? (int64_t)dataset->height * dataset->width : 1;
}

int64_t dataset_map_classes(const struct dataset *dataset)
{
    return dataset->label_map ? dataset->classes : 0;
}

status dataset_image(const struct dataset *dataset, int64_t index, enum element_type real, void *image,
                     int64_t *labels, struct error *error)
{
    if (index < 0 || index >= dataset->count)
        return error_set(error, STATUS_RANGE, "record %lld: the %s split of %s has records 0 to %lld",
                         (long long)index, dataset->split, dataset->kind->name,
                         (long long)dataset->count - 1);
    if (real != ELEMENT_FLOAT && real != ELEMENT_DOUBLE)
        return error_set(error, STATUS_UNSUPPORTED, "images are float or double, not integers");
    uint8_t small[4096]; /* 32x32 RGB without an allocation per image */
    size_t bytes = image_bytes(dataset);
    uint8_t *pixels = bytes <= sizeof small ? small : mem_new(bytes, 1);
    if (!pixels)
        return error_memory(error);
    status code = dataset->kind->read(dataset, index, pixels, labels, error);
    if (code == STATUS_OK)
        normalise(dataset, pixels, real, image);
    if (pixels != small)
        mem_free(pixels);
    return code;
}

status dataset_labels(const struct dataset *dataset, int64_t **labels, struct error *error)
{
    if (dataset->label_map)
        return error_set(error, STATUS_USAGE,
                         "every pixel of %s has a label: its images are of no class that could be balanced",
                         dataset->kind->name);
    int64_t *made = mem_new((size_t)dataset->count, sizeof *made);
    uint8_t *pixels = mem_new(image_bytes(dataset), 1);
    status code = made && pixels ? STATUS_OK : error_memory(error);
    for (int64_t i = 0; i < dataset->count && code == STATUS_OK; i++)
        code = dataset->kind->read(dataset, i, pixels, &made[i], error);
    mem_free(pixels);
    if (code != STATUS_OK) {
        mem_free(made);
        return code;
    }
    *labels = made;
    return STATUS_OK;
}
