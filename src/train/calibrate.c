/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running statistics as the mean over batches. */
#include "train/calibrate.h"

#include <inttypes.h>
#include <math.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/ranks.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/graph/tensor.h"
#include "train/network.h"

struct work {
    const struct calibration *calibration;
    struct training_network *network;
    double *sums, *before; /* per channel of all norms: mean and variance in turn */
    size_t channels;
    int64_t first; /* of the batch, in the sample */
};

static double get(const struct work *work, const void *values, int64_t c)
{
    return work->calibration->real == ELEMENT_DOUBLE ? ((const double *)values)[c]
                                                     : (double)((const float *)values)[c];
}

static void set(const struct work *work, void *values, int64_t c, double value)
{
    if (work->calibration->real == ELEMENT_DOUBLE)
        ((double *)values)[c] = value;
    else
        ((float *)values)[c] = (float)value;
}

/* to (channels, 2) += share * the running statistics */
static void add_statistics(const struct work *work, double share, double *to)
{
    for (int n = 0; n < training_running_count(work->network); n++) {
        const struct running_statistics *running = training_running(work->network, n);
        for (int64_t c = 0; c < running->channels; c++, to += 2) {
            to[0] += share * get(work, running->mean, c);
            to[1] += share * get(work, running->variance, c);
        }
    }
}

static void set_statistics(const struct work *work, const double *from)
{
    for (int n = 0; n < training_running_count(work->network); n++) {
        const struct running_statistics *running = training_running(work->network, n);
        for (int64_t c = 0; c < running->channels; c++, from += 2) {
            set(work, running->mean, c, from[0]);
            set(work, running->variance, c, from[1]);
        }
    }
}

static status fetch(void *argument, int64_t position, enum element_type real, void *image, int64_t *labels,
                    struct error *error)
{
    const struct work *work = argument;
    struct sample_feed feed = {.dataset = work->calibration->dataset, .sample = work->calibration->sample};
    return sample_fetch(&feed, work->first + position, real, image, labels, error);
}

/* A last batch of one image would have no variance: it goes with the one before, which is cut. */
static int64_t images_of_batch(const struct calibration *calibration, int64_t first)
{
    const int64_t left = calibration->sample->count - first;
    if (left <= calibration->batch)
        return left;
    return left == calibration->batch + 1 ? calibration->batch - 1 : calibration->batch;
}

static status run_batches(struct work *work, int64_t *batches, struct error *error)
{
    const struct calibration *calibration = work->calibration;
    const int64_t images = calibration->sample->count;
    struct training_result result;
    for (work->first = 0; work->first < images; (*batches)++) {
        const int64_t count = images_of_batch(calibration, work->first);
        const struct training_batch batch = {
            .images = count,
            .labels_per_image = dataset_labels_per_image(calibration->dataset),
            .fetch = fetch,
            .fetch_argument = work,
            .forward_only = true,
        };
        progress_report(calibration->progress, "calibrating", "images", work->first, images);
        if (training_network_pass(work->network, &batch, &result, error))
            return error->code;
        add_statistics(work, (double)count / (double)images, work->sums);
        work->first += count;
    }
    progress_report(calibration->progress, "calibrating", "images", images, images);
    return STATUS_OK;
}

static double median(double *values, size_t count)
{
    sort_ascending(values, (int64_t)count);
    return count == 0 ? NAN : quantile_of(values, (int64_t)count, 0.5);
}

static status compare(const struct work *work, struct calibration_result *result, struct error *error)
{
    double *numbers = mem_new(work->channels, 2 * sizeof *numbers);
    if (!numbers)
        return error_memory(error);
    size_t count = 0;
    for (size_t c = 0; c < work->channels; c++) {
        const double *old = work->before + 2 * c, *new = work->sums + 2 * c;
        if (!(new[1] > 0))
            continue;
        numbers[count] = fabs(old[0] - new[0]) / sqrt(new[1]);
        numbers[work->channels + count++] = sqrt(fmax(old[1], 0) / new[1]);
    }
    result->shift = median(numbers, count);
    result->spread = median(numbers + work->channels, count);
    mem_free(numbers);
    return STATUS_OK;
}

static status prepare(struct work *work, const struct training_options *options,
                      struct calibration_result *result, struct error *error)
{
    if (training_network_new(work->calibration->graph, options, &work->network, error))
        return error->code;
    result->norms = training_running_count(work->network);
    for (int n = 0; n < result->norms; n++)
        work->channels += (size_t)training_running(work->network, n)->channels;
    if (result->norms == 0)
        return error_set(error, STATUS_STATE,
                         "the network has no BatchNormalization: there is nothing to calibrate");
    work->sums = mem_new(work->channels, 2 * sizeof *work->sums);
    work->before = mem_new(work->channels, 2 * sizeof *work->before);
    if (!work->sums || !work->before)
        return error_memory(error);
    add_statistics(work, 1, work->before);
    return STATUS_OK;
}

static status run(struct work *work, struct graph **graph, struct calibration_result *result,
                  struct error *error)
{
    if (run_batches(work, &result->batches, error) || compare(work, result, error))
        return error->code;
    set_statistics(work, work->sums);
    return training_network_graph(work->network, graph, error);
}

status calibrate(const struct calibration *calibration, struct graph **graph,
                 struct calibration_result *result, struct error *error)
{
    struct work work = {.calibration = calibration};
    const int64_t images = calibration->sample->count;
    const struct training_options options = {
        .real = calibration->real,
        .kernel = calibration->kernel,
        .batch = calibration->batch < images ? calibration->batch : images,
        .norm_momentum = 1,
        .forward_only = true,
        .pool = calibration->pool,
        .progress = calibration->progress,
    };
    *result = (struct calibration_result){0};
    if (images < 2 || calibration->batch < 2)
        return error_set(error, STATUS_RANGE, "statistics need batches of at least 2 images, not %" PRId64,
                         images < calibration->batch ? images : calibration->batch);
    status code = ranks_agree("calibrating", prepare(&work, &options, result, error), error);
    if (code == STATUS_OK)
        code = run(&work, graph, result, error);
    mem_free(work.sums);
    mem_free(work.before);
    training_network_free(work.network);
    return code;
}
