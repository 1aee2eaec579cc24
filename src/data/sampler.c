/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing the records that a computation uses. The random streams are fixed by the seed alone. */
#include "data/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"

enum { STREAM_RECORDS = 1, STREAM_CLASSES = 2 };

status sample_parse_size(const char *text, struct sample_options *options, struct error *error)
{
    int64_t count;
    double fraction;
    size_t length = strlen(text);
    bool percent = length > 0 && text[length - 1] == '%';
    if (strcmp(text, "all") == 0) {
        options->count = 0;
        options->fraction = 1;
        return STATUS_OK;
    }
    if (text_to_integer(text, &count) && count > 0) {
        options->count = count;
        options->fraction = 0;
        return STATUS_OK;
    }
    if (text_to_double(text, &fraction) && fraction > 0 && (percent ? fraction <= 1 : fraction < 1)) {
        options->count = 0;
        options->fraction = fraction;
        return STATUS_OK;
    }
    return error_set(error, STATUS_USAGE,
                     "sample size '%s': expected all, a number of images (500), a percentage (5%%) "
                     "or a fraction below 1 (0.05)",
                     text);
}

/* How many records the options ask for. */
static status wanted_count(const struct dataset *dataset, const struct sample_options *options,
                           int64_t *count, struct error *error)
{
    if (options->count < 0 || (options->count == 0 && !(options->fraction > 0 && options->fraction <= 1)))
        return error_set(error, STATUS_RANGE,
                         "the sample size must be a positive count or a fraction in (0, 1]");
    *count = options->count;
    if (options->count == 0) {
        *count = (int64_t)floor(options->fraction * (double)dataset->count + 0.5);
        if (*count < 1)
            *count = 1;
    }
    if (*count > dataset->count)
        return error_set(error, STATUS_RANGE, "%lld images asked for, but the %s split of %s has only %lld",
                         (long long)*count, dataset->split, dataset->kind->name, (long long)dataset->count);
    return STATUS_OK;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The order in which records are considered: 0, 1, 2, ... or shuffled. NULL when memory is out. */
static int64_t *candidate_order(int64_t count, const struct sample_options *options)
{
    int64_t *order = mem_new((size_t)count, sizeof *order);
    if (!order)
        return NULL;
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    if (options->order == SAMPLE_RANDOM) {
        struct random_state random;
        random_seed(&random, options->seed, STREAM_RECORDS);
        random_shuffle(&random, order, (size_t)count);
    }
    return order;
}

/* quota[c]: how many records of class c; the remainder goes to the first classes of a seeded order. */
static status class_quotas(const struct dataset *dataset, const struct sample_options *options, int64_t count,
                           int64_t *quota, struct error *error)
{
    const size_t classes = (size_t)dataset->classes;
    int64_t *order = mem_new(classes, sizeof *order);
    if (!order)
        return error_memory(error);
    for (size_t c = 0; c < classes; c++) {
        order[c] = (int64_t)c;
        quota[c] = count / (int64_t)classes;
    }
    if (options->order == SAMPLE_RANDOM) {
        struct random_state random;
        random_seed(&random, options->seed, STREAM_CLASSES);
        random_shuffle(&random, order, classes);
    }
    for (int64_t i = 0; i < count % (int64_t)classes; i++)
        quota[order[i]]++;
    mem_free(order);
    return STATUS_OK;
}

/* Move the records that fill the quotas to the front of `order`. */
static status fill_quotas(const struct dataset *dataset, const int64_t *labels, int64_t *quota,
                          int64_t *order, struct error *error)
{
    int64_t taken = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        int64_t record = order[i];
        if (quota[labels[record]] > 0) {
            quota[labels[record]]--;
            order[taken++] = record;
        }
    }
    for (int c = 0; c < dataset->classes; c++)
        if (quota[c] > 0)
            return error_set(error, STATUS_RANGE,
                             "class %s has %lld images too few for a balanced sample of this size",
                             dataset->class_names[c], (long long)quota[c]);
    return STATUS_OK;
}

static status balance(const struct dataset *dataset, const struct sample_options *options, int64_t count,
                      int64_t *order, struct error *error)
{
    int64_t *labels = NULL;
    int64_t *quota = mem_new((size_t)dataset->classes, sizeof *quota);
    status code = quota ? dataset_labels(dataset, &labels, error) : error_memory(error);
    if (code == STATUS_OK)
        code = class_quotas(dataset, options, count, quota, error);
    if (code == STATUS_OK)
        code = fill_quotas(dataset, labels, quota, order, error);
    mem_free(labels);
    mem_free(quota);
    return code;
}

bool sample_options_equal(const struct sample_options *a, const struct sample_options *b)
{
    bool drawn = a->balanced || (a->order == SAMPLE_RANDOM && !(a->count == 0 && a->fraction == 1));
    return a->count == b->count && a->fraction == b->fraction && a->balanced == b->balanced &&
           a->order == b->order && (!drawn || a->seed == b->seed);
}

status sample_draw(const struct dataset *dataset, const struct sample_options *options, struct sample *sample,
                   struct error *error)
{
    int64_t count = 0;
    status code = wanted_count(dataset, options, &count, error);
    if (code != STATUS_OK)
        return code;
    int64_t *order = candidate_order(dataset->count, options);
    if (!order)
        return error_memory(error);
    if (options->balanced)
        code = balance(dataset, options, count, order, error);
    if (code != STATUS_OK) {
        mem_free(order);
        return code;
    }
    qsort(order, (size_t)count, sizeof *order, ascending);
    int64_t *records = mem_resize(order, (size_t)count, sizeof *order);
    *sample = (struct sample){.records = records ? records : order, .count = count, .options = *options};
    return STATUS_OK;
}

status sample_copy(const struct sample *from, struct sample *sample, struct error *error)
{
    int64_t *records = mem_copy(from->records, (size_t)from->count * sizeof *records);
    if (!records)
        return error_memory(error);
    *sample = (struct sample){.records = records, .count = from->count, .options = from->options};
    return STATUS_OK;
}

void sample_free(struct sample *sample)
{
    mem_free(sample->records);
    *sample = (struct sample){0};
}

status sample_fetch(void *feed, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    const struct sample_feed *source = feed;
    if (position < 0 || position >= source->sample->count)
        return error_set(error, STATUS_RANGE, "image %lld of a sample of %lld", (long long)position,
                         (long long)source->sample->count);
    return dataset_image_augmented(source->dataset, source->sample->records[position], source->augmentation,
                                   source->seed, source->draw, real, image, labels, error);
}
