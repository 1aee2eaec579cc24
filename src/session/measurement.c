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
    struct measured_on on = {.sample = *sample};
    memcpy(on.data, dataset_digest(dataset), sizeof on.data);
    strncpy(on.split, dataset->split, sizeof on.split - 1);
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
        measurement_free(old);
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

static void forget_details(struct measurement *measurement)
{
    measurement->correct = NULL;
    measurement->answers = NULL;
    measurement->credit = NULL;
    measurement->confusion = NULL;
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
        forget_details(&copy->items[i]);
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
        measurement_free(&measurements->items[i]);
    mem_free(measurements->items);
    *measurements = (struct measurements){0};
}

void measurement_count(struct measurement *measurement)
{
    const double share = right_share(measurement->top1, measurement->unanswered, measurement->images);
    measurement->measure = QUALITY_ACCURACY;
    measurement->value = share;
    measurement->error = sqrt(share * (1 - share) / (double)measurement->images);
}

void measurement_free(struct measurement *measurement)
{
    mem_free(measurement->correct);
    mem_free(measurement->answers);
    mem_free(measurement->credit);
    mem_free(measurement->confusion);
    forget_details(measurement);
}

/* Of one image; false where it is not known. */
static bool change_of(const struct measurement *a, const struct measurement *b, int64_t image, double *change)
{
    if (a->correct && b->correct)
        *change = b->correct[image] - a->correct[image];
    else if (a->credit && b->credit)
        *change = b->credit[image] - a->credit[image];
    else
        return false;
    return true;
}

double measurement_difference_error(const struct measurement *a, const struct measurement *b)
{
    double sum = 0, squares = 0, change;
    if (isnan(a->value) || isnan(b->value))
        return NAN;
    if (a->images != b->images || !change_of(a, b, 0, &change))
        return hypot(a->error, b->error);
    for (int64_t i = 0; i < a->images && change_of(a, b, i, &change); i++) {
        sum += change;
        squares += change * change;
    }
    const double images = (double)a->images;
    return sqrt(squares - sum * sum / images) / images;
}
