/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accuracy or mIoU and loss of a network on a sample: one forward pass. */
#include "stats/evaluate.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/dataset.h"
#include "nn/engine/engine.h"
#include "nn/engine/loss.h"
#include "nn/graph/tensor.h"

struct evaluate_work {
    const struct evaluate *evaluate;
    struct evaluation result;
    struct quality quality;
    double squares; /* of bare losses: sum of squared differences from the mean of those so far */
    struct class_pixels *images; /* of label maps: images x classes; NULL else */
    uint8_t *map;                /* of one image, for the confusion; NULL without */
};

static status copy_logits(const struct evaluate_work *work, const struct engine *engine, int64_t first,
                          int64_t count, struct error *error)
{
    const struct operand *output = engine_output(engine);
    int64_t classes = work->result.classes;
    const int64_t outputs = shape_product(&output->shape, 1, output->shape.rank);
    if (outputs != classes) {
        return error_set(error, STATUS_SHAPE, "the network has %lld outputs, the data set %lld classes",
                         (long long)outputs, (long long)classes);
    }
    double *logits = work->evaluate->logits + first * classes;
    for (int64_t i = 0; i < count * classes; i++) {
        logits[i] = output->type == ELEMENT_FLOAT ? (double)((const float *)output->data)[i]
                                                  : ((const double *)output->data)[i];
    }
    return STATUS_OK;
}

/* The standard deviation of the mean of what the images contribute, of which the sum is known. */
static double error_by_images(const struct evaluate_work *work)
{
    const struct quality *quality = &work->quality;
    const double value = quality_value(quality), images = (double)quality->images;
    double squares = 0;
    if (quality->bare > 0)
        return sqrt(work->squares / (images - 1) / images);
    if (!quality->pixels)
        return sqrt(value * (1 - value) / images); /* of a share of independent trials */
    for (int64_t i = 0; i < quality->images && !isnan(value); i++) {
        const double off = quality_credit(quality, work->images + i * quality->classes) - value;
        squares += off * off;
    }
    return isnan(value) ? NAN : sqrt(squares) / images;
}

/* What was found so far, into the result. */
static void summarize(struct evaluate_work *work)
{
    const struct quality *quality = &work->quality;
    struct evaluation *result = &work->result;
    result->images = quality->images;
    result->top1 = quality->right;
    result->top5 = quality->first_five;
    result->unanswered = quality->unanswered;
    result->unlabelled = quality->unlabelled;
    result->probabilities = quality->probabilities;
    result->loss = quality_loss(quality);
    result->measure = quality_kind_of(quality);
    result->value = quality_value(quality);
    result->error = error_by_images(work);
    result->pixel_accuracy = quality_pixel_accuracy(quality);
    result->pixels = quality->pixels;
}

static void show_so_far(struct evaluate_work *work)
{
    const struct evaluate *evaluate = work->evaluate;
    if (!evaluate->watch || (evaluate->watch_due && !evaluate->watch_due(evaluate->watch_argument)))
        return;
    summarize(work);
    evaluate->watch(evaluate->watch_argument, &work->result);
}

/* After quality_add: by Welford's recurrence, which large losses that differ little do not upset. */
static void add_square(struct evaluate_work *work, const struct loss *loss)
{
    const double count = (double)(work->quality.images - work->quality.unanswered);
    if (!loss->bare || !loss_exists(loss) || count < 2)
        return;
    const double before = (work->quality.loss - loss->loss) / (count - 1);
    work->squares += (loss->loss - before) * (loss->loss - before) * (count - 1) / count;
}

static void count_classes(struct evaluate_work *work, const struct loss *loss, int64_t label, int64_t image)
{
    const int64_t classes = work->result.classes;
    if (loss->bare)
        return;
    if (!work->quality.pixels) {
        if (label >= 0 && label < classes) {
            work->result.class_images[label]++;
            work->result.class_correct[label] += loss->rank == 0;
        }
        return;
    }
    const int64_t known = loss->classes < classes ? loss->classes : classes;
    memcpy(work->images + image * classes, loss->pixels, (size_t)known * sizeof *loss->pixels);
    for (int64_t c = 0; c < known; c++)
        work->result.class_images[c] += loss->pixels[c].truth > 0;
}

static status copy_map(const struct evaluate_work *work, const struct engine *engine, int64_t first,
                       int64_t count, struct error *error)
{
    const struct operand *output = engine_output(engine);
    const int64_t classes = output->shape.dim[1], pixels = dataset_labels_per_image(work->evaluate->dataset);
    if (classes > UINT8_MAX + 1)
        return error_set(error, STATUS_UNSUPPORTED, "%lld classes: maps have 256 at most",
                         (long long)classes);
    for (int64_t i = 0; i < count; i++)
        loss_map_predict((const char *)output->data +
                             (size_t)(i * classes * pixels) * element_size(output->type),
                         output->type, classes, pixels, work->evaluate->maps + (first + i) * pixels);
    return STATUS_OK;
}

static status count_confusion(const struct evaluate_work *work, const struct engine *engine,
                              const int64_t *labels, int64_t count, struct error *error)
{
    const struct operand *output = engine_output(engine);
    const int64_t outputs = output->shape.dim[1], pixels = dataset_labels_per_image(work->evaluate->dataset);
    const int64_t classes = work->result.classes;
    if (outputs > UINT8_MAX + 1)
        return error_set(error, STATUS_UNSUPPORTED, "%lld classes: a confusion of pixels has 256 at most",
                         (long long)outputs);
    for (int64_t i = 0; i < count; i++) {
        loss_map_predict((const char *)output->data +
                             (size_t)(i * outputs * pixels) * element_size(output->type),
                         output->type, outputs, pixels, work->map);
        for (int64_t p = 0; p < pixels; p++) {
            const int64_t truth = labels[i * pixels + p];
            if (truth >= 0 && truth < classes && work->map[p] < classes)
                work->evaluate->confusion[truth * classes + work->map[p]]++;
        }
    }
    return STATUS_OK;
}

/* Of image `index` of the micro-batch. */
static struct answer answer_of(const struct engine *engine, const struct loss *loss, int64_t label,
                               int64_t index)
{
    const struct operand *output = engine_output(engine);
    const int64_t classes = shape_product(&output->shape, 1, output->shape.rank);
    struct answer answer = {.truth = (int32_t)label, .predicted = -1};
    double sum = 0, top = 0;
    if (!loss_exists(loss))
        return answer;
    answer.predicted = loss->predicted;
    for (int64_t c = -1; c < classes; c++) { /* the largest first */
        const int64_t at = index * classes + (c < 0 ? loss->predicted : c);
        const double logit = output->type == ELEMENT_FLOAT ? (double)((const float *)output->data)[at]
                                                           : ((const double *)output->data)[at];
        if (c < 0)
            top = logit;
        else
            sum += exp(logit - top);
    }
    answer.confidence = (float)(1 / sum);
    return answer;
}

static status commit_images(void *argument, const struct engine *engine, const struct loss *losses,
                            const int64_t *labels, int64_t first, int64_t count, struct error *error)
{
    struct evaluate_work *work = argument;
    const int64_t stride = dataset_labels_per_image(work->evaluate->dataset);
    for (int64_t i = 0; i < count; i++) {
        quality_add(&work->quality, &losses[i]);
        add_square(work, &losses[i]);
        count_classes(work, &losses[i], labels[i * stride], first + i);
        if (work->evaluate->correct)
            work->evaluate->correct[first + i] = losses[i].rank == 0;
        if (work->evaluate->answers)
            work->evaluate->answers[first + i] = answer_of(engine, &losses[i], labels[i], i);
        if (work->evaluate->credit)
            work->evaluate->credit[first + i] = losses[i].rank == 0;
        if (work->evaluate->predicted)
            work->evaluate->predicted[first + i] = losses[i].predicted;
    }
    status code = work->evaluate->logits ? copy_logits(work, engine, first, count, error) : STATUS_OK;
    if (code == STATUS_OK && work->evaluate->maps)
        code = copy_map(work, engine, first, count, error);
    if (code == STATUS_OK && work->map)
        code = count_confusion(work, engine, labels, count, error);
    if (code == STATUS_OK)
        show_so_far(work);
    return code;
}

static status run_forward(struct evaluate_work *work, struct error *error)
{
    const struct evaluate *evaluate = work->evaluate;
    struct sample_feed feed = {.dataset = evaluate->dataset, .sample = evaluate->sample};
    const struct run run = {
        .graph = evaluate->graph,
        .engine = {.batch = evaluate->micro_batch,
                   .real = evaluate->real,
                   .kernel = evaluate->kernel,
                   .progress = evaluate->progress},
        .memory = evaluate->memory,
        .pool = evaluate->pool,
        .images = evaluate->sample->count,
        .aim = evaluate->aim,
        .labels_per_image = dataset_labels_per_image(evaluate->dataset),
        .fetch = sample_fetch,
        .fetch_argument = &feed,
        .commit = commit_images,
        .commit_argument = work,
        .without_outputs = !evaluate->logits && !evaluate->maps && !work->map && !evaluate->answers,
        .title = evaluate->title ? evaluate->title : "evaluating",
        .progress = evaluate->progress,
        .progress_before = evaluate->progress_before,
        .progress_total = evaluate->progress_total,
    };
    return run_images(&run, error);
}

static status start(struct evaluate_work *work, struct error *error)
{
    const struct dataset *dataset = work->evaluate->dataset;
    const int64_t classes = dataset->classes;
    const int64_t map_classes = dataset_map_classes(dataset);
    work->result.classes = dataset->classes;
    work->result.class_images = mem_new((size_t)classes, sizeof *work->result.class_images);
    work->result.class_correct = mem_new((size_t)classes, sizeof *work->result.class_correct);
    if (!work->result.class_images || !work->result.class_correct)
        return error_memory(error);
    if (map_classes > 0) {
        work->images = mem_new((size_t)work->evaluate->sample->count, (size_t)classes * sizeof *work->images);
        if (!work->images)
            return error_memory(error);
        if (work->evaluate->confusion &&
            !(work->map = mem_new((size_t)dataset_labels_per_image(dataset), sizeof *work->map)))
            return error_memory(error);
    }
    return quality_init(&work->quality, map_classes, error);
}

/* Of label maps, where it depends on all images. */
static void give_credit(const struct evaluate_work *work)
{
    double *credit = work->evaluate->credit;
    for (int64_t i = 0; credit && work->images && i < work->quality.images; i++)
        credit[i] = quality_credit(&work->quality, work->images + i * work->quality.classes);
}

status evaluate_run(const struct evaluate *evaluate, struct evaluation *evaluation, struct error *error)
{
    if (evaluate->sample->count < 1) {
        return error_set(error, STATUS_RANGE, "evaluating needs at least one image");
    }
    const double begin = clock_seconds();
    struct evaluate_work work = {.evaluate = evaluate};
    status code = start(&work, error);
    if (code == STATUS_OK)
        code = run_forward(&work, error);
    if (code == STATUS_OK) {
        summarize(&work);
        give_credit(&work);
        if (evaluate->pixels && work.images)
            memcpy(evaluate->pixels, work.images,
                   (size_t)(work.result.images * work.result.classes) * sizeof *work.images);
        work.quality.pixels = NULL; /* the result's own from here on */
        work.result.seconds = clock_seconds() - begin;
        *evaluation = work.result;
    } else {
        work.result.pixels = NULL;
        evaluation_free(&work.result);
    }
    mem_free(work.images);
    mem_free(work.map);
    quality_free(&work.quality);
    return code;
}

void evaluation_free(struct evaluation *evaluation)
{
    mem_free(evaluation->class_images);
    mem_free(evaluation->class_correct);
    mem_free(evaluation->pixels);
    *evaluation = (struct evaluation){0};
}
