/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remembered evaluations. */
#include "session/measurement.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/loss.h"

struct measured_on measured_on(const struct dataset *dataset, const struct sample_options *sample)
{
    struct measured_on on = {.training = dataset_is_training(dataset), .sample = *sample};
    memcpy(on.data, dataset_digest(dataset), sizeof on.data);
    strncpy(on.normalization, dataset->normalization, sizeof on.normalization - 1);
    return on;
}

static bool measured_on_equal(const struct measured_on *a, const struct measured_on *b)
{
    return strcmp(a->data, b->data) == 0 && strcmp(a->normalization, b->normalization) == 0 &&
           sample_options_equal(&a->sample, &b->sample);
}

static struct measurement *find_exact(const struct measurements *measurements, const char *network,
                                      const struct measured_on *on)
{
    for (int i = 0; i < measurements->count; i++) {
        struct measurement *item = &measurements->items[i];
        if (strcmp(item->network, network) == 0 && measured_on_equal(&item->on, on))
            return item;
    }
    return NULL;
}

status measurements_add(struct measurements *measurements, const struct measurement *measurement,
                        struct error *error)
{
    struct measurement *old = find_exact(measurements, measurement->network, &measurement->on);
    if (old) {
        mem_free(old->correct);
        memmove(old, old + 1, (size_t)(measurements->items + measurements->count - old - 1) * sizeof *old);
        measurements->count--;
    } else if (!mem_grow(&measurements->items, &measurements->capacity, (size_t)measurements->count + 1,
                         sizeof *measurements->items)) {
        return error_memory(error);
    }
    measurements->items[measurements->count] = *measurement;
    measurements->items[measurements->count++].serial = ++measurements->serial;
    return STATUS_OK;
}

status measurements_copy(const struct measurements *measurements, struct measurements *copy,
                         struct error *error)
{
    size_t count = (size_t)measurements->count;
    if (!mem_grow(&copy->items, &copy->capacity, count, sizeof *copy->items))
        return error_memory(error);
    if (count)
        memcpy(copy->items, measurements->items, count * sizeof *copy->items);
    for (size_t i = 0; i < count; i++)
        copy->items[i].correct = NULL;
    copy->count = measurements->count;
    copy->serial = measurements->serial;
    return STATUS_OK;
}

const struct measurement *measurements_find(const struct measurements *measurements, const char *network,
                                            const struct measured_on *on)
{
    if (on)
        return find_exact(measurements, network, on);
    for (int i = measurements->count - 1; i >= 0; i--) {
        if (strcmp(measurements->items[i].network, network) == 0)
            return &measurements->items[i];
    }
    return NULL;
}

void measurements_free(struct measurements *measurements)
{
    for (int i = 0; i < measurements->count; i++)
        mem_free(measurements->items[i].correct);
    mem_free(measurements->items);
    *measurements = (struct measurements){0};
}

double measurement_accuracy(const struct measurement *measurement)
{
    return right_share(measurement->top1, measurement->unanswered, measurement->images);
}

double measurement_error(const struct measurement *measurement)
{
    double share = measurement_accuracy(measurement);
    return sqrt(share * (1 - share) / (double)measurement->images);
}

double measurement_difference_error(const struct measurement *a, const struct measurement *b)
{
    if (isnan(measurement_accuracy(a)) || isnan(measurement_accuracy(b)))
        return NAN;
    if (!a->correct || !b->correct || a->images != b->images)
        return hypot(measurement_error(a), measurement_error(b));
    int64_t gained = 0, lost = 0;
    for (int64_t i = 0; i < a->images; i++) {
        gained += a->correct[i] && !b->correct[i];
        lost += !a->correct[i] && b->correct[i];
    }
    double images = (double)a->images, net = (double)(gained - lost);
    return sqrt((double)(gained + lost) - net * net / images) / images;
}
